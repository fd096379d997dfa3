"""What the machine itself may do to the kernel, through QEMU's monitor."""

import socket
import subprocess
import time

import pytest

from harness import RUN

TRIES = 10  # the NMI may meet a tick, or what comes before the loop


# A spinning program is interrupted in user mode, a sleeping one leaves the CPU
# to the idle thread, in the kernel with interrupts on.
@pytest.mark.parametrize("loop, where", [
    ("while :; do :; done", b"NMI in user mode"),
    ("sleep 1000", b"NMI in the kernel")])
def test_nmi_stops_the_machine(tmp_path, loop, where):
    for _ in range(TRIES):
        code, log = run_until_nmi(str(tmp_path / "monitor"), loop)
        assert code == 126 and b"NMI in " in log, log
        if where in log:
            return
    raise AssertionError(log)


def run_until_nmi(monitor, loop):
    """One boot that an NMI ends; exit code and report."""
    with subprocess.Popen(
            [RUN, "--timeout", "300", "--qemu=-monitor",
             f"--qemu=unix:{monitor},server,nowait", "--", "sh", "-c",
             "echo up; " + loop],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as run:
        assert run.stdout.readline() == b"up\n"
        time.sleep(1)  # until it is in its loop
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(monitor)
            connection.sendall(b"nmi\n")
            _, log = run.communicate(timeout=360)
    return run.returncode, log
