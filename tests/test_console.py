"""The console: line discipline, Ctrl-C, the interactive shell."""

import os
import shutil
import subprocess
import time

import pytest

from harness import ROOT, RUN

pexpect = pytest.importorskip("pexpect")

SECONDS = 60
# At the start of a line; busybox then asks where the cursor is.
PROMPT = r"\r\n[^\r\n]*[$#] (\x1b\[6n)?$"


@pytest.fixture(name="shell")
def fixture_shell():
    """`tools/run --tty -- sh` at its first prompt."""
    child = pexpect.spawn(RUN, ["--tty", "--timeout", "120", "--", "sh", "-i"],
                          timeout=SECONDS, cwd=ROOT, echo=False)
    child.expect(r"[$#] ")
    yield child
    child.close(force=True)


def run_line(shell, line):
    """Type a line, return what came before the next prompt."""
    shell.send(line + "\r")
    shell.expect(PROMPT, timeout=SECONDS)
    return shell.before.decode()


def test_echo_and_erase(shell):
    assert "hello" in run_line(shell, "echo hellp\x7fo")


def test_ctrl_c_interrupts_the_foreground(shell):
    shell.send("sleep 100\r")
    time.sleep(1)
    start = time.monotonic()
    shell.send("\x03")
    shell.expect(r"[$#] $", timeout=SECONDS)
    assert time.monotonic() - start < 20
    assert "130" in run_line(shell, "echo status $?")


def test_ctrl_backslash_quits_the_foreground(shell):
    shell.send("sleep 100\r")
    time.sleep(1)
    shell.send("\x1c")
    shell.expect(r"[$#] $", timeout=SECONDS)
    assert "131" in run_line(shell, "echo status $?")


def test_ctrl_d_ends_cat_and_shell(shell):
    shell.send("cat\r")
    time.sleep(0.5)
    shell.send("typed line\r")
    shell.expect("typed line\r\ntyped line\r\n")
    shell.send("\x04")
    shell.expect(r"[$#] $")
    shell.send("exit 7\r")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 7


def test_shell_knows_its_terminal(shell):
    assert "yes" in run_line(shell, "[ -t 0 ] && echo yes")


def test_tty_with_piped_input():
    done = subprocess.run([RUN, "--tty", "--timeout", "60", "--", "cat"],
                          input=b"from a pipe\n", capture_output=True,
                          timeout=SECONDS + 30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"from a pipe\r\n") == 2


def test_interactive_boot_reaches_a_prompt():
    child = pexpect.spawn(RUN, ["--smp", "2"], timeout=SECONDS, cwd=ROOT)
    try:
        child.expect(r"[$#] ")
        child.send("echo $((40+2))\r")
        child.expect("\n42\r")
        child.send("poweroff\r")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0


def key_until(shell, key, pattern):
    """Press a key until the program in the foreground has reacted."""
    for _ in range(20):
        time.sleep(1)
        shell.send(key)
        if shell.expect([pattern, pexpect.TIMEOUT], timeout=3) == 0:
            return
    raise AssertionError(f"{key!r} does not lead to {pattern!r}")


def use_job_control(shell):
    """Stop, list, continue in the background, fetch, interrupt."""
    shell.send("sleep 100\r")
    key_until(shell, "\x1a", r"\[1\].*Stopped +sleep 100\r\n.*[$#] ")
    run_line(shell, "")
    assert "Stopped" in run_line(shell, "jobs")
    assert "sleep 100" in run_line(shell, "bg")
    assert "Running" in run_line(shell, "jobs")
    shell.send("fg\r")
    key_until(shell, "\x03", r"\^C\r\n.*[$#] ")
    run_line(shell, "")
    assert "0 left" in run_line(shell, "jobs >/tmp/j; wc -l </tmp/j | "
                                "while read n; do echo $n left; done")


def test_job_control(shell):
    use_job_control(shell)
    run_line(shell, "cat &")
    for _ in range(20):
        if "Stopped" in run_line(shell, "sleep 0.2; jobs"):
            break
    else:
        raise AssertionError("cat reads in the background")
    run_line(shell, "sleep 50 | cat &")
    assert "sleep 50 | cat" in run_line(shell, "jobs %2")
    run_line(shell, "kill %2; wait %2; echo status $?")
    run_line(shell, "kill -9 %1; wait %1")
    assert "none" in run_line(shell, "fg %1 2>/dev/null || echo none")


@pytest.mark.skipif(not shutil.which("busybox"), reason="busybox is missing")
@pytest.mark.parametrize("smp", ["1", "4"])
def test_job_control_of_busybox(smp):
    child = pexpect.spawn(RUN, ["--tty", "--smp", smp, "--timeout", "120",
                                "--add", shutil.which("busybox") +
                                ":/bin/busybox", "--", "busybox", "sh"],
                          timeout=SECONDS, cwd=ROOT, echo=False)
    try:
        child.expect(r"[$#] ")
        use_job_control(child)
    finally:
        child.close(force=True)
