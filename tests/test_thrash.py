"""Thrashing, and load control that ends it: ten processes that do not fit.

Not under -icount: there a guest that idles does not wait for the disk. The
disk is slow enough for the host's load not to matter.
"""

import harness

SWAP_BYTES = 300 << 20
SLOW = "mkswap /dev/vda; swapon /dev/vda; " \
       "echo 'vda slow 8' > /proc/sys/dev/disk/fail; " \
       "echo fifo > /proc/sys/vm/replacement; "


def run(tmp_path, script, *options):
    """The output of a shell script on a small machine with a slow disk."""
    disk = tmp_path / "swap.img"
    with open(disk, "wb") as file:
        file.truncate(SWAP_BYTES)
    done = harness.tools_run("--mem", "64M", "--disk", f"{disk},temp", *options,
                             command=["sh", "-c", SLOW + script], timeout=150)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout.decode()


def rows(text):
    """Lines of thrash's table: {way: [units, cpu, faults, least, ratio]}."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in ("off", "pff", "ws") and words[1] == "10":
            found[words[0]] = [float(word) for word in words[2:]]
    return found


def test_fault_frequency_control_trebles_throughput(tmp_path):
    table = rows(run(tmp_path, "thrash -o 10 -s 5 -w off,pff"))
    off, pff = table["off"], table["pff"]
    assert pff[0] >= 3 * off[0], table
    assert pff[1] > off[1], "and uses the CPU better"


def test_processes_take_turns(tmp_path):
    text = run(tmp_path, "thrash -o 10 -s 6 & sleep 6; cat /proc/loadctl; "
               "ps -e; echo off > /proc/sys/vm/loadctl; sleep 1; "
               "cat /proc/loadctl; ps -e; wait", "--append", "loadctl=ws")
    before, _, after = text.partition("mode off")
    states = [line.split()[1] for line in before.splitlines()
              if line.endswith(" thrash")]
    assert states.count("r") + states.count("s") >= 1, text
    assert "mode ws" in before and " out " in before, text
    states = [line.split()[1] for line in after.splitlines()
              if line.endswith(" thrash")]
    assert states and not {"r", "s"} & set(states), text
