"""Ring two: programs and scripts on our kernel, each on several CPU counts."""

import os

import pytest

import harness


class GuestCase:
    """One program or script on one kind of machine."""

    def __init__(self, folder, name, source, smp):
        values = harness.header(source)
        self.name = f"{name}-smp{smp}"
        self.machine = (int(smp), values["mem"])
        self.seconds = int(values["timeout"])
        self.check_memory = values["leaks"] == "no"
        self.status = int(values["status"])
        self.expected = None
        if folder == "user":
            built = os.path.join(harness.BUILD, "tests", "user", name)
            self.command = f"/t/{name} {values['args']}".strip()
            self.files = {f"/t/{name}": built}
        else:
            self.command = f"sh /t/{name}.sh"
            self.files = {f"/t/{name}.sh": source}
            with open(source[:-3] + ".out", encoding="utf-8") as file:
                self.expected = file.read()


def cases():
    """All cases, sorted by machine so that a boot serves many.

    SMP="8" in the environment: with 8 CPUs instead of what each asks for.
    """
    found = []
    for folder, suffix in (("user", ".c"), ("sh", ".sh")):
        for name in harness.names(folder, suffix):
            source = os.path.join(harness.TESTS, folder, name + suffix)
            smps = os.environ.get("SMP") or harness.header(source)["smp"]
            for smp in smps.split():
                found.append(GuestCase(folder, name, source, smp))
    return sorted(found, key=lambda case: (case.machine, case.seconds))


@pytest.mark.parametrize("guest_case", cases(), ids=lambda case: case.name)
def test_on_hanu(guest_case, batches):
    verdict = batches[guest_case.machine].verdict(guest_case.command)
    verdict.check(guest_case.status)
    if guest_case.expected is not None:
        assert verdict.stdout == guest_case.expected
