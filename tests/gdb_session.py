"""What the tests that use gdb share: a machine that waits for it, and gdb.

A boot and a gdb cost more than a question, so a session asks many: its output
is cut into one answer for each command.

    with machine(["--smp", "4"], ["sh", "-c", "..."]) as port:
        answers = ask(port, "break vm_fault", "continue", "ps")
    assert "init" in answers["ps"]
"""

import contextlib
import functools
import os
import random
import shutil
import socket
import subprocess
import time

import pytest

from harness import BUILD, ROOT, RUN

SECONDS = 900  # against hanging only
PORTS = 12000, 30000  # the host gives none of these to whoever connects
# gdb itself gives an answer two seconds.
PATIENT = f"set remotetimeout {SECONDS}"
MARK = "@@answer "


@functools.cache
def debug_build():
    """The folder of a kernel that is optimised for debugging (-Og)."""
    folder = os.path.join(BUILD, "debug")
    made = subprocess.run(["make", f"B={folder}", "DEBUG=1", "-j2", "kernel"],
                          cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    copy = os.path.join(folder, "initrd.cpio")
    if os.path.exists(copy):
        os.unlink(copy)
    os.link(os.path.join(BUILD, "initrd.cpio"), copy)
    return folder


def free_port():
    """A port that nobody listens at now, nor soon by chance."""
    while True:
        number = random.randrange(*PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", number))
                return number
            except OSError:
                pass


def wait_for_port(number, machine):
    """Until the machine listens there, or is gone."""
    while machine.poll() is None:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", number)):
                return
        time.sleep(0.05)


@contextlib.contextmanager
def waiting(arguments, **environment):
    """The port on which tools/run with these arguments waits for gdb."""
    number = free_port()
    with subprocess.Popen([RUN, "--gdb", str(number), "--timeout",
                           str(SECONDS), *arguments],
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          env=dict(os.environ, **environment)) as process:
        try:
            wait_for_port(number, process)
            yield number
        finally:
            process.terminate()


@contextlib.contextmanager
def machine(options, command, build=BUILD):
    """The port on which a machine with these options waits for gdb."""
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    with waiting([*options, "--", *command], B=build) as number:
        yield number


def gdb_command(*arguments, build=BUILD):
    """The command line of a gdb with the kernel and our commands."""
    return ["timeout", "-s", "KILL", str(SECONDS), "gdb", "-q",
            "-iex", PATIENT,
            "-x", os.path.join(ROOT, "tools", "gdb", "hanu.py"),
            os.path.join(build, "kernel.elf"), *arguments]


def gdb(port, *commands, build=BUILD):
    """Run gdb with our commands loaded; its whole output."""
    arguments = gdb_command("-batch", build=build)
    for command in (f"target remote localhost:{port}", *commands):
        arguments += ["-ex", command]
    return subprocess.run(arguments, cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=SECONDS + 30,
                          env=dict(os.environ, B=build), check=False).stdout


class Answers(dict):
    """command -> what gdb answered; a command asked again gets a number:
    answers["ps"], answers["ps #2"]. `text` is everything."""

    def __init__(self, output):
        super().__init__()
        self.text = output
        for part in output.split(MARK)[1:]:
            name, _, answer = part.partition("\n")
            count = 2
            while name in self:
                name = f"{name.partition(' #')[0]} #{count}"
                count += 1
            self[name] = answer


def ask(port, *commands, build=BUILD):
    """Answers to commands; the machine is ended afterwards."""
    marked = []
    for command in commands:
        quoted = command.replace("\\", "\\\\").replace('"', '\\"')
        marked += [f'echo {MARK}{quoted}\\n', command]
    answers = Answers(gdb(port, *marked, "echo @@end\\n", "kill",
                          build=build))
    assert "@@end" in answers.text, answers.text
    assert "Traceback" not in answers.text, answers.text
    assert "Python Exception" not in answers.text, answers.text
    return answers
