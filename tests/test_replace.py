"""tools/replace: the counts of text books, and the kernel's policies against
plain models of them."""

import html.parser
import json
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import replace_models

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, os.path.join(ROOT, "tools"))

from hanu import replacement  # noqa: E402

SILBERSCHATZ = "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1"
SILBERSCHATZ_EXERCISE = "1 2 3 4 2 1 5 6 2 1 2 3 7 6 3 2 1 2 3 6"
BELADY = "1 2 3 4 1 2 5 1 2 3 4 5"
STALLINGS = "2 3 2 1 5 2 4 5 3 2 5 2"
TANENBAUM_BELADY = "0 1 2 3 0 1 4 0 1 2 3 4"
TANENBAUM_EXERCISE = "0 1 7 2 3 2 7 1 0 3"
TANENBAUM_STACK = "0 2 1 3 5 4 6 3 7 4 7 3 3 5 5 3 1 1 1 7 2 3 4 1"

BOOKS = [
    (SILBERSCHATZ, "fifo", {3: 15}),
    (SILBERSCHATZ, "opt", {3: 9}),
    (SILBERSCHATZ, "lru", {3: 12}),
    (SILBERSCHATZ, "lfu", {3: 13}),
    (SILBERSCHATZ_EXERCISE, "lru",
     {1: 20, 2: 18, 3: 15, 4: 10, 5: 8, 6: 7, 7: 7}),
    (SILBERSCHATZ_EXERCISE, "fifo",
     {1: 20, 2: 18, 3: 16, 4: 14, 5: 10, 6: 10, 7: 7}),
    (SILBERSCHATZ_EXERCISE, "opt",
     {1: 20, 2: 15, 3: 11, 4: 8, 5: 7, 6: 7, 7: 7}),
    (BELADY, "fifo", {1: 12, 2: 12, 3: 9, 4: 10, 5: 5}),
    (BELADY, "opt", {3: 7, 4: 6}),
    (BELADY, "lru", {3: 10, 4: 8}),
    (STALLINGS, "opt", {3: 6}),
    (STALLINGS, "lru", {3: 7}),
    (STALLINGS, "fifo", {3: 9}),
    (STALLINGS, "clock", {3: 8}),
    (TANENBAUM_BELADY, "fifo", {3: 9, 4: 10}),
    (TANENBAUM_EXERCISE, "fifo", {4: 6}),
    (TANENBAUM_EXERCISE, "lru", {4: 7}),
    (TANENBAUM_STACK, "lru",
     {1: 20, 2: 18, 3: 17, 4: 13, 5: 11, 6: 9, 7: 8}),
]


