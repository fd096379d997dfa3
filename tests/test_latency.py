"""Long work of the kernel lets others run, in the guest's own time."""

import os
import re

import harness

MIB = 450  # files, the initrd among them, may have half of the memory
SLICE_US = 10000
GAP = re.compile(r"^# gap (\S+) (\d+)$", re.MULTILINE)
WORK = ["fill", "fork-exit", "fork-exec", "mprotect", "mremap", "munmap",
        "ftruncate"]


def test_longest_pause_is_about_a_slice():
    program = os.path.join(harness.BUILD, "tests", "user",
                           "long-work-lets-others-run")
    # In turns: a fair policy lets who slept before make up for it.
    done = harness.tools_run("--icount", "--append", "sched=rr", "--mem", "1G",
                             "--add", f"{program}:/t/work",
                             command=["/t/work", str(MIB)], timeout=900)
    text = done.stdout.decode()
    assert done.returncode == 0, text + done.stderr.decode()
    gaps = {name: int(us) for name, us in GAP.findall(text)}
    assert set(gaps) == set(WORK)
    assert {name for name, us in gaps.items() if us > 1.2 * SLICE_US} == set(), \
        gaps
