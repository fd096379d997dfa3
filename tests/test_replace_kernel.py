"""The kernel's own page faults are those that the simulator finds on paper.

/bin/refstring makes the references of a string on the real machine, with the
frames and the policy of an exercise and a swap area to page to; tools/replace
says what must come out. One boot makes them all.
"""

import random
import re

import pytest

import test_replace
import test_swap

POLICIES = ["fifo", "lru", "clock", "lfu", "nru", "wsclock", "genlru"]
FRAMES = range(1, 6)
BOOKS = {
    "Silberschatz": test_replace.SILBERSCHATZ,
    "Silberschatz, exercise": test_replace.SILBERSCHATZ_EXERCISE,
    "Belady": test_replace.BELADY,
    "Stallings": test_replace.STALLINGS,
    "Tanenbaum": test_replace.TANENBAUM_STACK,
}


def with_writes(seed):
    """A string of 60 references to 8 pages, a third of them writes."""
    chance = random.Random(seed)
    return " ".join(
        str(min(chance.randrange(8), chance.randrange(8))) +
        chance.choice(("", "", "w")) for _ in range(60))


STRINGS = dict(BOOKS, **{f"writes {seed}": with_writes(seed)
                         for seed in (1, 2, 3)})


@pytest.fixture(name="kernel", scope="module")
def fixture_kernel(tmp_path_factory):
    """{(string, policy, frames): (faults, writebacks)}"""
    folder = tmp_path_factory.mktemp("replace")
    disk = test_swap.image(folder / "disk", test_swap.MIB)
    keys = [(name, policy, frames) for name in STRINGS for policy in POLICIES
            for frames in FRAMES]
    calls = "\n".join(f"refstring -q -p {policy} -f {frames} {STRINGS[name]}"
                      for name, policy, frames in keys)
    script = folder / "script"
    script.write_text(f"set -e\n/t/swap-arguments on:/dev/vda=0\n{calls}\n")
    out = test_swap.run(folder, "sh /script", "--add", f"{script}:/script",
                        disks=[disk], smp=1)
    found = re.findall(r"^policy (\S+)\nframes (\d+)\nreferences \d+\n"
                       r"faults (\d+)\nwritebacks (\d+)$", out, re.M)
    assert [(policy, int(frames)) for policy, frames, *_ in found] == \
        [(policy, frames) for _, policy, frames in keys]
    return {key: (int(faults), int(writebacks))
            for key, (*_, faults, writebacks) in zip(keys, found)}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", STRINGS)
def test_kernel_counts_as_the_simulator(kernel, name, policy):
    runs = test_replace.replace_json("--policy", policy, "--frames", "1-5",
                                     *STRINGS[name].split())["runs"]
    paper = {run["frames"]: (run["faults"], run["writebacks"])
             for run in runs}
    assert {frames: kernel[name, policy, frames] for frames in FRAMES} == paper


@pytest.mark.parametrize("string, policy, faults", test_replace.BOOKS)
def test_kernel_counts_as_the_books(kernel, string, policy, faults):
    names = [name for name, text in BOOKS.items() if text == string]
    if policy == "opt" or not names:
        pytest.skip("the kernel cannot know the future" if policy == "opt"
                    else "this string is not run")
    for frames, count in faults.items():
        if frames in FRAMES:
            assert kernel[names[0], policy, frames][0] == count
