"""The host side of tools/run, against a guest made of Python."""

import io
import os
import signal
import subprocess
import sys
import time

import pytest

import harness

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
SECONDS = 300  # against hanging only
sys.path.insert(0, os.path.join(ROOT, "tools"))

from hanu import machine  # noqa: E402
from hanu.cpio import PAGE, CpioWriter, members  # noqa: E402
from hanu.frames import READY, FrameError, FrameReader, encode  # noqa: E402


@pytest.fixture(name="fake", scope="module")
def fixture_fake(tmp_path_factory):
    """An environment in which QEMU is the fake guest."""
    folder = tmp_path_factory.mktemp("build")
    with open(folder / "initrd.cpio", "wb") as out:
        archive = CpioWriter(out)
        archive.directory("bin")
        archive.close()
    (folder / "kernel.elf").write_bytes(b"")
    env = dict(os.environ, B=str(folder),
               QEMU=os.path.join(TESTS, "fake_qemu.py"))
    env.pop("ACCEL", None)
    return env


def tools_run(fake, *args, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    if "input" in kwargs:
        del kwargs["stdin"]
    return subprocess.run([os.path.join(ROOT, "tools", "run"), *args],
                          env=fake, capture_output=True, timeout=SECONDS,
                          check=False, **kwargs)


# -- frames and archives -----------------------------------------------------

def test_frames_survive_any_cut():
    stream = b"noise r\x04\x00 x" + READY + encode(b"o", b"abc") \
        + encode(b"e", b"") + encode(b"x", b"\0\3\0\0")
    expected = [(b"r", b"hanu"), (b"o", b"abc"), (b"e", b""),
                (b"x", b"\0\3\0\0")]
    for size in (1, 2, 3, 7, len(stream)):
        reader = FrameReader()
        frames = []
        for at in range(0, len(stream), size):
            frames += reader.feed(stream[at:at + size])
        assert frames == expected


def test_unknown_frame_type_is_refused():
    reader = FrameReader()
    with pytest.raises(FrameError):
        reader.feed(READY + b"?\0\0")


def test_cpio_data_is_page_aligned_and_repeatable(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "small").write_bytes(b"x")
    (tmp_path / "d" / "big").write_bytes(os.urandom(3 * PAGE + 5))
    (tmp_path / "d" / "empty").write_bytes(b"")
    os.symlink("big", tmp_path / "d" / "link")

    def archive():
        out = io.BytesIO()
        writer = CpioWriter(out)
        writer.tree("a/b", str(tmp_path / "d"))
        writer.close()
        return out.getvalue()

    data = archive()
    assert data == archive()
    assert len(data) % PAGE == 0
    twice = data + data
    found = {name: twice[start:start + size]
             for name, _mode, start, size in members(twice)}
    assert set(found) == {b"a", b"a/b", b"a/b/small", b"a/b/big",
                          b"a/b/empty", b"a/b/link"}
    assert found[b"a/b/big"] == (tmp_path / "d" / "big").read_bytes()
    assert found[b"a/b/link"] == b"big"
    assert all(start % PAGE == 0
               for _n, _m, start, size in members(data) if size)


def test_memory_sizes():
    assert machine.memory_bytes("256M") == 256 << 20
    assert machine.memory_bytes("1G") == 1 << 30
    assert machine.memory_bytes("64") == 64 << 20
    with pytest.raises(machine.HostError):
        machine.memory_bytes("lots")


# -- channels ----------------------------------------------------------------

def test_bytes_through_cat_unchanged(fake):
    data = os.urandom(1 << 20)
    done = tools_run(fake, "--timeout", str(SECONDS), "--", "cat",
                     input=data)
    assert done.returncode == 0
    assert done.stdout == data
    assert done.stderr == b""


def test_stdin_end_of_file(fake):
    assert tools_run(fake, "--", "cat").stdout == b""
    assert tools_run(fake, "--", "cat", input=b"x\n").stdout == b"x\n"


def test_closed_descriptors(fake):
    run = os.path.join(ROOT, "tools", "run")
    for shape in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", f"{run} -- both {shape}"],
                              env=fake, timeout=SECONDS, check=False)
        assert done.returncode == 0, shape


