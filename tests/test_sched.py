"""Schedulers: shares, order, answers, in a machine that counts instructions.

Everything is measured by /bin/schedmix in the guest's own time. An instruction
takes 64 ns here, so that seconds of the guest are short.
"""

import functools
import re

import pytest

import harness

POLICIES = ["eevdf", "rr", "fcfs", "sjf", "priority", "mlfq", "lottery",
            "stride"]
SLICE = 10.0  # ms
WEIGHTS = {-5: 3121, 0: 1024, 5: 335, 10: 110}  # Linux's table
COLUMNS = ["player", "ran", "share", "waited", "own", "taken", "moved", "cpus",
           "longest", "began", "done"]


def run(command, smp=1, policy=None, log=None):
    """Standard output of a command in a machine with this policy."""
    words = ["--icount", "--qemu=-icount", "--qemu=shift=6,sleep=off",
             "--smp", str(smp)]
    if policy:
        words += ["--append", f"sched={policy}"]
    if log:
        words += ["--log", str(log)]
    done = harness.tools_run(*words, command=command, timeout=900)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def number(name, text):
    """A cell of schedmix's table."""
    if name == "player":
        return text
    if name == "cpus":
        return int(text, 16)
    return None if text == "-" else float(text.rstrip("%"))


@functools.lru_cache(maxsize=None)
def mix_text(command, smp=1, policy=None):
    return run(["schedmix"] + command.split(), smp, policy)


def mix(command, smp=1, policy=None):
    """Rows of schedmix as dictionaries."""
    table = mix_text(command, smp, policy).split("\n\n")[0].splitlines()
    assert table[0].split() == COLUMNS
    return [{name: number(name, cell)
             for name, cell in zip(COLUMNS, line.split())}
            for line in table[1:]]


def ran(rows):
    return [row["ran"] for row in rows]


def check_even(values, percent):
    """All within so many percent of their mean."""
    mean = sum(values) / len(values)
    assert mean > 0
    assert max(abs(v - mean) for v in values) <= mean * percent / 100, values


def check_weighted(values, weights, percent):
    """Each within so many percent of its part by weight."""
    for value, weight in zip(values, weights):
        part = sum(values) * weight / sum(weights)
        assert abs(value - part) <= part * percent / 100, (values, weights)


# -- the default --------------------------------------------------------------

@pytest.mark.parametrize("count", [4, 7, 16])
def test_equal_threads_of_a_cpu_get_equal_shares(count):
    rows = mix(f"-t {250 * count} hog,x={count}")
    check_even(ran(rows), 5)
    assert sum(ran(rows)) > 0.97 * 250 * count


@pytest.mark.parametrize("smp,count", [(2, 3), (2, 4), (2, 7), (4, 5), (4, 7),
                                       (4, 16)])
def test_equal_threads_of_many_cpus_get_equal_shares(smp, count):
    rows = mix(f"-t 5000 hog,x={count}", smp)
    check_even(ran(rows), 15)
    assert sum(ran(rows)) > 0.95 * 5000 * min(smp, count)


def test_nice_values_weigh_as_on_linux():
    rows = mix("-t 8000 " + " ".join(f"hog,nice={n}" for n in WEIGHTS))
    check_weighted(ran(rows), WEIGHTS.values(), 10)


def test_idle_policy_gets_next_to_nothing():
    hog, idle, batch = mix("-t 4000 hog hog,idle hog,batch")
    check_even([hog["ran"], batch["ran"]], 5)
    assert 0 < idle["ran"] < 0.02 * hog["ran"]


@pytest.mark.parametrize("burst", ["100/9500", "500/20000", "2000/100000"])
def test_interactive_thread_among_hogs_answers_at_once(burst):
    rows = mix(f"-t 3000 hog,x=16 burst={burst}")
    assert rows[16]["own"] > 10
    assert rows[16]["longest"] <= 2 * SLICE
    check_even(ran(rows[:16]), 12)


@pytest.mark.parametrize("policy", ["eevdf", "stride"])
def test_sleep_saves_nothing_up(policy):
    """Who slept for long does not keep the others from running for long, nor
    one that had a CPU to itself (whose pass nobody looked at)."""
    rows = mix("-t 2000 hog hog,after=1000", 1, policy)
    first, second = ran(rows)
    assert abs(first - 1500) < 30 and abs(second - 500) < 30


# -- every policy --------------------------------------------------------------

@pytest.mark.parametrize("policy", POLICIES)
def test_proc_sched_shows_the_policy(policy):
    text = mix_text("-t 100 -s hog,x=3 hog,nice=5", 1, policy)
    assert f"\npolicy: {policy}, " in text
    assert "\navailable: " + " ".join(POLICIES) + "\n" in text
    assert "\ncpu0: 4 ready, " in text  # the conductor runs


