"""A reader of the terminal is woken for every line, 10^4 times on 4 CPUs.

The other calls that block: tests/user/wakeups-in-*.c.
"""

import os
import subprocess
import threading

from harness import RUN

LINES = 10000
SECONDS = 900
ECHOED = b"x\r\nx\r\n"  # by the terminal, and by cat


def test_terminal_wakes_its_reader():
    with subprocess.Popen(
            [RUN, "--tty", "--smp", "4", "--timeout", str(SECONDS), "--",
             "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL) as cat:
        limit = threading.Timer(SECONDS, cat.terminate)
        limit.start()
        answered = 0
        for _ in range(LINES):
            cat.stdin.write(b"x\n")
            cat.stdin.flush()
            answer = b""
            while len(answer) < len(ECHOED):
                data = os.read(cat.stdout.fileno(), len(ECHOED))
                if not data:
                    break
                answer += data
            if answer != ECHOED:
                break
            answered += 1
        cat.stdin.close()
        limit.cancel()
        status = cat.wait()
    assert answered == LINES
    assert status == 0
