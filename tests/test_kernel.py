"""Ring one: self-tests inside the kernel, before the first process."""

import glob
import os
import re

import pytest

import harness

CASE = re.compile(r"^KTEST\((\w+)\)", re.MULTILINE)


def cases():
    """Names of all cases; a case is `KTEST(name)` at the start of a line."""
    found = []
    for path in sorted(glob.glob(os.path.join(harness.TESTS, "kernel",
                                              "*.c"))):
        with open(path, encoding="utf-8") as file:
            found += CASE.findall(file.read())
    return found


@pytest.fixture(name="verdicts", scope="module", params=["1", "2", "4"],
                ids=lambda smp: f"smp{smp}")
def fixture_verdicts(request):
    """{case: "" or why it failed} of one boot, and the run itself."""
    done = harness.tools_run("--smp", request.param, "--append", "selftest",
                             command=["true"], timeout=600)
    found = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        match = re.match(r"(not )?ok (\w+)(?::? *(.*))?$", line)
        if match:
            found[match[2]] = (match[3] or "failed") if match[1] else ""
    return found, done


@pytest.mark.parametrize("case", cases())
def test_in_kernel(case, verdicts):
    found, done = verdicts
    assert case in found, done.stderr.decode(errors="replace")[-4000:]
    assert found[case] == ""


def test_every_self_test_is_listed(verdicts):
    found, done = verdicts
    assert set(found) == set(cases()), done.stderr.decode(errors="replace")
    assert done.returncode == 0
