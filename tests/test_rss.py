"""The program `whoseram`: what RSS, PSS and USS say of processes that share."""

import os
import re
import subprocess

import pytest

import harness

HOST = os.path.join(harness.BUILD, "host", "user", "whoseram")
PAGE = os.path.join(harness.ROOT, "docs", "rss.md")
MIB = 1024  # KiB
ROWS = ("before fork", "after fork", "child 1 wrote half",
        "all children did", "child 1 is left", "the parent alone")
# MiB of data there is, and the same counted for each process that maps it
REAL = (8, 8, 12, 20, 12, 8)
MAPPED = (8, 32, 32, 32, 16, 8)


def rows(text):
    """{row: [[rss, pss, uss] of parent, child, together, [machine]]}."""
    found = {}
    for line in text.split("\n"):
        name, *groups = line.strip().split("|")
        if name.strip() in ROWS:
            found[name.strip()] = [
                [int(word) for word in re.findall(r"-?\d+", group)]
                for group in groups]
    assert tuple(found) == ROWS, text
    return found


def run(system):
    if system == "hanu":
        done = harness.tools_run(command=["whoseram"])
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()
    done = subprocess.run([HOST], capture_output=True, text=True, check=False,
                          timeout=300)
    if "cannot go on" in done.stderr and \
            not os.path.exists("/proc/self/smaps_rollup"):
        pytest.skip("no smaps_rollup here")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("system", ["host", "hanu"])
def test_sums(system):
    """RSS counts each page once for each process, PSS once, USS own ones."""
    text = run(system)
    found = rows(text)
    for name, real, mapped in zip(ROWS, REAL, MAPPED):
        (_, _, parent_uss), _, (rss, pss, uss), machine = found[name]
        assert 0 <= rss - mapped * MIB < 8 * MIB, (name, text)
        assert 0 <= pss - real * MIB < 1.5 * MIB, (name, text)
        assert uss <= pss <= rss and parent_uss <= uss, (name, text)
        if system == "hanu":
            assert 0 < machine[0] - real * MIB < MIB, (name, text)
    assert found["after fork"][2][2] < MIB, text
    assert 0 <= found["all children did"][0][2] - 4 * MIB < MIB, text
    if system == "hanu":
        check_page(found)


def check_page(found):
    """What docs/rss.md shows differs by the size of a program at most."""
    with open(PAGE, encoding="utf-8") as file:
        page = rows(file.read())
    for name in ROWS:
        for now, then in zip(found[name], page[name]):
            assert len(now) == len(then)
            assert all(abs(a - b) < 512 for a, b in zip(now, then)), name


@pytest.mark.parametrize("words", [
    ["0"], ["-1"], ["257"], ["x"], [""], ["1", "2"], ["-n", "0"], ["-n", "17"],
    ["-n"], ["-q"], ["99999999999999999999"]])
def test_wrong_words(words):
    done = subprocess.run([HOST, *words], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 2 and not done.stdout and done.stderr