@pytest.mark.parametrize("policy", POLICIES)
def test_all_policies_end_what_has_an_end(policy):
    rows = mix("-t 1500 job=50,x=8 job=30,nice=10,x=4", 2, policy)
    assert all(row["done"] for row in rows)


def test_unknown_policy_is_logged_and_the_default_taken(tmp_path):
    log = tmp_path / "log"
    assert run(["cat", "/proc/sched"], policy="nonsense",
               log=log).startswith("policy: eevdf, ")
    assert 'no policy "nonsense"' in log.read_text()
    assert run(["cat", "/proc/sched"]).startswith("policy: eevdf, ")


def test_fcfs_runs_in_order_of_arrival_to_the_end():
    rows = mix("-t 1000 job=60 job=20,nice=-10 job=40 job=10,after=5", 1,
               "fcfs")
    for before, after in zip(rows, rows[1:]):
        assert before["done"] <= after["began"] < before["done"] + 1
    assert [row["taken"] for row in rows] == [0, 0, 0, 0]
    hog, other = mix("-t 500 hog hog,nice=-20", 1, "fcfs")
    assert hog["ran"] > 495 and other["ran"] == 0


def test_rr_takes_turns_of_a_slice():
    rows = mix("-t 1000 hog hog,nice=19 hog,nice=-20 hog", 1, "rr")
    check_even(ran(rows), 5)
    for row in rows:
        assert abs(row["ran"] / row["taken"] - SLICE) < 1


def test_sjf_prefers_who_computes_for_short():
    """A burst of 1 ms waits for the hog that has begun, not for those that
    wait: once the predictions have come near."""
    rows = mix("-t 2000 burst=20000/20000 burst=1000/20000 burst=20000/20000",
               1, "sjf")
    short, long_ones = rows[1], [rows[0], rows[2]]
    assert all(short["longest"] < row["longest"] for row in long_ones)
    per_burst = [row["waited"] / row["own"] for row in rows]
    assert per_burst[1] < 0.75 * min(per_burst[0], per_burst[2])


def test_priority_is_strict_but_who_waits_ages():
    rows = mix("-t 250 hog,nice=1 hog hog,nice=5 hog", 1, "priority")
    low, first, lower, second = ran(rows)
    assert low == lower == 0
    check_even([first, second], 10)
    rows = mix("-t 3000 hog,nice=3 hog", 1, "priority")
    assert 1 * SLICE <= rows[0]["ran"] < 0.1 * rows[1]["ran"]


def test_mlfq_knows_who_computes():
    """Levels are in /proc/sched; 0 is the best."""
    command = "-t 600 -s hog,x=4 burst=500/20000"
    rows = mix(command, 1, "mlfq")
    assert rows[4]["longest"] <= 2 * SLICE
    levels = [int(n) for n in re.findall(r"figure (\d+)",
                                         mix_text(command, 1, "mlfq"))]
    assert len(levels) >= 4 and sorted(levels)[-4] >= 3


LOOK_NOW_AND_THEN = """
schedmix -t 2200 hog,x=2 > /dev/null &
i=0
while [ $i -lt 20 ]; do
    sleep 0.1
    echo ---
    grep schedmix /proc/sched
    i=$((i + 1))
done
"""


def test_mlfq_lifts_all_now_and_then():
    """The hogs' levels go down, and up again each second."""
    looks = run(["sh", "-c", LOOK_NOW_AND_THEN], 1, "mlfq").split("---\n")
    levels = [max(map(int, re.findall(r"figure (\d+)", look)), default=0)
              for look in looks]
    lifts = [a - b for a, b in zip(levels, levels[1:]) if a - b >= 2]
    assert max(levels) >= 4 and 1 <= len(lifts) <= 3, levels
    rows = mix("-t 4000 hog hog,after=1500", 1, "mlfq")
    assert min(ran(rows)) > 1000


def test_lottery_gives_by_tickets_in_the_long_run():
    rows = mix("-t 20000 hog,nice=-5 hog hog,nice=5", 1, "lottery")
    check_weighted(ran(rows), [3121, 1024, 335], 15)


def test_stride_gives_by_tickets_exactly():
    rows = mix("-t 4000 hog,nice=-5 hog hog,nice=5", 1, "stride")
    check_weighted(ran(rows), [3121, 1024, 335], 5)


# -- real time ------------------------------------------------------------------

@pytest.mark.parametrize("policy", POLICIES)
def test_real_time_is_above_every_policy(policy):
    rows = mix("-t 500 hog,nice=-20 hog fifo=1,job=100,after=100 "
               "rr=2,job=50,after=150", 1, policy)
    fifo, rr = rows[2], rows[3]
    assert abs(fifo["began"] - 100) < 1 and abs(rr["began"] - 150) < 1
    assert rr["done"] - rr["began"] < 53
    assert fifo["done"] - fifo["began"] < 153 + 3
    assert ran(rows)[0] + ran(rows)[1] > 330


