"""tools/trace: the events of programs that are known, and what becomes of them.

One boot with two CPUs runs programs whose events can be told beforehand; one
that counts instructions shows what tracing costs when it is off; one has rings
that are too small.
"""

import collections
import json
import os
import re
import subprocess

import pytest

import harness
import test_swap
from trace_replay import PageTables, Trace

TRACE = os.path.join(harness.ROOT, "tools", "trace")
SCRIPT = """
cow 1
echo mark pipeline > /proc/trace
echo 12345678 | cat
echo mark signals > /proc/trace
sigdemo 5
sh -c 'kill -TERM $$'
echo mark messages > /proc/trace
mailbox
echo mark end > /proc/trace
exit 7
"""
EVENT_WORDS = ("ph", "name", "ts", "pid", "tid")


def run_trace(out, *words, status=0, timeout=600):
    """Run tools/trace; its standard output and error."""
    done = subprocess.run([TRACE, "--out", str(out), "--timeout",
                           str(timeout), *words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False,
                          timeout=timeout + 120)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


@pytest.fixture(name="story", scope="module")
def fixture_story(tmp_path_factory):
    """(Trace of SCRIPT, folder of its files, what was printed)"""
    folder = tmp_path_factory.mktemp("trace")
    printed = run_trace(folder, "--no-page", "sh", "-c", SCRIPT, status=7)
    return Trace(folder / "events.json"), folder, printed


def between(trace, first, second):
    """The events between two marks."""
    at = {e["text"]: i for i, e in enumerate(trace.events)
          if e["event"] == "mark"}
    return trace.events[at[first] + 1:at[second]] if first else \
        trace.events[:at[second]]


def test_nothing_is_lost_and_times_are_in_order(story):
    """Each CPU's events are in order, and none is missing."""
    trace, _, (_, err) = story
    assert trace.lost == 0
    assert "LOST" not in err
    assert all(delta >= 0 for delta in trace.data["events"]["time"])
    assert {e["cpu"] for e in trace.events} == {0, 1}
    assert trace.data["command"].startswith("sh -c")


def test_processes_have_lives(story):
    """Who forked whom, under which names, and how it ended."""
    trace, *_ = story
    parent, child = trace.pid_named("cow")
    shell, = [p["pid"] for p in trace.data["processes"]
              if p["pid"] == trace.processes[parent]["parent"]]
    assert trace.processes[child]["parent"] == parent
    assert [n for _, n in trace.processes[parent]["names"]] == ["sh", "cow"]
    assert trace.processes[shell]["status"] == 7 << 8
    for pid in (parent, child):
        life = trace.processes[pid]
        fork, = trace.of("fork", pid=pid, tid=trace.processes[pid]["pid"])
        assert fork["time"] == life["start"] < life["end"]
        exited, = [e for e in trace.of("exit", status=0) if e["tid"] == pid]
        reaped, = trace.of("wait", pid=pid)
        assert exited["time"] == life["end"] < reaped["time"]
        assert reaped["tid"] == life["parent"]
    arrows = {(a["tid"], b["pid"]) for a, b in trace.flows("wait")}
    assert {(child, parent)} <= {(a, trace.processes[a]["parent"])
                                 for a, _ in arrows}


def test_cow_shares_copies_and_takes_back(story):
    """fork shares; the child's writes copy what the parent's then take back."""
    trace, *_ = story
    parent, child = trace.pid_named("cow")
    events = between(trace, None, "pipeline")
    spaces = {pid: trace.processes[pid]["spaces"][-1][1]
              for pid in (parent, child)}
    share = [i for i, e in enumerate(events) if e["event"] == "share" and
             e["child"] == spaces[child]]
    copies = {e["address"] >> 12: (i, e) for i, e in enumerate(events)
              if e["event"] == "cow_copy" and e["tid"] == child}
    reuses = {e["address"] >> 12: (i, e) for i, e in enumerate(events)
              if e["event"] == "cow_reuse" and e["tid"] == parent}
    assert share and all(events[i]["space"] == spaces[parent] for i in share)
    both = copies.keys() & reuses.keys()
    assert len(both) >= 128  # half of 256 pages
    tables = PageTables()
    at_fork = {}
    for i, event in enumerate(events):
        tables.take(event)
        if i == share[-1]:
            at_fork = dict(tables.spaces[spaces[parent]])
    for page in both:
        (i, copy), (j, reuse) = copies[page], reuses[page]
        assert share[-1] < i < j
        assert copy["from"] == at_fork[page][0] == reuse["frame"]
        assert copy["to"] != copy["from"] and copy["holders"] == 2
        assert copy["space"] == spaces[child]


def test_each_fault_says_what_was_decided(story):
    """Copies and reuses come with a fault that says so, with its frame."""
    trace, *_ = story
    faults = {(e["tid"], e["address"] >> 12, trace.enum("a", e["action"]))
              for e in trace.of("fault") if trace.enum("r", e["result"]) ==
              "OK" and e["frame"] and e["error"] & 2}
    for kind, action in (("cow_copy", "COPY_FRAME"),
                         ("cow_reuse", "TAKE_BACK")):
        told = {(e["tid"], e["address"] >> 12, action)
                for e in trace.of(kind)}
        # A write to a private page of a file fills and copies in one fault.
        told = {t for t in told if (*t[:2], "FILL_MAPPING") not in faults}
        assert told and told <= faults
    assert trace.data["enums"]["a"][0] == "KERNEL_BUG"


def test_page_tables_can_be_replayed(story):
    """No frame is freed while a page maps it, or mapped while it is free."""
    trace, *_ = story
    tables = PageTables()
    for event in trace.events:
        tables.take(event)
    assert tables.wrong == []
    ended = [p for p in trace.data["processes"] if p["end"] is not None]
    for process in ended:
        for _, space in process["spaces"]:
            if space not in [s for p in trace.data["processes"]
                             if p["end"] is None for _, s in p["spaces"]]:
                assert not tables.spaces[space]


def test_pipe_carries_bytes_from_echo_to_cat(story):
    """The arrow goes from the writer to the reader, with the bytes."""
    trace, *_ = story
    events = between(trace, "pipeline", "signals")
    write, = [e for e in events if e["event"] == "pipe_write"]
    cat, = [e["tid"] for e in events if e["event"] == "exec" and
            e["path"] == "/bin/cat"]
    assert write["bytes"] == 9 and write["left"] == 9
    arrow, = [(a, b) for a, b in trace.flows("pipe")
              if a["object"] == write["object"] and a["time"] ==
              write["time"]]
    assert arrow[0]["tid"] not in (cat, 0) and arrow[1]["tid"] == cat
    assert (arrow[1]["bytes"], arrow[1]["left"]) == (9, 0)


def test_signals_go_to_and_fro(story):
    """Ten turns of SIGUSR1 at least, each sent and then delivered."""
    trace, *_ = story
    number = {name: int(n) for n, name in
              trace.data["enums"]["signals"].items()}["SIGUSR1"]
    pair = trace.pid_named("sigdemo")[:2]
    arrows = [(a, b) for a, b in trace.flows("signal")
              if a["signal"] == number and b["tid"] in pair]
    assert len(arrows) >= 10
    killed, = trace.of("exit", status=15)
    assert [a["signal"] for a, b in trace.flows("signal") if b is killed] == \
        [15]
    for sent, taken in arrows:
        assert sent["time"] <= taken["time"]
        assert sent["pid"] == taken["tid"] != sent["tid"]
        assert taken["handler"].startswith("0x4")


def test_messages_find_their_receivers(story):
    """Every message that was received had a sender before."""
    trace, *_ = story
    arrows = trace.flows("message")
    assert arrows
    for sent, received in arrows:
        assert sent["time"] < received["time"]
        assert sent["message"] == received["message"]
        assert sent["object"] == received["object"]


def test_switches_make_sense(story):
    """Who leaves a CPU is who came to it last; who sleeps says where."""
    trace, *_ = story
    running, slept = {}, set()
    for event in trace.of("switch"):
        cpu = event["cpu"]
        assert running.get(cpu, event["tid"]) == event["tid"]
        running[cpu] = event["next"]
        if trace.enum("t", event["state"]) == "BLOCKED":
            slept.add(event["waits"])
    assert "process_wait" in slept
    assert any("pipe" in name or "bytes" in name for name in slept), slept


def test_system_calls_come_in_pairs(story):
    """Each call that returns has begun, with the same number."""
    trace, *_ = story
    begun = {}
    calls = collections.Counter()
    names = trace.data["enums"]["syscalls"]
    for event in trace.events:
        if event["event"] == "syscall_enter":
            begun[event["tid"]] = event["number"]
        elif event["event"] == "syscall_exit" and event["tid"] in begun:
            assert begun.pop(event["tid"]) == event["number"]
            calls[names[str(event["number"])]] += 1
    assert calls["fork"] >= 4 and calls["execve"] >= 4
    assert calls["rt_sigsuspend"] >= 8


def test_perfetto_file_is_sound(story):
    """trace.json: known phases, slices that do not overlap, paired arrows."""
    _, folder, _ = story
    with open(folder / "trace.json", encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    arrows = collections.Counter()
    ends = collections.defaultdict(float)
    for event in events:
        assert all(word in event for word in EVENT_WORDS)
        assert event["ts"] >= 0 and event["ph"] in "MXBiCsf"
        if event["ph"] in "sf":
            arrows[event["cat"], event["id"]] += 1
    slices = sorted((e for e in events if e["ph"] == "X"),
                    key=lambda e: e["ts"])
    for event in slices:
        track = event["pid"], event["tid"]
        assert event["ts"] >= ends[track] - 0.0015, event
        ends[track] = event["ts"] + event["dur"]
    assert arrows and set(arrows.values()) == {2}
    named = {e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert {"CPUs", "sh → cow", "sh → cat"} <= named


def test_profile_names_functions_of_kernel_and_program(story):
    """Folded stacks: from the program's start into the kernel."""
    _, folder, (_, err) = story
    lines = (folder / "profile.folded").read_text().splitlines()
    counts = [re.fullmatch(r"(\S.*) (\d+)", line) for line in lines]
    assert all(counts)
    total = sum(int(match[2]) for match in counts)
    assert f" {total} samples" in err and total > 10
    stacks = [match[1] for match in counts]
    assert any(s.startswith("cow;_start;libc_start;main") for s in stacks)
    assert any(re.search(r";_start;libc_start;.*;syscall_\w+_\[k\]", s)
               for s in stacks)


def test_small_rings_lose_and_say_so(tmp_path):
    """What is lost is counted; with the rest it is all that was written."""
    out, err = run_trace(tmp_path, "--no-page", "--smp", "1", "--size", "4K",
                         "--events", "syscall,-syscall_exit,mark",
                         "sh", "-c", "echo mark first > /proc/trace; "
                         "dd if=/dev/zero of=/dev/null bs=1 count=20000 "
                         "2>/dev/null; grep 'cpu 0' /proc/trace; "
                         "echo mark last > /proc/trace")
    trace = Trace(tmp_path / "events.json")
    written = int(re.search(r"cpu 0: (\d+) events", out)[1])
    assert len(trace.events) + trace.lost >= written
    assert {e["event"] for e in trace.events} <= {"mark", "syscall_enter"}
    assert trace.of("mark")[-1]["text"] == "last"
    assert trace.lost > 0 and f"{trace.lost} LOST" in err
    assert f"{len(trace.events)} events" in err


@pytest.mark.parametrize("option, value", [
    ("--events", "sched,foo"), ("--rate", "0"), ("--size", "1G"),
    ("--out", "/proc/new")])
def test_wrong_options_are_told_before_anything_runs(option, value):
    done = subprocess.run([TRACE, option, value, "true"], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 125 and "foo" not in done.stdout
    assert re.match(r"tools/trace: .+\n$", done.stderr), done.stderr
    assert value.split(",")[-1] in done.stderr


def test_off_costs_nothing_and_on_is_told(tmp_path):
    """Instructions of a null system call and of a fault, off, on, off again."""
    bench = "bench null_syscall fault_cow\n"
    script = tmp_path / "script"
    script.write_text(f"{bench}echo all -profile on > /proc/trace\n{bench}"
                      f"echo free > /proc/trace\n{bench}"
                      "cat /proc/trace\n")
    done = harness.tools_run("--icount", "--add", f"{script}:/script",
                             command=["sh", "/script"], text=True)
    assert done.returncode == 0, done.stderr
    calls, faults = ([float(n) for n in re.findall(
        rf"^{name} +([\d.]+) ns", done.stdout, re.M)]
        for name in ("null_syscall", "fault_cow_takeback"))
    assert abs(calls[0] - calls[2]) <= 1 and calls[1] > calls[0] + 50
    assert abs(faults[0] - faults[2]) <= 5 and faults[1] > faults[0] + 50
    assert "\noff " in "\n" + done.stdout
    assert "cpu 0: 0 events, 0 lost" in done.stdout


def test_pages_can_be_followed_through_swap(tmp_path):
    """What reclaim unmaps and swap brings back fits the rest, too."""
    disk = test_swap.image(tmp_path / "disk", 48 * test_swap.MIB)
    run_trace(tmp_path, "--no-page", "--events",
              "all,-irq,-syscall,-profile", "--size", "8M", "--mem", "48M",
              "--disk", str(disk), "sh", "-c",
              "swapon /dev/vda; "
              "dd if=/dev/zero of=/big bs=1M count=12 2>/dev/null; "
              "cow 12 >/dev/null; rm /big; swapoff /dev/vda")
    trace = Trace(tmp_path / "events.json")
    assert trace.of("swap_out") and trace.of("swap_in")
    tables = PageTables()
    for event in trace.events:
        tables.take(event)
    assert trace.lost == 0
    assert tables.wrong == []
