"""The console: line discipline, Ctrl-C, the interactive shell."""

import os
import subprocess
import time

import pytest

from harness import ROOT, RUN

pexpect = pytest.importorskip("pexpect")

SECONDS = 60


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
    shell.expect(r"\r\n[^\r\n]*[$#] $", timeout=SECONDS)
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
