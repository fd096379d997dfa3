"""Panics: every kind that /proc/sys/kernel/provoke makes is named, with its
function and line, on one and on two CPUs; and what kills a program is told."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import gdb_session
import harness

SOURCE = "kernel/proc/provoke.c"

# The word, what the report calls it, and the function that does it.
ON_ONE_CPU = [
    ("panic", r"provoked", "provoke_panic"),
    ("assert", r"kernel/proc/provoke\.c:(\d+): assertion failed: here == 1",
     "provoke_assert"),
    ("report", r"report fails", "provoke_report"),
    ("null", r"null pointer: write to 0x10 in the kernel", "provoke_null"),
    ("null-call", r"call through a null pointer: 0 in the kernel",
     "provoke_null_call"),
    ("wild-pointer", r"wild pointer: write to 0xffffe00000000000 ",
     "provoke_wild_pointer"),
    ("no-address", r"general protection fault in the kernel: r\w+ "
     r"6b6b6b6b6b6b6b6b is no address", "provoke_no_address"),
    ("wild-jump", r"jump to a wild address: 0xffffe00000000000 ",
     "provoke_wild_jump"),
    ("execute-data", r"execution of data \(NX\): 0xffffffff8\w+ ",
     "provoke_execute_data"),
    ("write-text", r"write to program text: write to 0xffffffff8\w+ ",
     "provoke_write_text"),
    ("write-constant", r"write to read-only data: write to 0xffffffff8\w+ ",
     "provoke_write_constant"),
    ("user-memory", r"user memory touched outside of a user copy \(SMAP\): "
     r"write to 0x7ff\w+ ", "provoke_user_memory"),
    ("user-code", r"jump to user code \(SMEP\): 0x\w+ ", "provoke_user_code"),
    ("instruction", r"invalid instruction in the kernel",
     "provoke_instruction"),
    ("divide", r"divide error in the kernel", "provoke_divide"),
    ("stack-overflow", r"kernel stack overflow: stack pointer 0xffffd\w+ is "
     r"in the guard page", "recurse"),
    ("double-fault", r"double fault: stack pointer 0xffffe00000000000, last "
     r"page fault at 0xffffdffffffffff8", "provoke_double_fault"),
    ("nmi", r"NMI in the kernel", "provoke_nmi"),
    ("machine-check", r"machine check", "provoke_machine_check"),
    ("lock-twice", r'deadlock: CPU \d waits for spinlock "provoke first" '
     r"\(rank \d+\), which it holds itself", "provoke_lock_twice"),
]
ON_TWO_CPUS = ON_ONE_CPU + [
    ("lock-circle", r'deadlock: CPU (\d) waits for spinlock "provoke \w+" '
     r"\(rank \d+\) of CPU (?!\1)\d, which waits for one of CPU \1",
     "provoke_lock_circle"),
    ("lock-kept", r'deadlock: spinlock "provoke first" \(rank \d+\) is not '
     r"released by CPU \d, which does something else", "provoke_hold_for_ever"),
    ("hang", r"CPU \d stopped answering: it runs with interrupts off",
     "provoke_hang"),
]
# The other one has a second to stop; the host may keep it for longer.
TRIES = 5
STANDS = re.compile(r"^CPU \d (stands|panics, too):", re.MULTILINE)
CASES = [(1, *row) for row in ON_ONE_CPU] + [(2, *row) for row in ON_TWO_CPUS]


def provoke(word, *options):
    """One boot that ends in a panic; exit code and report."""
    done = harness.tools_run(
        "--append", "watchdog=1", *options,
        command=["sh", "-c", f"echo {word} > /proc/sys/kernel/provoke"])
    return done.returncode, done.stderr.decode(errors="replace")


@pytest.fixture(name="reports", scope="module")
def fixture_reports(request):
    """{(CPUs, word): future of provoke()} of the cases that were selected."""
    with ThreadPoolExecutor(2) as pool:
        futures = {}
        for item in request.session.items:
            values = getattr(item, "callspec", None) and item.callspec.params
            if values and "headline" in values:
                key = values["smp"], values["word"]
                futures[key] = pool.submit(provoke, values["word"], "--smp",
                                           str(values["smp"]))
        yield futures


def provoking_lines(function):
    """Numbers of the lines of a function that bear the mark."""
    numbers, inside = [], False
    with open(os.path.join(harness.ROOT, SOURCE), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if re.match(rf"PROVOKE {function}\(", line):
                inside = True
            elif line.startswith("}"):
                inside = False
            if inside and "/* provoked */" in line:
                numbers.append(number)
    return numbers


@pytest.mark.parametrize("smp, word, headline, function", CASES,
                         ids=[f"{row[1]}-smp{row[0]}" for row in CASES])
def test_kind_is_named_with_function_and_line(smp, word, headline, function,
                                              reports):
    code, report = reports[smp, word].result()
    for _ in range(TRIES):
        if smp == 1 or STANDS.search(report):
            break
        code, report = provoke(word, "--smp", str(smp))
    assert code == 126, report
    found = re.search(r"^panic on CPU \d: " + headline, report, re.MULTILINE)
    assert found, report
    assert re.search(r"  thread \d+ \(sh\) of process \d+ \(sh\)\n"
                     r"  in system call write\(0x1, ", report), report
    lines = {int(n) for n in re.findall(
        rf"\b{function} at {SOURCE}:(\d+)", report)}
    assert lines, report
    marked = provoking_lines(function)
    if marked:
        assert lines & set(marked), (lines, report)
    assert re.search(r"\] proc_store_provoke at \S+\n.*\] proc_write at ",
                     report), report
    assert "-- system call in user mode, ip " in report
    assert report.count("\nspinlocks:\n") == 1
    if smp == 2:
        assert STANDS.search(report), report


def test_all_words_are_tested():
    done = harness.tools_run(command=["cat", "/proc/sys/kernel/provoke"])
    words = {line.split()[0] for line in done.stdout.decode().splitlines()}
    assert words == {row[0] for row in ON_TWO_CPUS}


def test_only_root_and_only_known_words():
    done = harness.tools_run(command=[
        "sh", "-c", "cd /proc/sys/kernel; ls -l provoke; "
        "echo nonsense > provoke; echo lock-circle > provoke; echo alive"])
    assert done.returncode == 0 and b"alive" in done.stdout
    assert done.stdout.startswith(b"-rw-------")
    assert done.stderr.count(b"nvalid argument") == 2


def test_instruction_registers_and_locks():
    _, report = provoke("lock-circle", "--smp", "2", "--append",
                        "watchdog=1 trace=on")
    for cpu in "01":
        assert re.search(rf'  CPU {cpu} holds "provoke \w+" \(rank', report)
        assert re.search(rf'  CPU {cpu} waits for "provoke \w+" \(', report)
    held = report.partition("spinlocks:")[2].partition("\nCPU ")[0]
    assert len(held.splitlines()) == 5, report
    events = report.partition("last events of ")[2].splitlines()[1:]
    assert len(events) == 20 and all(" cpu " in line for line in events)
    _, report = provoke("null")
    assert "\n  instruction movl $0x1,(%r" in report
    assert re.search(r"^r8  [0-9a-f]{16} .*r11 ", report, re.MULTILINE)
    assert re.search(r"^cr2 0000000000000010 cr3 [0-9a-f]+ cr4", report,
                     re.MULTILINE)


def test_report_goes_on_when_a_part_fails():
    _, report = provoke("report")
    assert "(this part of the report failed: null pointer: write to 0 in" \
        in report
    assert "provoke_report at " in report.partition("part of the report")[2]


@pytest.mark.parametrize("boot", ["bios", "uefi"])
def test_panics_of_other_boot_paths_have_names(boot):
    code, report = provoke("stack-overflow", "--boot", boot, "--smp", "2")
    assert code == 126
    assert "kernel stack overflow" in report
    assert f"] recurse at {SOURCE}:" in report
    assert re.search(r"\.\.\. the same \d+ times more", report)


def test_checked_build_lists_sleeping_locks(monkeypatch):
    folder = os.path.join(harness.BUILD, "lockcheck")
    assert os.path.exists(os.path.join(folder, "kernel.elf")), "make lockcheck"
    monkeypatch.setenv("B", folder)
    _, report = provoke("null")
    assert re.search(r'  holds mutex "file", taken at \[<\w+>\] file_write at',
                     report)


def test_debugger_finds_the_panic():
    with gdb_session.machine(["--smp", "2"], [
            "sh", "-c", "echo lock-twice > /proc/sys/kernel/provoke"]) as port:
        answers = gdb_session.ask(port, "break panic_wait_for_debugger",
                                  "continue", "backtrace")
    assert "provoke_lock_twice" in answers["backtrace"]
    assert "syscall_dispatch" in answers["backtrace"]


def test_time_out_shows_where_a_single_cpu_hangs():
    for seconds in (3, 10, 30, 100):  # a slow host boots for longer
        done = harness.tools_run("--where", timeout=seconds, command=[
            "sh", "-c", "echo hang > /proc/sys/kernel/provoke"])
        report = done.stderr.decode(errors="replace")
        assert done.returncode == 124
        assert f"tools/run: time-out after {seconds} s" in report
        if "provoke_hang" in report:
            break
    assert "panic on CPU 0: NMI in the kernel" in report
    assert f"provoke_hang at {SOURCE}:" in report


def test_a_machine_at_work_raises_no_alarm():
    done = harness.tools_run("--smp", "8", "--append", "watchdog=1", command=[
        "schedmix", "-t", "3000", "hog,x=12"])
    assert done.returncode == 0, done.stderr.decode(errors="replace")


# -- programs ------------------------------------------------------------------

MISTAKES = [
    "null pointer: read of 0x8", "call through a null pointer",
    "write to program text", "write to read-only data", "stack overflow",
    "use after unmap: read", "use after unmap: write",
    "access beyond the end of the heap",
    r"execution of data \(on the stack\)", "execution of data: ",
    "wild pointer", "jump to a wild address",
    "access to memory without rights", "access beyond the end of a file",
    "use of a kernel address", "non-canonical address: r.. 0x6b6b6b6b6b6b6b6b",
    "privileged instruction: f4", "invalid instruction: 0f 0b", "divide error"]
PROGRAM = os.path.join(harness.BUILD, "tests", "user", "mistakes-kill")


def test_mistakes_of_programs_are_named_and_limited(tmp_path):
    log = tmp_path / "log"
    done = harness.tools_run(
        "--icount", "--log", str(log), "--add", f"{PROGRAM}:/t/mistakes-kill",
        command=["sh", "-c", "cd /t && ./mistakes-kill >/dev/null && "
                 "./mistakes-kill >/dev/null && sleep 6 && ./mistakes-kill"])
    assert done.returncode == 0, done.stdout
    text = log.read_text(errors="replace")
    found = re.findall(r"mistakes-kill\[\d+\]: killed by signal \d+ "
                       r"\(SIG\w+\): (.*), ip 0x\w+, sp 0x\w+\n", text)
    assert len(found) == 30 + len(MISTAKES), text
    for words, said in zip(MISTAKES, found):
        assert re.match(words, said), (words, said)
    left = 2 * len(MISTAKES) - 30
    assert f"] {left} lines about killed programs were left out\n" in text


def test_fatal_fault_is_shown_with_its_place():
    done = harness.tools_run("--add", f"{PROGRAM}:/t/mistakes-kill",
                             command=["/t/mistakes-kill", "0"])
    assert done.returncode == 139
    assert re.search(
        rb"tools/run: \S*mistakes-kill\[\d+\]: killed by signal 11 \(SIGSEGV\)"
        rb": null pointer: read of 0x8, .*, in \w+ at "
        rb"tests/user/mistakes-kill\.c:\d+", done.stderr), done.stderr