def replace(*words, timeout=600, **options):
    """Run tools/replace."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([os.path.join(ROOT, "tools", "replace"), *words],
                          capture_output=True, text=True, timeout=timeout,
                          check=False, **options)


def replace_json(*words):
    done = replace("--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def trace_of(string):
    """(page, write) as the text of a trace."""
    return "".join(f"{'w' if write else 'r'} {page:x}\n"
                   for page, write in string)


def random_string(seed):
    """Strings with some locality; the length and the pages vary."""
    chance = random.Random(seed)
    pages, length = chance.randint(3, 40), chance.randint(50, 400)
    centre, string = 0, []
    for _ in range(length):
        if chance.random() < 0.05:
            centre = chance.randrange(pages)
        page = (centre + int(chance.expovariate(0.3))) % pages
        string.append((page, chance.random() < 0.3))
    return string


@pytest.mark.parametrize("string,policy,faults", BOOKS)
def test_text_books(string, policy, faults):
    frames = ",".join(map(str, faults))
    found = replace_json("--policy", policy, "--frames", frames, string)
    assert {run["frames"]: run["faults"] for run in found["runs"]} == faults


@pytest.mark.parametrize("policy,victim", [
    ("nru", "2"), ("fifo", "3"), ("lru", "1"), ("clock", "2")])
def test_tanenbaum_four_pages(policy, victim):
    """Loaded 3 0 2 1, used last 1 2 0 3, R of 0 and 3, M of 1 and 3."""
    found = replace_json("--policy", policy, "--frames", "4", "--tick", "6",
                         "--table", "3w 0 2 1w 1 2 0 3 4")
    assert found["runs"][0]["steps"][-1]["victim"] == victim


def test_tanenbaum_aging():
    """The figure of the aging algorithm, with six bits for eight, after an
    interval in which the pages come; page 3 has the lowest counter."""
    intervals = ["0 1 2 3 4 5", "0 2 4 5 0 2", "0 1 4 0 1 4", "0 1 3 5 0 1",
                 "0 4 0 4 0 4", "1 2 1 2 1 2", "6"]
    found = replace_json("--policy", "lfu", "--frames", "6", "--tick", "6",
                         "--sampled", "--table", *intervals)
    steps = found["runs"][0]["steps"]
    assert steps[-2]["frames"] == [
        ["0", 0b011110], ["1", 0b101100], ["2", 0b100010], ["3", 0b001000],
        ["4", 0b010110], ["5", 0b001010]]
    assert steps[-1]["victim"] == "3"


@pytest.mark.parametrize("policy,tick", [
    *((name, 0) for name in replace_models.MODELS),
    *((name, 7) for name in ("nru", "clock", "wsclock", "genlru"))])
def test_models_agree(policy, tick):
    """Fault by fault and victim by victim."""
    for seed in range(12):
        string = random_string(seed)
        frames = [1, 2, 3, 5, 8, 20]
        found = replacement.simulate("-", [policy], frames, trace_of(string),
                                     steps=True, tick=tick)
        for run in found.runs:
            wanted = replace_models.replay(policy, string, run.frames, tick)
            got = [(step.victim,) if step.fault else None
                   for step in run.steps]
            assert got == wanted, (seed, run.frames)


def test_counts_of_lfu_with_ticks():
    """Halved at each tick; the victim has the lowest one."""
    for seed in range(8):
        found = replacement.simulate("-", ["lfu"], [6],
                                     trace_of(random_string(seed)),
                                     steps=True, tick=9)
        counts = {}
        for step in found.runs[0].steps:
            if step.victim is not None:
                assert counts[step.victim] == min(counts.values())
                del counts[step.victim]
            counts[step.page] = min(63, counts.get(step.page, 0) + 1)
            if step.number % 9 == 0:
                counts = {page: n // 2 for page, n in counts.items()}
            assert dict(step.cells) == counts


@pytest.mark.parametrize("window", [1, 5, 1000])
def test_windows_of_wsclock(window, monkeypatch):
    monkeypatch.setattr(replace_models.WsClock, "window", window)
    for seed in range(10):
        string = random_string(seed)
        for frames in (3, 8):
            found = replacement.simulate(
                "-", ["wsclock"], [frames], trace_of(string), steps=True,
                window=window)
            assert [(step.victim,) if step.fault else None
                    for step in found.runs[0].steps] == \
                replace_models.replay("wsclock", string, frames)


def check_run(run, string):
    """Whatever the policy: frames hold what came and has not gone."""
    resident, dirty, faults, writebacks = [], set(), 0, 0
    for step, (page, write) in zip(run.steps, string, strict=True):
        assert (step.page, step.write) == (page, write)
        assert step.fault == (page not in resident)
        full = len(resident) == run.frames
        assert (step.victim is not None) == (step.fault and full)
        if step.victim is not None:
            assert step.written == (step.victim in dirty)
            resident[resident.index(step.victim)] = page
            dirty.discard(step.victim)
            writebacks += step.written
        elif step.fault:
            resident.append(page)
        faults += step.fault
        if write:
            dirty.add(page)
        assert [cell[0] for cell in step.cells] == resident
        assert step.hand is None or step.hand <= len(resident)
    assert (run.faults, run.writebacks) == (faults, writebacks)


@pytest.mark.parametrize("options", [
    {}, {"tick": 5}, {"tick": 5, "sampled": True}, {"sampled": True}])
def test_bookkeeping(options):
    names = list(replacement.policies())
    for seed in range(8):
        string = random_string(seed)
        found = replacement.simulate("-", names, [1, 3, 6],
                                     trace_of(string), steps=True, **options)
        least = {run.frames: run.faults for run in found.runs
                 if run.policy == "opt"}
        assert len(found.runs) == 3 * len(names)
        for run in found.runs:
            check_run(run, string)
            assert run.faults >= least[run.frames]


def test_random_is_repeatable_and_has_a_seed():
    string = trace_of(random_string(1))
    runs = [replacement.simulate("-", ["random"], [4], string, seed=seed
                                 ).runs[0].faults
            for seed in (1, 1, 2, 3, 4, 5)]
    assert runs[0] == runs[1]
    assert len(set(runs)) > 1


def test_random_spares_nobody():
    """In a loop over five pages each one goes about as often."""
    string = trace_of([(i % 5, False) for i in range(20000)])
    run = replacement.simulate("-", ["random"], [4], string,
                               steps=True).runs[0]
    victims = [step.victim for step in run.steps if step.victim is not None]
    for page in range(5):
        assert 0.15 < victims.count(page) / len(victims) < 0.25


def test_belady_is_found():
    found = replace_json("--policy", "fifo,lru,opt", "--frames", "1-6", BELADY)
    assert found["anomalies"] == [{
        "policy": "fifo", "frames": 3, "faults": 9, "more_frames": 4,
        "more_faults": 10}]
    text = replace("--policy", "fifo", "--frames", "1-6", BELADY).stdout
    assert "Belady's anomaly: fifo has 9 faults in 3 frames and 10 in 4." \
        in text


def stack_by_hand(run, larger):
    """Are the resident pages always a subset of those with more frames?"""
    return all({cell[0] for cell in few.cells} <=
               {cell[0] for cell in many.cells}
               for few, many in zip(run.steps, larger.steps))


def test_stack_property():
    for seed in range(12):
        string = random_string(seed)
        names = list(replacement.policies())
        found = replacement.simulate("-", names, [1, 2, 3, 4, 5, 6],
                                     trace_of(string), steps=True, stack=True)
        for run in found.runs:
            if run.policy in ("opt", "lru"):
                assert run.stack is True
            if run.frames < 6:
                larger = found.run(run.policy, run.frames + 1)
                assert (run.stack is True) == stack_by_hand(run, larger)
    found = replacement.simulate("-", ["fifo"], [3, 4], trace_of(
        [(int(page), False) for page in BELADY.split()]), stack=True)
    assert found.run("fifo", 3).stack == (7, 1)


@pytest.mark.parametrize("window", [1, 3, 10, 5000])
def test_working_set(window):
    string = random_string(5)
    found = replacement.simulate("-", ["fifo"], [3], trace_of(string),
                                 working_set=window)
    pages = [page for page, _ in string]
    wanted = [len(set(pages[max(0, i + 1 - window):i + 1]))
              for i in range(len(pages))]
    assert [point[3] for point in found.working_set] == wanted
    assert [point[0] for point in found.working_set] == \
        list(range(1, len(pages) + 1))


def test_working_set_of_a_long_string():
    string = [(i // 100, False) for i in range(50000)]
    found = replacement.simulate("-", ["fifo"], [3], trace_of(string),
                                 working_set=200)
    assert len(found.working_set) <= 500
    assert found.working_set[-1][0] == 50000
    assert max(point[3] for point in found.working_set[10:]) == 3
    assert min(point[2] for point in found.working_set[10:]) == 2


def test_table():
    done = replace("--policy", "lru", "--frames", "3", SILBERSCHATZ)
    assert done.returncode == 0
    assert done.stdout == """\
