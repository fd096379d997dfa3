"""A kernel built with LOCKCHECK=1: what it must report, and that it has nothing
to report while the tests run (make test-lockcheck runs all of them on it)."""

import os
import re
import subprocess

import pytest

import harness

FOLDER = os.path.join(harness.BUILD, "lockcheck")
FRAME = re.compile(r"^(?:\[[^\]]*\])? *\[<[0-9a-f]{16}>\] (\w+) at (\S+)",
                   re.MULTILINE)

# What is done on purpose, how the report begins, and the functions that its
# backtraces must lead to: at least one of the first place and of the second.
REPORTS = [
    ("inversion", r'inversion: "provoke first" taken inside "provoke second"',
     ["first_then_second", "second_then_first"]),
    ("cycle", r'inversion: "provoke first" taken inside "provoke third"',
     ["first_then_second", "cycle"]),
    ("mutex-inversion", r'inversion: "provoke one" taken inside "provoke two"',
     ["one_then_two", "two_then_one"]),
    ("rwlock-inversion",
     r'inversion: "provoke table" taken inside "provoke one"',
     ["read_then_one", "one_then_write"]),
    ("same-class", r'"provoke first" taken inside another "provoke first"',
     ["take_both", "same_class"]),
    ("twice", r'"provoke first" taken twice', ["twice"]),
    ("sleep", r'sleeping with spinlock "provoke first" held',
     ["sleep_with_lock"]),
    ("give-way", r'sleeping with spinlock "provoke first" held',
     ["give_way_with_lock"]),
    ("double-release", r'"provoke first" released twice', ["double_release"]),
    ("foreign-release", r'"provoke one" released by a non-holder',
     ["foreign_release", "release_of_anothers"]),
    ("interrupt", r'"provoke first" is held with interrupts on',
     ["take_in_interrupt", "open_interrupts"]),
]

# A part of tests/user that takes each kind of lock, on several CPUs.
CASES = """
    exec-scripts file-mappings-are-coherent file-open-read-write
    flock-semantics fork-copies-on-write futex-waits-and-wakes libc-semaphores
    names-and-folders pipe-semantics posix-message-queues
    renames-crosswise-do-not-deadlock signal-delivery-rules
    spaces-shared-between-cpus sysv-shared-memory wait-semantics
    """.split()


@pytest.fixture(name="checked", autouse=True)
def fixture_checked(monkeypatch):
    """Everything here runs on the checked kernel."""
    assert os.path.exists(os.path.join(FOLDER, "kernel.elf")), "make lockcheck"
    monkeypatch.setenv("B", FOLDER)


def provoke(kind):
    """One boot that misuses locks; exit code, stdout, stderr."""
    done = harness.tools_run("--icount", "--append",
                             f"selftest provoke={kind}", command=["true"])
    return (done.returncode, done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"))


@pytest.mark.parametrize("kind, text, functions", REPORTS,
                         ids=[row[0] for row in REPORTS])
def test_report_shows_both_places(kind, text, functions):
    code, _, report = provoke(kind)
    assert code == 126, report
    assert re.search(r"panic on CPU 0: lockcheck: " + text, report)
    before_now, _, rest = report.partition("\nnow, by\n")
    now = rest.partition("\nbacktrace:\n")[0]
    assert FRAME.search(before_now), "no place of before"
    assert FRAME.search(now), "no place of now"
    named = {name for name, _ in FRAME.findall(before_now + "\n" + now)}
    assert set(functions) <= named
    places = [place for _, place in FRAME.findall(before_now + "\n" + now)]
    assert any("tests/kernel/provoke.c:" in place for place in places)


def test_holding_long_is_logged_and_no_more():
    code, out, log = provoke("hold-long")
    assert code == 0 and "ok provoke_hold-long" in out
    match = re.search(r'lockcheck: "provoke first" held for (\d+) us', log)
    assert match and 120000 <= int(match[1]) < 130000
    taken, _, released = log.partition("released by")
    assert "hold_long" in taken and "hold_long" in released


@pytest.mark.parametrize("smp", ["1", "2", "4"])
def test_kernel_tests_have_nothing_to_report(smp):
    done = harness.tools_run("--smp", smp, "--append", "selftest",
                             command=["true"], timeout=600)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-6000:]


def test_user_tests_have_nothing_to_report():
    batch = harness.Batch(2, "256M")
    for case in CASES:
        built = os.path.join(harness.BUILD, "tests", "user", case)
        batch.add(f"/t/{case}", {f"/t/{case}": built}, 300, False)
    for case in CASES:
        batch.verdict(f"/t/{case}").check()


def test_normal_build_has_no_trace_of_it():
    names = subprocess.run(["nm", os.path.join(harness.BUILD, "kernel.elf")],
                           capture_output=True, text=True, check=True).stdout
    assert "lockcheck" not in names
