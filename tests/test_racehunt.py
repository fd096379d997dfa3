"""sched_seed= and tools/racehunt: races are found, and found again."""

import os
import re
import shlex
import subprocess

import pytest

import harness

HUNT = os.path.join(harness.ROOT, "tools", "racehunt")
AGAIN = re.compile(r"^again: (tools/run .*) </dev/null$", re.MULTILINE)


def hunt(*words):
    """tools/racehunt with these words: exit code, stdout."""
    done = subprocess.run([HUNT, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=1800,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def run_with_seed(seed, *command, smp=1):
    """Standard output of a run under a seed."""
    done = harness.tools_run("--icount", "--smp", str(smp), "--append",
                             f"sched_seed={seed}", command=command)
    return done.stdout


@pytest.mark.parametrize("program, sign", [
    ("race-counter", r"lost [1-9]"), ("philosophers", "deadlock")])
def test_race_is_found_and_found_again(program, sign):
    code, text = hunt(program)
    assert code == 0, text
    assert re.search(sign, text)
    again = shlex.split(AGAIN.search(text)[1])
    first, second = (subprocess.run(again, cwd=harness.ROOT, check=False,
                                    stdin=subprocess.DEVNULL,
                                    capture_output=True) for _ in range(2))
    assert first.returncode == second.returncode == 1
    assert first.stdout == second.stdout
    assert first.stdout.decode() in text


@pytest.mark.parametrize("words", [["race-counter", "-l"],
                                   ["philosophers", "-o"]])
def test_nothing_is_found_where_nothing_is(words):
    code, text = hunt("--seeds", "6", *words)
    assert (code, text) == (1, "no failure with seeds 1 to 6\n")


@pytest.mark.parametrize("smp", [1, 2])
def test_a_seed_is_an_interleaving(smp):
    command = ["race-counter", "-n", "20000"]
    first, second, again = (run_with_seed(seed, *command, smp=smp)
                            for seed in (1, 2, 1))
    assert first == again != second


def test_a_hang_is_a_finding():
    code, text = hunt("--seconds", "3", "--seeds", "1", "sleep", "100")
    assert code == 0 and "ran out of time" in text


def test_trouble_is_no_finding():
    assert hunt("--seeds", "1", "no-such-program")[0] == 125
