"""The program `threads`: the trade between models, and very many threads.

Words are compared, not times; what is said to be flat is measured in a machine
that counts instructions.
"""

import functools
import os
import subprocess

import pytest

import harness

HOST = os.path.join(harness.BUILD, "host", "user", "threads")
PARKED = 100000
REGIONS = 2 * PARKED + 200
# While 1 and 2 of 2 kernel threads are in read(), while 2 are in
# uthread_call() and in uthread_read(); and when one crashes.
FATES = {
    "many-to-one": ["stop", "stop", "stop", "go on", "end"],
    "many-to-many": ["go on", "stop", "stop", "go on", "end"],
    "one-to-one": ["go on", "go on", "go on", "go on", "end"],
    "virtual": ["go on", "stop", "go on", "go on", "end"],
}
COLUMNS = ("model create yield pass read1 read2 call2 uread2 crash "
           "speed").split()


def on_host(*args):
    done = subprocess.run([HOST, *args], capture_output=True, text=True,
                          check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_hanu(*command, smp=1, mem="256M", options=()):
    done = harness.tools_run("--smp", str(smp), "--mem", mem, *options,
                             command=command, timeout=900)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def check_table(text, cpus):
    """Every cell but the times has one right value, or a sign."""
    header, *rows = text.splitlines()
    assert header.split() == ("model create yield pass read 1 read 2 call 2 "
                              "uread 2 crash speed").split()
    assert [row.split()[0] for row in rows] == list(FATES)
    for row in rows:
        words = row.replace("go on", "go_on").split()
        # name, three times with their units, five fates, the speed
        assert len(words) == 13, row
        assert all(float(words[i]) > 0 for i in (1, 3, 5)), row
        assert all(words[i] in ("ns", "us") for i in (2, 4, 6)), row
        fates = [word.replace("_", " ") for word in words[7:12]]
        assert fates == FATES[words[0]], row
        assert (words[12] == "-") == (cpus == 1), row


@pytest.mark.parametrize("cpus", [1, 2])
def test_table_on_hanu(cpus):
    check_table(on_hanu("threads", "--count", "100", smp=cpus), cpus)


def test_table_on_host():
    check_table(on_host("--count", "100"), len(os.sched_getaffinity(0)))


def test_one_model_and_wrong_ones():
    text = on_host("--model", "virtual", "--count", "16")
    assert [line.split()[0] for line in text.splitlines()] == \
        ["model", "virtual"]
    for wrong in (["--model", "none"], ["--count", "0"], ["--park", "x"],
                  ["operand"], ["--unknown"]):
        done = subprocess.run([HOST, *wrong], capture_output=True, text=True,
                              check=False, timeout=300)
        assert done.returncode == 2 and done.stdout == "", wrong
        assert "threads --help" in done.stderr or \
            done.stderr.startswith("threads: "), wrong


# ---- very many ---------------------------------------------------------------

def parked_rows(text):
    """The rows of --park as {threads: {column: number}}."""
    rows = {}
    for line in text.splitlines()[1:]:
        if line.startswith("A region"):
            continue
        cells = [float(word) for word in line.split()
                 if word not in ("ns", "B")]
        rows[int(cells[0])] = dict(zip(
            ("create", "switch", "round", "memory", "tables", "regions"),
            cells[1:]))
    return rows


@functools.lru_cache(maxsize=None)
def park_100000():
    return parked_rows(on_hanu(
        "sh", "-c",
        f"echo {REGIONS} > /proc/sys/vm/max_map_count &&"
        f" threads --park {PARKED}", mem="1G", options=("--icount",)))


def check_cost(rows):
    """One page of memory, 2 regions, and 1/32 of a page table each."""
    for count in (10000, PARKED):
        assert 4096 <= rows[count]["memory"] < 4300, rows
        assert rows[count]["tables"] < 200, rows
        assert 1.9 <= rows[count]["regions"] <= 2.1, rows


def test_100000_parked_threads_fit_in_1_gib():
    rows = park_100000()
    assert list(rows) == [100, 1000, 10000, 100000]
    check_cost(rows)


@pytest.mark.parametrize("what", ["create", "switch", "round"])
def test_cost_is_flat(what):
    costs = [row[what] for row in park_100000().values()]
    assert max(costs) < 1.5 * min(costs), costs


def test_too_few_regions_is_explained():
    done = harness.tools_run(command=["threads", "--park", "50000"])
    assert done.returncode == 1
    assert b"echo 100200 > /proc/sys/vm/max_map_count" in done.stderr


def test_100000_parked_threads_on_the_host():
    limit = "/proc/sys/vm/max_map_count"
    with open(limit, encoding="ascii") as file:
        before = int(file.read())
    if before < REGIONS:
        try:
            with open(limit, "w", encoding="ascii") as file:
                file.write(str(REGIONS))
        except OSError:
            pytest.skip("max_map_count is too low and not ours to raise")
    try:
        check_cost(parked_rows(on_host("--park", str(PARKED))))
    finally:
        if before < REGIONS:
            with open(limit, "w", encoding="ascii") as file:
                file.write(str(before))
