"""Ring three: the same programs and scripts on the system we build on."""

import functools
import os
import subprocess
import sys

import pytest

import harness

HOST = os.path.join(harness.BUILD, "host")


@functools.lru_cache(maxsize=None)
def isolation():
    """What puts a command into a System V IPC namespace of its own, where the
    host allows that: programs that make random calls leave objects behind,
    and change those of others."""
    prefix = ["unshare", "--ipc"]
    try:
        done = subprocess.run(prefix + ["true"], check=False,
                              stderr=subprocess.DEVNULL)
        return prefix if done.returncode == 0 else []
    except OSError:
        return []


def run_host(command, seconds, cwd, **kwargs):
    """A command on the host, in an empty folder, with init's environment."""
    env = {"PATH": os.path.join(HOST, "user") + ":/bin:/usr/bin",
           "HOME": "/", "TERM": "vt100", "PWD": str(cwd)}
    return subprocess.run(isolation() + command, capture_output=True,
                          timeout=seconds,
                          cwd=cwd, env=env, check=False,
                          stdin=subprocess.DEVNULL, errors="replace",
                          start_new_session=True, **kwargs)


def wanted(folder, suffix):
    """Cases that do not say `host: no`."""
    for name in harness.names(folder, suffix):
        source = os.path.join(harness.TESTS, folder, name + suffix)
        if harness.header(source)["host"] != "no":
            yield name


@pytest.mark.parametrize("built", ["host", "hanu"])
@pytest.mark.parametrize("name", wanted("user", ".c"))
def test_program_on_host(name, built, tmp_path):
    """With the host's C library, and the very file that runs on hanu."""
    folder = HOST if built == "host" else harness.BUILD
    path = os.path.join(folder, "tests", "" if built == "host" else "user",
                        name)
    if built == "hanu" and not os.path.exists(path):
        pytest.skip("not built: make tests")
    values = harness.header(os.path.join(harness.TESTS, "user", name + ".c"))
    done = run_host([path] + values["args"].split(),
                    int(values["timeout"]) + 30, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]


@pytest.mark.parametrize("name", wanted("sh", ".sh"))
def test_script_on_host(name, tmp_path):
    source = os.path.join(harness.TESTS, "sh", name + ".sh")
    values = harness.header(source)
    done = run_host([os.path.join(HOST, "user", "sh"), source],
                    int(values["timeout"]), tmp_path)
    assert done.returncode == int(values["status"]), done.stderr
    with open(source[:-3] + ".out", encoding="utf-8") as file:
        assert done.stdout == file.read()


def test_a_run_in_the_background_ignores_no_signals(tmp_path):
    """sh starts what runs in the background with SIGINT and SIGQUIT ignored."""
    (tmp_path / "test_ignored.py").write_text(
        "import re\n"
        "def test_nothing_is_ignored():\n"
        "    with open('/proc/self/status') as file:\n"
        "        ignored = re.search(r'SigIgn:\\s*(.*)', file.read()).group(1)\n"
        "    assert int(ignored, 16) & 0b111 == 0\n")
    conftest = os.path.join(harness.TESTS, "conftest.py")
    os.symlink(conftest, tmp_path / "conftest.py")
    subprocess.run(
        ["sh", "-c", "trap '' HUP INT QUIT; exec \"$@\"", "sh",
         sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         tmp_path], check=True, timeout=300,
        env=dict(os.environ, PYTHONPATH=harness.TESTS))
