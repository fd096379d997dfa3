"""A second look at tests that failed: pytest --second-look.

A host that is busy with others can upset a test that asks two things at one
moment. So a failure is looked at again: if at most MOST_TESTS failed, each runs
TIMES times more, in a process and on machines of its own. One that passes each
time is `flaky`: its name and its output are shown, and it does not fail the run.
One that fails again fails, and nothing is excused that says that the kernel lost
something: a panic, memory that is gone, a report of the auditor or of the lock
checks, a machine that went down.

This is for .ci/run, which must not stop anybody's work for the weather; `make
test` has no second look.
"""

import re
import subprocess
import sys

import pytest

MOST_TESTS, TIMES = 2, 5
FINAL = re.compile(r"panic|audit|lockcheck|took the machine down|"
                   r"bytes of memory behind")


def why_not(failed):
    """Why these reports get no second look; or an empty string."""
    if len(failed) > MOST_TESTS:
        return f"{len(failed)} tests failed"
    for report in failed:
        final = FINAL.search(report.nodeid + report.longreprtext)
        if final:
            return f"{report.nodeid}: {final[0]}"
    return ""


def passes_alone(test):
    """Does it pass each time when nothing else runs?"""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
               test]
    for _ in range(TIMES):
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.stdout.write(done.stdout.decode(errors="replace"))
            return False
    return True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Failures that do not come again are `flaky` in the last line."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    failed = terminal.stats.get("failed", [])
    if exitstatus != pytest.ExitCode.TESTS_FAILED or not failed or \
            terminal.stats.get("error"):
        return
    terminal.ensure_newline()
    reason = why_not(failed)
    if reason:
        terminal.write_line(f"no second look: {reason}")
        return
    for report in list(failed):
        if passes_alone(f"{session.config.rootpath}/{report.nodeid}"):
            failed.remove(report)
            terminal.stats.setdefault("flaky", []).append(report)
    if not failed:
        del terminal.stats["failed"]
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter):
    """What the flaky ones printed when they failed."""
    for report in terminalreporter.stats.get("flaky", []):
        terminalreporter.section(f"flaky: {report.nodeid}", yellow=True)
        terminalreporter.write_line(f"failed once, then passed {TIMES} times "
                                    "in a row; its failure was:")
        terminalreporter.write_line(report.longreprtext)
