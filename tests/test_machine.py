"""What the machine itself may do to the kernel, through QEMU's monitor."""

import socket
import subprocess
import time

import pytest

from harness import RUN


# A spinning program is interrupted in user mode, a sleeping one leaves the CPU
# to the idle thread, in the kernel with interrupts on.
@pytest.mark.parametrize("loop, where", [
    ("while :; do :; done", b"NMI in user mode"),
    ("sleep 100", b"NMI in the kernel")])
def test_nmi_stops_the_machine(tmp_path, loop, where):
    monitor = str(tmp_path / "monitor")
    with subprocess.Popen(
            [RUN, "--timeout", "60", "--qemu=-monitor",
             f"--qemu=unix:{monitor},server,nowait", "--", "sh", "-c",
             "echo up; " + loop],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as run:
        assert run.stdout.readline() == b"up\n"
        time.sleep(1)  # until it is in its loop
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(monitor)
            connection.sendall(b"nmi\n")
            _, log = run.communicate(timeout=90)
    assert run.returncode == 126
    assert where in log