def test_fifo_keeps_the_cpu_and_rr_takes_turns():
    assert [row["ran"] > 495 for row in mix("-t 500 fifo=5,x=3")] == \
        [True, False, False]
    first, second, lower = mix("-t 1200 rr=5 rr=5 rr=4")
    check_even(ran([first, second]), 2)
    assert abs(first["ran"] / first["taken"] - 100) < 15
    assert lower["ran"] == 0


def test_real_time_spreads_over_cpus():
    rows = mix("-t 500 hog,x=4 fifo=5,x=2", 2)
    assert all(row["ran"] > 480 for row in rows[4:])
    assert sum(ran(rows[:4])) < 30
    rows = mix("-t 500 hog,x=6 fifo=5,x=3 burst=1000/3000,rr=8,x=2", 4)
    assert sum(ran(rows[6:])) > 0.8 * 4 * 500


# -- where they run ---------------------------------------------------------------

def test_bound_thread_stays():
    rows = mix("-t 1000 hog,x=5 hog,cpu=1 burst=1000/3000,cpu=1", 4)
    assert rows[5]["cpus"] == rows[6]["cpus"] == 1 << 1
    assert rows[5]["moved"] <= 1 >= rows[6]["moved"]
    assert rows[5]["ran"] > 200


def test_hogs_end_up_one_on_each_cpu():
    rows = mix("-t 1000 hog,x=4", 4)
    check_even(ran(rows), 5)
    assert all(row["ran"] > 900 and row["moved"] <= 6 for row in rows)
    rows = mix("-t 1000 hog,cpu=0,x=2 hog,x=3", 4)
    check_even(ran(rows[:2]), 10)
    check_even(ran(rows[2:]), 5)
    assert all(row["ran"] > 900 for row in rows[2:])


def test_idle_cpu_takes_work_at_once():
    rows = mix("-t 500 hog hog,after=100 hog,after=200 job=50,after=300", 4)
    # QEMU may let other CPUs come to their next ticks first.
    assert rows[3]["began"] < 335 and rows[3]["done"] < 395
    assert rows[1]["ran"] > 380 and rows[2]["ran"] > 280


# -- ticks, counts ------------------------------------------------------------------

def interrupts(text):
    """Timer interrupts of each CPU, in each of the tables in the text."""
    return [[int(n) for n in line.split()[1:] if n.isdigit()]
            for line in text.splitlines() if line.startswith(" LOC:")]


@pytest.mark.parametrize("smp", [1, 4])
def test_idle_machine_takes_no_ticks(smp):
    before, after = interrupts(run(
        ["sh", "-c", "cat /proc/interrupts; sleep 2; cat /proc/interrupts"],
        smp))
    assert sum(after) - sum(before) < 20


def test_idle_cpus_take_no_ticks_while_one_works():
    before, after = interrupts(run(
        ["sh", "-c", "cat /proc/interrupts; schedmix -b 1 -t 1000 hog "
         ">/dev/null; cat /proc/interrupts"], 4))
    ticks = [b - a for a, b in zip(before, after)]
    assert 90 <= ticks[1] <= 250
    assert ticks[2] + ticks[3] < 20


def test_switches_are_counted_for_what_they_are():
    rows = mix("-t 1000 burst=10/9900 hog hog")
    assert 80 <= rows[0]["own"] <= 110 and rows[0]["taken"] <= 3
    for row in rows[1:]:
        assert row["own"] == 0 and row["taken"] >= 40
        assert abs(row["ran"] + row["waited"] - 1000) < 15


# -- demonstrations -------------------------------------------------------------------

@pytest.mark.parametrize("smp", [1, 2])
def test_inheriting_lock_mends_priority_inversion(smp):
    table = [re.split(r"\s{2,}", line)
             for line in run(["inversion", "-l", "50", "-m", "300"],
                             smp).splitlines()[3:]]
    waited = {name: (float(text.split()[0]), first)
              for name, text, first in table}
    assert waited["plain lock"][0] >= 340
    assert waited["plain lock"][1] == "middle"
    for name in ("inherited priority", "inherited through a chain"):
        assert waited[name][0] <= 60 and waited[name][1] == "high"


def test_switch_to_a_process_costs_more_than_to_a_thread():
    """An instruction is a nanosecond; a page table costs a few."""
    done = harness.tools_run("--icount", timeout=900, command=[
        "switchcost", "-n", "100", "-r", "3"])
    rows = [line.split() for line in done.stdout.decode().splitlines()[1:]]
    assert len(rows) == 6, done.stderr
    for row in rows:
        thread, process, switches = int(row[2]), int(row[3]), float(row[5])
        assert 200 < thread < process < 20000
        assert 0.9 <= switches <= 1.1
