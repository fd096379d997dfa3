"""What the second look of CI excuses, and what it does not."""

import os
import re
import subprocess
import sys

import pytest

import harness

# Fails at the runs that its file names, counted from one.
CASE = """
import os
def test_{name}():
    with open({log!r}, "a+") as log:
        log.write("x")
        log.seek(0)
        run = len(log.read())
    assert run not in {fails}, {text!r}
"""


def run(folder, cases):
    """The exit code and output of a run over (name, fails, text) cases."""
    for name, fails, text in cases:
        (folder / f"test_{name}.py").write_text(CASE.format(
            name=name, fails=fails, text=text, log=str(folder / f"{name}.log")))
    os.symlink(os.path.join(harness.TESTS, "conftest.py"),
               folder / "conftest.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
         "--second-look", folder], check=False, capture_output=True, text=True,
        timeout=300, cwd=folder, env=dict(os.environ, PYTHONPATH=harness.TESTS))
    return done.returncode, done.stdout


def last_line(out):
    return out.strip().splitlines()[-1]


def test_what_does_not_come_again_is_flaky(tmp_path):
    code, out = run(tmp_path, [("good", (), ""), ("once", (1,), "bad luck")])
    assert code == 0, out
    assert "1 passed, 1 flaky" in last_line(out)
    assert re.search(r"flaky: .*test_once", out) and "bad luck" in out
    assert len((tmp_path / "once.log").read_text()) == 6
    assert len((tmp_path / "good.log").read_text()) == 1


@pytest.mark.parametrize("again", [2, 6])
def test_what_comes_again_fails(tmp_path, again):
    code, out = run(tmp_path, [("often", (1, again), "wrong"),
                               ("once", (1,), "bad luck")])
    assert code == 1, out
    assert "1 failed, 1 flaky" in last_line(out)


@pytest.mark.parametrize("text", [
    "panic: page fault", "audit: 1 complaints", "lockcheck: held too long",
    "left 4096 bytes of memory behind", "took the machine down"])
def test_what_the_kernel_loses_is_not_excused(tmp_path, text):
    code, out = run(tmp_path, [("once", (1,), text)])
    assert code == 1 and "1 failed" in last_line(out), out
    assert "no second look" in out


def test_many_failures_are_no_bad_luck(tmp_path):
    code, out = run(tmp_path, [(f"case{i}", (1,), "bad") for i in range(3)])
    assert code == 1 and "3 failed" in last_line(out), out