lru, 3 frames: 12 faults
reference  7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1
frame 0    7 7 7 2 2 2 2 4 4 4 0 0 0 1 1 1 1 1 1 1
frame 1    . 0 0 0 0 0 0 0 0 3 3 3 3 3 3 0 0 0 0 0
frame 2    . . 1 1 1 3 3 3 2 2 2 2 2 2 2 2 2 7 7 7
           F F F F   F   F F F F     F   F   F
victim           7   1   2 3 0 4     0   3   2
F fault

"""


def test_table_of_the_clock():
    """Stallings draws it: the hand, stars for the use bits."""
    done = replace("--policy", "clock", "--frames", "3", STALLINGS)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[2][2:] == "2* 2* 2* >2* 5* 5* >5* >5* 3* 3* >3* >3*".split()
    assert lines[3][2:] == ">. 3* 3* 3* >3 2* 2* 2* >2 >2* 2 2*".split()
    assert lines[4][2:] == ". >. >. 1* 1 >1 4* 4* 4 4 5* 5*".split()


def test_names_of_pages():
    letters = replace_json("--policy", "all", "--frames", "1-4",
                           "A,B,C,D,A,B,E,A,Bw,C,D,E")
    numbers = replace_json("--policy", "all", "--frames", "1-4",
                           "1 2 3", "4", "1 2 5r", "1 2w 3 4", "5")
    assert letters == numbers
    done = replace("--policy", "fifo", "--frames", "1", "A", "B", "007")
    assert done.stdout.splitlines()[1].split() == ["reference", "A", "B", "7"]


def test_trace_files(tmp_path):
    path = tmp_path / "trace"
    path.write_text("# a program\n\nr 7f3a\nw 7f3b # its stack\r\n"
                    "\tx 400\n  r 7F3A\nw ffffffffffffffff")
    found = replace_json("--policy", "lru", "--frames", "2", "--table",
                         "--trace", str(path))
    assert (found["references"], found["pages"], found["writes"]) == (5, 4, 2)
    run = found["runs"][0]
    assert (run["faults"], run["writebacks"]) == (5, 1)
    assert [step["page"] for step in run["steps"]] == \
        ["7f3a", "7f3b", "400", "7f3a", "ffffffffffffffff"]
    piped = replace("--trace", "-", "--policy", "lru", "--frames", "2",
                    stdin=None, input=path.read_text())
    assert "5 faults, 1 written back" in piped.stdout


@pytest.mark.parametrize("words,complaint", [
    ([], "a string or --trace"),
    (["1", "x"], "'x' is no reference"),
    (["1", "3W"], "'3W' is no reference"),
    (["1", "1.5"], "no reference"),
    (["9" * 30], "no reference"),
    ([" "], "no reference"),
    (["--frames", "0", "1"], "frames there cannot be"),
    (["--frames", "3-1", "1"], "frames there cannot be"),
    (["--frames", "-1", "1"], ""),
    (["--frames", "9999999999", "1"], "frames there cannot be"),
    (["--frames", "1-4000000000", "1"], "too many runs"),
    (["--frames", "1-2000", "1"], "too many runs"),
    (["--frames", "", "1"], "no number of frames"),
    (["--policy", "mru", "1"], "'mru' is no policy"),
    (["--policy", "", "1"], "is no policy"),
    (["--tick", "0", "1"], "no number"),
    (["--tick", "1e3", "1"], "no number"),
    (["--working-set", "-2", "1"], ""),
    (["--working-set-svg", "x.svg", "1"], "needs --working-set"),
    (["--seed", "9" * 40, "1"], "no number"),
    (["--trace", "/nonexistent"], "No such file"),
    (["--trace", "/"], "directory"),
    (["--trace", "/dev/null"], "no references"),
    (["--trace", "x", "1"], "a string or --trace"),
    (["--svg", "/nonexistent/x.svg", "1"], "No such file"),
])
def test_nonsense_is_refused(words, complaint):
    done = replace(*words)
    assert done.returncode not in (0, -6, -11)
    assert complaint in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("text,complaint", [
    ("r 1\nq 2\n", ":2: a line begins with"),
    ("r\n", ":1: no hexadecimal page number"),
    ("r 12g\n", ":1: more than one reference"),
    ("r 1 2\n", ":1: more than one reference"),
    ("w 10000000000000000\n", "more than 64 bits"),
    pytest.param("r " + "f" * 100000, "more than 64 bits", id="long number"),
    ("\0\0\0", "a line begins with"),
    ("\xff\xfe", "a line begins with"),
    pytest.param("#" * 200000, "no references", id="long line"),
    ("", "no references"),
])
def test_bad_traces_are_refused(text, complaint, tmp_path):
    path = tmp_path / "trace"
    path.write_bytes(text.encode("latin-1"))
    done = replace("--trace", str(path))
    assert done.returncode not in (0, -6, -11)
    assert complaint in done.stderr and "Traceback" not in done.stderr


def test_no_simulator_is_explained(tmp_path):
    done = replace("1", env=dict(os.environ, B=str(tmp_path)))
    assert done.returncode != 0 and "make host" in done.stderr


class Balance(html.parser.HTMLParser):
    """Opened tags are closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_pictures(tmp_path):
    svg, sets, page = (tmp_path / name for name in ("a.svg", "b.svg", "c"))
    done = replace("--svg", str(svg), "--working-set", "3",
                   "--working-set-svg", str(sets), "--html", str(page),
                   "--frames", "1-5", "1 2w 3 4 1 2 5 1 2 3w 4 5")
    assert done.returncode == 0, done.stderr
    curves = ET.parse(svg).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert curves.tag == space + "svg"
    assert len(curves.findall(space + "polyline")) == 9
    rings = [c for c in curves.findall(space + "circle")
             if c.get("fill") == "none"]
    assert len(rings) >= 1
    assert len(ET.parse(sets).getroot().findall(space + "polyline")) == 1
    text = page.read_text(encoding="utf-8")
    balance = Balance()
    balance.feed(text)
    assert not balance.open
    assert balance.seen.count("svg") == 2
    assert balance.seen.count("table") == 2 + 9 * 5
    for outside in ("http://", "https://", "<script", "<link", "<img"):
        assert outside not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_million_references(tmp_path):
    """For each policy; a trace of this size is what a program makes in a
    second."""
    chance = random.Random(3)
    path = tmp_path / "trace"
    path.write_text("".join(
        f"r {int(chance.random() ** 3 * 60000):x}\n" for _ in range(1000000)))
    for more in ([], ["--sampled", "--tick", "20000"]):
        done = replace("--trace", str(path), "--frames", "3000,30000", *more)
        assert done.returncode == 0
        assert done.stdout.startswith("1000000 references")


def test_help_and_list():
    assert "examples:" in replace("--help").stdout
    listed = [line.split()[0] for line in replace("--list").stdout.split("\n")
              if line]
    assert set(listed) == {"clock", "fifo", "lru", "nru", "lfu", "wsclock",
                           "genlru", "random", "opt"}
