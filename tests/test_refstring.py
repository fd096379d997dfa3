"""The kernel's page faults are those of paper: refstring on hanu and
tools/replace on the host count the same, for every policy."""

import random
import re

import pytest

import harness
import test_replace

POLICIES = ("fifo", "lru", "clock", "lfu", "nru", "wsclock", "genlru",
            "random")
FRAMES = (1, 2, 3, 4, 5)


def with_writes(seed):
    """A string of 60 references to 8 pages, a third of them writes."""
    chance = random.Random(seed)
    return " ".join(
        str(min(chance.randrange(8), chance.randrange(8))) +
        chance.choice(("", "", "w")) for _ in range(60))


STRINGS = (test_replace.SILBERSCHATZ, test_replace.SILBERSCHATZ_EXERCISE,
           test_replace.BELADY, test_replace.STALLINGS,
           with_writes(1), with_writes(2))


@pytest.fixture(name="kernel", scope="module")
def fixture_kernel(tmp_path_factory):
    """{(string, policy, frames): (faults, write-backs)}, all from one boot."""
    disk = tmp_path_factory.mktemp("disk") / "disk"
    disk.write_bytes(bytes(4 << 20))
    keys = [(string, policy, frames) for string in STRINGS
            for policy in POLICIES for frames in FRAMES]
    script = "set -e\nmkswap /dev/vda >/dev/null\nswapon /dev/vda\n" + "".join(
        f"refstring -q -p {policy} -f {frames} {string}\n"
        for string, policy, frames in keys)
    path = disk.parent / "script"
    path.write_text(script)
    done = harness.tools_run("--disk", str(disk), "--add", f"{path}:/script",
                             command=["sh", "/script"], timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    found = re.findall(r"^faults (\d+)\nwritebacks (\d+)$",
                       done.stdout.decode(), re.MULTILINE)
    return {key: tuple(map(int, sums))
            for key, sums in zip(keys, found, strict=True)}


@pytest.mark.parametrize("policy", POLICIES)
def test_kernel_and_simulator_agree(kernel, policy):
    for string in STRINGS:
        found = test_replace.replace_json("--policy", policy, "--frames",
                                          "1-5", string)
        assert {run["frames"]: (run["faults"], run["writebacks"])
                for run in found["runs"]} == {
                    frames: kernel[string, policy, frames]
                    for frames in FRAMES}


def test_kernel_counts_as_text_books_do(kernel):
    for string, policy, faults in test_replace.BOOKS:
        for frames in set(faults) & set(FRAMES):
            if policy != "opt" and string in STRINGS:
                assert kernel[string, policy, frames][0] == faults[frames]


def test_nonsense_is_refused():
    done = harness.tools_run(command=["sh", "-c", """
        refstring 1 x; echo $?
        refstring; echo $?
        refstring -f 0 1; echo $?"""])
    assert re.findall(r"^\d+$", done.stdout.decode(), re.MULTILINE) == \
        ["1", "1", "1"]
