"""The console: line discipline, Ctrl-C, the interactive shell."""

import shutil
import subprocess
import time

import pytest

from harness import ROOT, RUN

pexpect = pytest.importorskip("pexpect")

SECONDS = 300  # against hanging only
LONG = str(4 * SECONDS)
# At the start of a line; busybox then asks where the cursor is.
PROMPT = r"\r\n[^\r\n]*[$#] (\x1b\[6n)?$"


@pytest.fixture(name="shell")
def fixture_shell():
    """`tools/run --tty -- sh` at its first prompt."""
    child = pexpect.spawn(RUN, ["--tty", "--timeout", LONG, "--", "sh", "-i"],
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


def begin(shell, command):
    """Type a command, and wait until the shell has read it: a key that makes
    a signal throws away what was typed and nobody has read."""
    shell.send(f"echo next is $((40+2)); {command}\r")
    shell.expect("next is 42\r\n")


def key_until(shell, key, pattern):
    """Press a key until the program in the foreground has reacted."""
    for _ in range(30):
        time.sleep(1)
        shell.send(key)
        if shell.expect([pattern, pexpect.TIMEOUT], timeout=10) == 0:
            return
    raise AssertionError(f"{key!r} does not lead to {pattern!r}")


def settle(shell):
    """At the last prompt, whatever key was pressed once too often."""
    for number in range(100, 130):
        shell.send(f"echo now at $(({number}))\r")
        if shell.expect([rf"now at {number}(?=\r\n)", pexpect.TIMEOUT],
                        timeout=30) == 0:
            break
    shell.expect(PROMPT)


@pytest.mark.parametrize("key, status", [("\x03", "130"), ("\x1c", "131")],
                         ids=["c", "backslash"])
def test_ctrl_key_ends_the_foreground(shell, key, status):
    begin(shell, "sleep 10000")
    key_until(shell, key, r"\n[^\r\n]*[$#] $")
    shell.send("echo status $?\r")
    shell.expect(r"status (\d+)\r\n")
    assert shell.match[1].decode() == status


def test_ctrl_d_ends_cat_and_shell(shell):
    shell.send("cat\r")
    shell.send("typed line\r")
    shell.expect("typed line\r\ntyped line\r\n")
    shell.send("\x04")
    shell.expect(r"[$#] $")
    shell.send("exit 7\r")
    shell.expect(pexpect.EOF)
    shell.wait()
    assert shell.exitstatus == 7


def test_shell_knows_its_terminal(shell):
    assert "yes" in run_line(shell, "[ -t 0 ] && echo yes")


def test_tty_with_piped_input():
    done = subprocess.run([RUN, "--tty", "--timeout", LONG, "--", "cat"],
                          input=b"from a pipe\n", capture_output=True,
                          check=False)
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
        assert child.wait() == 0
    finally:
        child.close(force=True)


def use_job_control(shell):
    """Stop, list, continue in the background, fetch, interrupt."""
    begin(shell, "sleep 10000")
    key_until(shell, "\x1a", r"\[1\].*Stopped +sleep 10000\r\n.*[$#] ")
    settle(shell)
    assert "Stopped" in run_line(shell, "jobs")
    assert "sleep 10000" in run_line(shell, "bg")
    assert "Running" in run_line(shell, "jobs")
    begin(shell, "fg")
    key_until(shell, "\x03", r"\^C\r\n.*[$#] ")
    settle(shell)
    assert "0 left" in run_line(shell, "jobs >/tmp/j; wc -l </tmp/j | "
                                "while read n; do echo $n left; done")


def test_job_control(shell):
    use_job_control(shell)
    run_line(shell, "cat &")
    for _ in range(200):
        if "Stopped" in run_line(shell, "sleep 0.2; jobs"):
            break
    else:
        raise AssertionError("cat reads in the background")
    run_line(shell, "sleep 10000 | cat &")
    assert "sleep 10000 | cat" in run_line(shell, "jobs %2")
    run_line(shell, "kill %2; wait %2; echo status $?")
    run_line(shell, "kill -9 %1; wait %1")
    assert "none" in run_line(shell, "fg %1 2>/dev/null || echo none")


@pytest.mark.skipif(not shutil.which("busybox"), reason="busybox is missing")
@pytest.mark.parametrize("smp", ["1", "4"])
def test_job_control_of_busybox(smp):
    child = pexpect.spawn(RUN, ["--tty", "--smp", smp, "--timeout", LONG,
                                "--add", shutil.which("busybox") +
                                ":/bin/busybox", "--", "busybox", "sh"],
                          timeout=SECONDS, cwd=ROOT, echo=False)
    try:
        child.expect(r"[$#] ")
        use_job_control(child)
    finally:
        child.close(force=True)
