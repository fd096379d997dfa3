"""pytest: one batch of guest cases for each kind of machine that is wanted."""

import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import second_look  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--second-look", action="store_true",
                     help="run what failed again: is it the host's fault?")


def pytest_configure(config):
    if config.getoption("--second-look"):
        config.pluginmanager.register(second_look)
    config.addinivalue_line("markers", "slow: takes more than ten seconds")
    # A shell without job control starts what runs in the background with these
    # ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


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
