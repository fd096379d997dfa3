"""gdb: from the first instruction, in the fault handler, in a program."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

import pytest

from harness import BUILD, ROOT, RUN

SECONDS = 90


@contextlib.contextmanager
def machine_for_gdb(options, command):
    """The port on which a machine with these options waits for gdb."""
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    with subprocess.Popen([RUN, "--gdb", str(number), *options, "--timeout",
                           str(SECONDS), "--", *command],
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as machine:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", number)):
                    time.sleep(0.2)
                    continue
            break
        yield number
        machine.terminate()


@pytest.fixture(name="port")
def fixture_port():
    """A machine that waits for gdb."""
    with machine_for_gdb(["--append", "norandom"], ["echo", "hello"]) as port:
        yield port


def gdb(port, *commands):
    """Run gdb with our commands loaded; its output."""
    arguments = ["timeout", "-s", "KILL", str(SECONDS), "gdb", "-q", "-batch",
                 "-x", os.path.join(ROOT, "tools", "gdb", "hanu.py"),
                 os.path.join(BUILD, "kernel.elf"),
                 "-ex", f"target remote localhost:{port}"]
    for command in commands:
        arguments += ["-ex", command]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=SECONDS + 30,
                          env=dict(os.environ, B=BUILD), check=False).stdout


def test_first_instruction_fault_handler_and_program(port):
    output = gdb(port, "printf \"first %#lx\\n\", $pc", "break vm_fault",
                 "continue", "printf \"in handler\\n\"", "backtrace 3",
                 "delete", "user-symbols echo", "break echo.c:main",
                 "continue", "printf \"in program\\n\"", "backtrace 1",
                 "kill")
    assert "first 0xfff0" in output or "first 0x" in output
    handler, _, program = output.partition("in program")
    assert "in handler" in handler and "vm_fault" in handler
    assert "main" in program and "echo.c" in program, output


def test_frame_state(tmp_path):
    """A page of a process that swaps: its frame, its slot, its policy."""
    disk = tmp_path / "disk"
    with open(disk, "wb") as file:
        file.truncate(16 << 20)
    script = ("mkswap -q /dev/vda; swapon /dev/vda; "
              "echo 20 > /proc/self/limit_frames; "
              "x=$(yes | head -c 200000); echo here; y=$x")
    with machine_for_gdb(["--disk", str(disk)], ["sh", "-c", script]) as port:
        output = gdb(port, "break swap_write", "continue",
                     "frame-state f", "delete", "break vm_fault",
                     "continue", "frame-state number 0",
                     "frame-state user 0x401000", "kill")
    assert "holders, flags swap-cache dirty" in output, output
    assert "of vda: " in output and "policy clock" in output, output
    assert "FRAME_RESERVED" in output and "entry 0x" in output, output
