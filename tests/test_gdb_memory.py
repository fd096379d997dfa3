"""gdb commands about memory and faults, and the breakpoints on events.

Three sessions ask many questions: one on four CPUs, from the first instruction
over a program that knows its own frames to memory that was destroyed on
purpose; one on one CPU of the kernel that is optimised for debugging; one of a
process that swaps.
"""

import os
import re

import pytest

from gdb_session import ask, debug_build, machine
from harness import BUILD

PROGRAM = "pages-before-and-after-writes"
FAULTY = "faults-become-signals"
GROWING = "stack-grows-to-its-limit"
COMMANDS = """pt 1 0x401000,ptmap 1,ptmap 0,frame pfn 1000,frame &cpus,cow 1,
fault,trapframe,trapframe 1,syscall,syscall 1,syscall all,slab,slab region,
slab cpus[0].current,buddy,buddy 0,pagecache,pagecache /bin/sh,pipe,shm
""".replace("\n", "").split(",")
BROKEN_BY = {
    "a list of free frames": "set var frame_free_lists[10] = 99999999",
    "the list of caches": "set var 'slab.c'::cache_list.next->next = "
                          "'slab.c'::cache_list.next",
    "a page table": "set var *(unsigned long *)(0xffff800000000000 + "
                    "init_process->space->pml4) = 0x000ffffffffff067",
    "a tree of regions": "set var init_process->space->regions.root->left = "
                         "init_process->space->regions.root",
    "a file's pages": "set var ((struct inode *)init_process->executable)"
                      "->mapping.root = (void *)0xffff800000123450",
    "the list of spaces": "set var all_spaces.next = (void *)0x1234560",
    "what runs": "set var cpus[$_thread - 1].current = (void *)0xdeadbeef",
}
NUMBERS = """parent_before child_before child_after parent_after zero_frame
shared_frame segment_frame hidden_frame""".split()
WRITTEN = ("python print(gdb.selected_inferior().read_memory(int(gdb."
           "parse_and_eval('buf')), int(gdb.parse_and_eval('count')))"
           ".tobytes().decode())")
BAD_ANSWERS = ("Traceback", "Python Exception", "Error occurred")


def added(*names):
    """tools/run's options for programs of tests/user."""
    options = []
    for name in names:
        path = os.path.join(BUILD, "tests", "user", name)
        options += ["--add", f"{path}:/bin/{name}"]
    return options


def checked(answers):
    """The answers, none of which may be a traceback."""
    for bad in BAD_ANSWERS:
        assert bad not in answers.text, answers.text
    return answers


# ---- four CPUs, from the first instruction --------------------------------

@pytest.fixture(scope="module", name="story")
def fixture_story():
    """Before boot, while booting, three stops of the program, /proc, ruin."""
    at_page = ["pt $pid seen->page", "frame user seen->page", "cow $pid",
               "p *seen"]
    questions = [
        *COMMANDS, "tbreak queue_init", "continue", *COMMANDS,
        f"break-exec {PROGRAM}", "continue", "delete",
        "break-syscall getpgid", "continue", *at_page, *COMMANDS,
        "pt $pid seen->zero", "pt $pid seen->untouched",
        "pt $pid seen->hidden", "pt $pid seen->shared",
        "frame user seen->segment", "frame user seen->hidden", "ptmap $pid",
        "ptmap $pid seen->segment", "pipe $pid seen->pipe[0]",
        "shm seen->segment_id", f"pagecache /bin/{PROGRAM}", "frame",
        "frame 0", "frame function sys_getpgid", "frame apply 2 p $pc",
        "pipe ps | head -n 1", "delete", "break-fault $pid cow", "continue",
        "fault", "pt $pid $address", "disable", "finish", "fault finish",
        "fault",
        "delete", "break-syscall getpgid 0", "continue", *at_page, "delete",
        "break-fault 0 cow", "continue", "fault", "delete",
        "break-syscall getpgid", "continue", *at_page,
        "delete", "break sys_write if $_in_program(\"cat\")",
        "continue", "slab", WRITTEN, "continue", "buddy", WRITTEN,
        "pt 1", "pt 99 0", "pt 1 0x8000000000000000", "pt 1 nonsense",
        "frame nonsense", "frame 0xfffffffffff", "frame 5 5", "ptmap",
        "ptmap 1 0x9000-0x5000", "cow 99", "slab nonsense", "slab 5",
        "buddy 99",
        "pagecache /nope", "pagecache 5", "pagecache /proc/1/maps",
        "pipe 1 99", "pipe 5", "shm 99", "fault now", "syscall 99",
        "break-fault 1 nonsense", "break-syscall nope", "break-signal 99",
        "break-switch nonsense", "complete break-fault 1 ",
        "complete break-syscall pw", "complete pagecache /bin/pa",
        "complete pt ", "complete slab kmalloc-1"]
    for damage in BROKEN_BY.values():
        questions += [damage, *COMMANDS]
    script = f"{PROGRAM}; cat /proc/slabinfo /proc/meminfo"
    with machine(["--smp", "4", *added(PROGRAM)],
                 ["sh", "-c", script]) as port:
        return checked(ask(port, *questions))