def test_stdout_and_stderr_are_apart(fake):
    done = tools_run(fake, "--", "both")
    assert (done.stdout, done.stderr) == (b"out", b"err")


def test_arguments_survive(fake):
    words = ["words", "a b", "'\"$HOME`\\", "line\nline", "", "--", "-x", "é"]
    done = tools_run(fake, "--", *words)
    assert done.stdout == b"\0".join(b"A" + w.encode() for w in words)


def test_reader_that_leaves_ends_the_run(fake):
    run = os.path.join(ROOT, "tools", "run")
    done = subprocess.run(
        ["bash", "-c", f"{run} -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"],
        env=fake, capture_output=True, timeout=SECONDS,
        check=False)
    assert done.stdout == b"y\n141\n"


# -- exit codes --------------------------------------------------------------

@pytest.mark.parametrize("status,code", [
    ("0", 0), ("0x300", 3), ("0xff00", 255), ("11", 139), ("0x89", 137)])
def test_exit_status_of_command(fake, status, code):
    assert tools_run(fake, "--", "status", status).returncode == code


def test_status_file_tells_guest_from_host(fake, tmp_path):
    path = str(tmp_path / "status")
    assert tools_run(fake, "--status", path, "--", "status",
                     "0x7d00").returncode == 125
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert lines == ["outcome=exited", "code=125", "wait-status=0x7d00",
                     "exit=125", "qemu-code=33", "audit=ok"]
    assert tools_run(fake, "--status", path, "--", "reset").returncode == 125
    with open(path, encoding="utf-8") as file:
        assert "outcome=host-error" in file.read()


def test_timeout(fake):
    done = tools_run(fake, "--timeout", "1", "--", "hang")
    assert done.returncode == 124


@pytest.mark.parametrize("word", ["panic", "log-panic"])
def test_panic(fake, word):
    done = tools_run(fake, "--", word)
    assert done.returncode == 126
    assert b"panic: " in done.stderr


def test_complaints_of_the_auditor_are_shown(fake):
    done = tools_run(fake, "--", "complaint")
    assert done.returncode == 0
    assert done.stderr.decode().splitlines() == [
        "tools/run: audit: 1 complaints, see the kernel log",
        "[    1.000000] audit: refs of frame 12"]


def test_a_kernel_that_talks_for_ever_is_ended(fake):
    done = tools_run(fake, "--", "chatter")
    assert done.returncode == 125
    assert b"the kernel says too much" in done.stderr


@pytest.mark.parametrize("word", ["reset", "garbage"])
def test_broken_guest_is_a_host_failure(fake, word):
    done = tools_run(fake, "--", word)
    assert done.returncode == 125
    assert done.stderr


def test_host_failures(fake):
    missing = dict(fake, QEMU="/nonexistent/qemu")
    for env, args in ((missing, ("--", "cat")),
                      (fake, ("--add", "/nonexistent", "--", "cat")),
                      (fake, ("--mem", "lots", "--", "cat")),
                      (fake, ("--mem", "8M", "--", "cat")),
                      (fake, ("--no-such-option", "--", "cat")),
                      (fake, ("--gdb", "70000", "--", "cat")),
                      (fake, ("--",))):
        done = tools_run(env, *args)
        assert done.returncode == 125, args
        assert done.stderr.startswith(b"tools/run: "), args


def test_self_test_verdicts(fake):
    done = tools_run(fake, "--", "verdicts")
    assert done.returncode == 1
    assert done.stdout == b"1..2\nok one\nnot ok two: why\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_qemu_and_clean_up(fake, tmp_path, number):
    env = dict(fake, TMPDIR=str(tmp_path))
    with subprocess.Popen([os.path.join(ROOT, "tools", "run"), "--", "hang"],
                          env=env, stdin=subprocess.DEVNULL) as child:
        deadline = time.monotonic() + SECONDS
        fakes = []
        while not fakes and time.monotonic() < deadline:
            time.sleep(0.1)
            fakes = children(child.pid)
        fakes_end = harness.watch(map(int, fakes))
        child.send_signal(number)
        assert child.wait(SECONDS) == 128 + number
    assert not os.listdir(tmp_path)
    harness.wait_for(fakes_end)


def children(pid):
    """Child processes of `pid`."""
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path, encoding="ascii") as file:
        return file.read().split()
