"""pytest: one batch of guest cases for each kind of machine that is wanted."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than ten seconds")


@pytest.fixture(name="batches", scope="session")
def fixture_batches(request):
    """{(smp, mem): Batch} with all cases that this session selected."""
    batches = {}
    for item in request.session.items:
        case = getattr(item, "callspec", None) and \
            item.callspec.params.get("guest_case")
        if case:
            batch = batches.setdefault(case.machine,
                                       harness.Batch(*case.machine))
            batch.add(case.command, case.files, case.seconds,
                      case.check_memory)
    return batches
