"""Thrashing, and load control that ends it: ten processes that do not fit.

Not under -icount: there a guest that idles does not wait for the disk. The
disk is slow enough for the host's load not to matter for long.
"""

import harness

SWAP_BYTES = 300 << 20
TRIES = 5  # a host that stops the machine for a second spoils one
SLOW = "mkswap /dev/vda; swapon /dev/vda; " \
       "echo 'vda slow 8' > /proc/sys/dev/disk/fail; " \
       "echo fifo > /proc/sys/vm/replacement; "


def run(tmp_path, script, *options):
    """The output of a shell script on a small machine with a slow disk."""
    disk = tmp_path / "swap.img"
    with open(disk, "wb") as file:
        file.truncate(SWAP_BYTES)
    status = tmp_path / "status"
    done = harness.tools_run("--mem", "64M", "--disk", f"{disk},temp",
                             "--status", status, *options,
                             command=["sh", "-c", SLOW + script], timeout=900)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert harness.read_status(status)["audit"] == ["ok"], done.stderr
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
    for _ in range(TRIES):
        table = rows(run(tmp_path, "thrash -o 10 -s 5 -w off,pff"))
        off, pff = table["off"], table["pff"]
        if pff[0] >= 3 * off[0] and pff[1] > off[1]:
            return  # more work, and it uses the CPU better
    raise AssertionError(table)


# Look until it is as it should be: the figures, then who is out (r or s).
TURNS = """
thrash -o 10 -s 1000 &
until grep -q ' out ' /tmp/look && grep -q ' [rs] .* thrash$' /tmp/look
do sleep 0.5; cat /proc/loadctl > /tmp/look; ps -e >> /tmp/look; done
cat /tmp/look
echo off > /proc/sys/vm/loadctl
while grep -q ' [rs] .* thrash$' /tmp/look
do sleep 0.5; cat /proc/loadctl > /tmp/look; ps -e >> /tmp/look; done
cat /tmp/look
"""


def test_processes_take_turns(tmp_path):
    text = run(tmp_path, "> /tmp/look" + TURNS, "--append", "loadctl=ws")
    before, _, after = text.partition("mode off")
    assert "mode ws" in before and " out " in before, text
    states = [line.split()[1] for line in after.splitlines()
              if line.endswith(" thrash")]
    assert states and not {"r", "s"} & set(states), text