def answer(story, command, which=1):
    """The answer to a command asked the n-th time."""
    return story[command if which == 1 else f"{command} #{which}"]


def seen(story, which):
    """What the program has found out itself, at its n-th stop."""
    text = answer(story, "p *seen", which)
    return {name: int(re.search(rf"{name} = (\d+)", text)[1])
            for name in NUMBERS}


@pytest.mark.parametrize("command", COMMANDS)
def test_before_boot_there_is_a_message(story, command):
    assert "has not turned paging on yet" in answer(story, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_while_booting_there_is_an_answer(story, command):
    text = answer(story, command, 2)
    assert text.strip(), command
    assert "make no sense" not in text, text


def test_both_page_tables_show_one_frame_before_the_write(story):
    known = seen(story, 1)
    assert known["child_before"] == known["parent_before"] != 0
    table = answer(story, "pt $pid seen->page")
    assert re.search(rf"PT +\[ *\d+\] at 0x\w+: 0x8\w+  frame "
                     rf"{known['child_before']}, private memory, shared by "
                     r"2: read-only, user, accessed, dirty, no-execute",
                     table), table
    assert "copy-on-write: the next write gets a frame of its own" in table
    frame = answer(story, "frame user seen->page")
    assert re.search(rf"frame {known['child_before']} .*\n(.*\n)*"
                     r"  holders  2\n(.*\n)*(  mapped   0x7\w+ in \d+ "
                     r"\(pages-.*\): read-only.*\n){2}"
                     r"  count    2 page-table entries: that is all", frame), \
        frame
    assert re.search(r" 2  shared with \d+ \(pages-before-an\)",
                     answer(story, "cow $pid"))


def test_pages_of_other_kinds(story):
    known = seen(story, 1)
    assert f"frame {known['zero_frame']}, the zero page that all share" in \
        answer(story, "pt $pid seen->zero")
    untouched = answer(story, "pt $pid seen->untouched")
    assert "empty" in untouched and "a page of zeroes" in untouched
    assert "not present: hidden by PROT_NONE; frame " \
        f"{known['hidden_frame']}" in answer(story, "pt $pid seen->hidden")
    hidden = answer(story, "frame user seen->hidden")
    assert len(re.findall("hidden by PROT_NONE", hidden)) == 2, hidden
    assert f"frame {known['shared_frame']}, page 0x0 of /dev/zero" in \
        answer(story, "pt $pid seen->shared")
    assert f"frame {known['segment_frame']} " in \
        answer(story, "frame user seen->segment")
    assert "page 0x0 of /SYSV00000000 (deleted)" in \
        answer(story, "frame user seen->segment")


def test_ptmap_runs_pages_together(story):
    known = seen(story, 1)
    text = answer(story, "ptmap $pid")
    assert re.search(r"^ +\d\d  0x401000-0x4\w+ +r-xua--- +cache, mapped 2x "
                     rf"+[\d -]+ +r-xp /bin/{PROGRAM}$", text,
                     re.MULTILINE), text
    assert re.search(rf"rw-uad-- +cache, mapped 2x +{known['segment_frame']}"
                     r" +rw-s /SYSV00000000 \(deleted\)$", text,
                     re.MULTILINE), text
    assert re.search(rf" hidden +shared by 2 +{known['hidden_frame']} ",
                     text), text
    one = answer(story, "ptmap $pid seen->segment")
    assert len(one.splitlines()) == 3 and "/SYSV" in one, one
    kernel = answer(story, "ptmap 0", 3)
    assert re.search(r"of 2 MiB +0xffff800000000000-0x\w+ +rw-+g- .*all of "
                     r"RAM", kernel), kernel
    assert "kernel stacks" in kernel and "rwx" not in kernel


def test_shared_objects(story):
    known = seen(story, 1)
    pipe = answer(story, "pipe $pid seen->pipe[0]")
    assert "7 of 65536 bytes used, in 1 pages" in pipe, pipe
    assert r"next     b'for gdb" in pipe and "writers  1 open files" in pipe
    assert re.search(r"writers .*: \d+ \(pages-before-an\) fd 4, \d+ \(pages-"
                     r"before-an\) fd 4; nobody waits", pipe), pipe
    shm = answer(story, "shm seen->segment_id")
    assert re.search(rf"8192 bytes, 1 of 2 pages(.*\n)*.* 0 +"
                     rf"{known['segment_frame']} +mapped 2 times", shm), shm
    assert re.search(r"id 0 +private +8192 +1 +0 +\d+ \(pages-.*at 0x7",
                     answer(story, "shm", 3))
    cache = answer(story, f"pagecache /bin/{PROGRAM}")
    assert re.search(r"(\d+) of \1 pages are there, 0 of them", cache), cache
    assert "mapped by " in cache and "mapped 2 times" in cache
    assert "/bin/sh\n" in answer(story, "pagecache", 3)


def test_where_the_call_came_from(story):
    assert re.search(r"calls getpgid\(pid=0\)", answer(story, "continue", 3))
    assert "getpgid(pid=0)" in answer(story, "syscall", 3)
    assert re.search(r"1 \(init\) +wait4\(pid=-1, ",
                     answer(story, "syscall all", 3))
    assert "system call in user mode" in answer(story, "trapframe", 3)
    assert re.search(r"orig_rax 0x0*79  the number of the call",
                     answer(story, "trapframe", 3))
    assert "wait4(" in answer(story, "trapframe 1", 3)


def test_gdbs_own_frame_and_pipe_still_work(story):
    assert "#0 " in answer(story, "frame") and "sys_getpgid" in \
        answer(story, "frame 0")
    assert "#0 " in answer(story, "frame function sys_getpgid")
    assert re.search(r"#0 (.*\n)+\$\d+ = .*\n#1 (.*\n)+\$\d+ = ",
                     answer(story, "frame apply 2 p $pc"))
    assert answer(story, "pipe ps | head -n 1").startswith("PID")


def test_the_write_is_a_fault_that_gdb_explains(story):
    stop = answer(story, "continue", 4)
    assert "a write to 0x7" in stop and "row 10, ACTION_COPY_FRAME" in stop
    fault = answer(story, "fault", 4)
    assert re.search(r"access    a write to 0x7\w+ by the program at "
                     r"child_writes\+", fault), fault
    assert "the page is present, a write, from user mode" in fault
    assert re.search(r"region    0x7.* rw-p: permits it", fault), fault
    assert "shared by 2: read-only" in fault
    assert "decision  row 10, ACTION_COPY_FRAME" in fault
    assert f"frame {seen(story, 1)['child_before']}, " in \
        answer(story, "pt $pid $address")
    assert "Value returned is" in answer(story, "finish") and \
        "= ACTION_COPY_FRAME" in answer(story, "finish")
    after = answer(story, "fault finish")
    assert "FAULT_OK" in after and "nobody else's: writable, user" in after


def test_after_the_write_the_frames_differ(story):
    known = seen(story, 2)
    assert known["child_after"] not in (0, known["child_before"])
    child = answer(story, "pt $pid seen->page", 2)
    assert f"frame {known['child_after']}, private memory, nobody else's: " \
        "writable" in child, child
    assert re.search(r"mapped   0x7\w+ in \d+ \(.*\): writable(.*\n)+  count "
                     r"   1 page-table entry: that is all",
                     answer(story, "frame user seen->page", 2))


def test_the_last_owner_takes_the_frame_back(story):
    fault = answer(story, "fault", 6)
    assert "decision  row 11, ACTION_TAKE_BACK" in fault, story.text
    known = seen(story, 3)
    assert known["parent_after"] == known["parent_before"]
    assert f"frame {known['parent_after']}, private memory, nobody else's: " \
        "writable" in answer(story, "pt $pid seen->page", 3)


def test_slab_says_what_slabinfo_does(story):
    known = {}
    for line in story[WRITTEN].strip().splitlines()[2:]:
        name, used, total = line.split()[:3]
        known[name] = int(used), int(total)
    rows = {line.split()[0]: line.split() for line in
            answer(story, "slab", 4).splitlines()[1:]}
    assert len(known) > 20 and "BROKEN" not in answer(story, "slab", 4)
    for name in ("process", "thread", "inode", "region", "pid", "file"):
        used, free = int(rows[name][2]), int(rows[name][3])
        assert (used, used + free) == known[name], name


def test_buddy_says_what_meminfo_does(story):
    free = int(re.search(r"MemFree: +(\d+) kB",
                         answer(story, WRITTEN, 2))[1]) // 4
    text = answer(story, "buddy", 4)
    assert "BROKEN" not in text, text
    assert abs(int(re.search(r"(\d+) are free", text)[1]) - free) <= 16


MESSAGES = {
    "pt 1": "pt PID ADDRESS", "pt 99 0": "there is no process 99",
    "pt 1 0x8000000000000000": "is not canonical",
    "pt 1 nonsense": 'No symbol "nonsense"',
    "frame nonsense": 'No symbol "nonsense"',
    "frame 0xfffffffffff": "nothing is mapped at", "ptmap": "ptmap PID",
    "ptmap 1 0x9000-0x5000": "the range is empty",
    "cow 99": "there is no process 99",
    "slab nonsense": 'No symbol "nonsense"', "slab 5": "is in no slab",
    "buddy 99": "orders are 0 to 10", "pagecache /nope": "there is no 'nope'",
    "pagecache 5": "no pointer to kernel data",
    "pagecache /proc/1/maps": "makes its names up",
    "pipe 1 99": "is no pipe", "pipe 5": "no pointer to kernel data",
    "shm 99": "no segment with id 99", "fault now": "fault, or fault finish",
    "syscall 99": "there is no thread 99",
    "break-fault 1 nonsense": "there are cow demand zero file swap stack bad",
    "break-syscall nope": "no system call 'nope'",
    "break-signal 99": "'99' is no signal",
    "break-switch nonsense": 'No symbol "nonsense"',
    "complete break-fault 1 ": "break-fault 1 demand",
    "complete break-syscall pw": "break-syscall pwrite64",
    "complete pagecache /bin/pa": f"pagecache /bin/{PROGRAM}",
    "complete pt ": "pt 1\n",
    "complete slab kmalloc-1": "slab kmalloc-1024",
}


@pytest.mark.parametrize("command", MESSAGES)
def test_arguments_have_messages_and_completions(story, command):
    assert MESSAGES[command] in answer(story, command), story[command]


@pytest.mark.parametrize("damage, command, said", [
    ("a list of free frames", "buddy", "BROKEN: the list of order 10"),
    ("the list of caches", "slab", "list of slab caches is broken"),
    ("a page table", "ptmap 1", "cannot be read"),
    ("a page table", "pt 1 0x401000", "cannot be read"),
    ("a page table", "frame pfn 1000", "frame 1000"),
    ("a tree of regions", "cow 1", "regions is broken"),
    ("a file's pages", "pagecache", "/bin/sh"),
    ("the list of spaces", "cow 1", "regions is broken"),
    ("what runs", "syscall", "no pointer to kernel data"),
])
def test_what_is_broken_is_told(story, damage, command, said):
    times = 4 + list(BROKEN_BY).index(damage)
    times += command in ("slab", "buddy")
    text = answer(story, command, times)
    assert said in text, text


# ---- one CPU, optimised for debugging -------------------------------------

FAULTS = 24


@pytest.fixture(scope="module", name="events")
def fixture_events():
    """Decisions one after the other, then events of each kind."""
    questions = [f"break-exec {FAULTY}", "continue", "delete",
                 "break-fault 0"]
    # Stepping over a breakpoint under load now and then hits it again.
    questions += ["continue", "fault", "disable", "finish",
                  "enable"] * FAULTS
    questions += ["delete", "break-fault 0 bad", "continue", "fault",
                  "delete", "break-signal SEGV", "continue", "continue",
                  "continue", "delete", "break-switch 0", "continue", "frame",
                  "delete", "break-syscall 0", "continue", "syscall",
                  "delete", f"break-exec {GROWING}", "continue", "delete",
                  "break-fault 0 stack", "continue", "fault",
                  "disable", "finish", "fault finish", "info breakpoints",
                  "delete", "info breakpoints", "break-signal CHLD", "continue",
                  "delete", "tbreak panic_wait_for_debugger", "continue",
                  "fault", "trapframe", "syscall"]
    script = f"{FAULTY}; {GROWING}; echo null > /proc/sys/kernel/provoke"
    with machine(["--smp", "1", *added(FAULTY, GROWING)],
                 ["sh", "-c", script],
                 build=debug_build()) as port:
        return checked(ask(port, *questions, build=debug_build()))


def test_fault_decides_as_the_kernel_does(events):
    found = set()
    for turn in range(1, FAULTS + 1):
        said = re.search(r"decision  row .*, (ACTION_\w+):",
                         answer(events, "fault", turn))
        made = re.search(r"Value returned is \$\d+ = (ACTION_\w+)",
                         answer(events, "finish", turn))
        assert said and made and said[1] == made[1], events.text
        found.add(said[1])
    assert len(found) >= 3, found


def test_break_fault_bad_and_stack(events):
    bad = answer(events, "fault", FAULTS + 1)
    assert re.search(r"decision  row (4|6), ACTION_(NO_REGION|FORBIDDEN)",
                     bad), bad
    grows = answer(events, "fault", FAULTS + 2)
    assert "none covers it, but a stack is above" in grows, grows
    assert "row 5, ACTION_GROW_STACK" in grows
    assert "ACTION_GROW_STACK" in answer(events, "finish", FAULTS + 1)
    assert "[stack]: permits it" in answer(events, "fault finish")


def stops(events):
    """What each `continue` told."""
    return [text for name, text in events.items()
            if name.startswith("continue")]


def test_signals_switches_calls_and_exec_stop(events):
    told = stops(events)
    assert f"becomes /bin/{FAULTY}, 1 argument" in told[0], told[0]
    after = told[FAULTS + 2:]
    signals = "".join(after[:3])
    assert "SIGSEGV comes of a fault in " in signals, signals
    assert re.search(r"SIGSEGV is taken by .*: (the handler at 0x4\w+|the "
                     "default action)", signals), signals
    assert re.search(r"CPU 0 switches from .* from now on\) to ", after[3])
    assert "switch_context" in answer(events, "frame")
    assert re.search(r"calls \w+\(", after[4]), after[4]
    assert f"becomes /bin/{GROWING}" in after[5]
    assert "SIGCHLD is sent to" in after[-2] and ", by " in after[-2]
    assert "fault_classify" in answer(events, "info breakpoints")
    assert "No breakpoints" in answer(events, "info breakpoints", 2)


def test_fault_in_a_kernel_that_panicked(events):
    fault = answer(events, "fault", FAULTS + 3)
    assert re.search(r"access    a write to 0x\w\w? by the kernel at "
                     r"provoke_null\+", fault), fault
    assert "row 1, 2, 3, ACTION_KERNEL_BUG" in fault
    trap = answer(events, "trapframe")
    assert "page fault (exception 14) in kernel mode" in trap
    assert "system call in user mode" in trap
    assert "write(fd=1, " in answer(events, "syscall", 2)


# ---- swapping -------------------------------------------------------------

def test_swapped_pages(tmp_path):
    disk = tmp_path / "disk"
    with open(disk, "wb") as file:
        file.truncate(16 << 20)
    script = ("mkswap -q /dev/vda; swapon /dev/vda; "
              "echo 20 > /proc/self/limit_frames; "
              "x=$(yes | head -c 200000); echo here; y=$x")
    with machine(["--smp", "1", "--disk", str(disk)],
                 ["sh", "-c", script]) as port:
        answers = checked(ask(
            port, "break-fault 0 swap", "continue", "fault",
            "pt $pid $address", "ptmap $pid", "frame user $address",
            "fault finish", "frame user $address", "pagecache /dev/vda"))
    assert "row 7, ACTION_SWAP_IN" in answers["fault"], answers.text
    entry = answers["pt $pid $address"]
    slot = re.search(r"swapped out: (slot \d+ of vda) \(1 entry names it",
                     entry)
    assert slot and "the next access brings it back" in entry, entry
    assert slot[1].split()[-1] == "vda" and \
        re.search(r" swapped +slot \d+ of vda ", answers["ptmap $pid"])
    assert f"is swapped out: {slot[1]}" in answers["frame user $address"]
    assert "FAULT_OK" in answers["fault finish"], answers.text
    back = answers["frame user $address #2"]
    assert re.search(r"kind     anon.*(\n.*)*pool     \d+, policy clock: .*"
                     r"(\n.*)*mapped   0x\w+ in \d+ \(sh\)", back), back


def test_trapframe_at_a_functions_first_instruction():
    """A breakpoint on an address stops before the frame pointer is saved."""
    with machine(["--smp", "1"], ["true"]) as port:
        answers = ask(port, "tbreak *syscall_dispatch", "continue", "trapframe",
                      "next", "trapframe")
    first, later = (answer(answers, "trapframe", n) for n in (1, 2))
    assert "system call in user mode" in first
    assert later.startswith(first.split("@@")[0].rstrip())
