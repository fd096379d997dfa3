"""gdb commands about processes, threads, CPUs, locks, signals and IPC.

Few sessions ask many questions: one on four CPUs, from the first instruction
to lists that were destroyed on purpose; one of the optimised for debugging
kernel; short ones through firmware, by MI, and by make debug.
"""

import os
import re
import shutil
import subprocess

import pytest

from gdb_session import (PATIENT, SECONDS, ask, debug_build, gdb_command,
                         machine)
from harness import BUILD, ROOT

PROCESS_COMMANDS = """ps,proc,proc 1,threads,threads 1,bt-thread 1,vmas,vmas 1,
runq,locks,waitq &init_process->child_exited,files,files 1,sig,sig 1,dmesg,
percpu,lsipc,user 1""".replace("\n", "").split(",")
# Wait until a process of this name sleeps.
AWAIT = r"""await() {
until ps -e | grep -q " S .* $1\$"; do sleep 0.1; done; }
"""
STORY = AWAIT + """await init; sleep 1000 & await sleep
sleep 999 | cat & await cat; cd /tmp; touch a; mkdir d; exec 5<a
trap : USR1; sysv-objects-in-proc; umask 022
mv a d/b & until grep -q mv /proc/$!/comm && grep -q sleep /proc/$!/status
do sleep 1; done; sync"""
BAD_ANSWERS = ("Traceback", "Python Exception", "make no sense")


def all_commands():
    """Every command there is, with arguments where it needs some."""
    listed = subprocess.run(gdb_command("-batch", "-ex", "hanu"),
                            cwd=ROOT, capture_output=True, text=True,
                            stdin=subprocess.DEVNULL, check=True).stdout
    names = re.findall(r"^([a-z][a-z-]+) ", listed, re.MULTILINE)
    assert {"ps", "proc", "locks", "hanu"} <= set(names)
    return names


@pytest.fixture(scope="module", name="story")
def fixture_story():
    """Answers of a session from the first instruction on, on four CPUs."""
    program = os.path.join(BUILD, "tests", "user", "sysv-objects-in-proc")
    questions = [
        *PROCESS_COMMANDS, "tbreak queue_init", "continue",
        *PROCESS_COMMANDS, "tbreak line_of", "continue", "user", "lsipc",
        "tbreak sys_sync", "tbreak sys_umask", "continue", "p/x $cr3", "p $rsp",
        *PROCESS_COMMANDS, "bt-thread 1 full", "user 1 print argc",
        "user 1 continue", "user 1 x/2i $pc", "p/x $cr3", "p $rsp",
        "backtrace",
        "p process_list", "p init_process->credentials", "p/x $_pid()",
        "p init_process->handlers->action[0].mask",
        "p (pte_t)0x8000000000005067", "p vfs_root->lock",
        "proc 99", "proc nonsense", "waitq process_list", "waitq 5",
        "bt-thread 99", "complete bt-thread ", "complete proc ",
        "set var vfs_rename_lock.owner = init_process->leader",
        "continue", "ps", "locks", "delete", "break queue_insert_locked",
        "continue", "locks", "set var cpus[3].spins_for = "
        "&process_tree_lock", "locks",
        "set var process_list.next->next = process_list.next",
        *PROCESS_COMMANDS,
        "set var process_list.next = (void *)0x1234560", *PROCESS_COMMANDS,
        "set var cpus[0].current = (void *)0xdeadbeef",
        "set var cpus[1].current = (void *)0xdeadbeef",
        "set var cpus[2].current = (void *)0xdeadbeef",
        "set var cpus[3].current = (void *)0xdeadbeef", *PROCESS_COMMANDS]
    with machine(["--smp", "4", "--add",
                  f"{program}:/bin/sysv-objects-in-proc"],
                 ["sh", "-c", STORY]) as port:
        answers = ask(port, *questions)
    for bad in BAD_ANSWERS:
        assert bad not in answers.text, answers.text
    return answers


def answer(story, command, which=1):
    """The answer to a command asked the n-th time."""
    return story[command if which == 1 else f"{command} #{which}"]


@pytest.mark.parametrize("command", PROCESS_COMMANDS)
def test_before_boot_there_is_a_message(story, command):
    assert "has not turned paging on yet" in answer(story, command)


@pytest.mark.parametrize("command", PROCESS_COMMANDS)
def test_while_booting_there_is_an_answer(story, command):
    assert answer(story, command, 2).strip(), command
    if command in ("proc 1", "vmas 1", "files 1", "sig 1", "threads 1"):
        assert "there is no process 1" in answer(story, command, 2)


def test_ps_shows_the_tree_and_what_each_sleeps_on(story):
    text = answer(story, "ps", 3)
    assert re.search(r"^ +1 +0 +blocked +1 +init +wait4: process_wait "
                     r"\(proc/wait.c\), child_exited of 1 \(init\)$", text,
                     re.MULTILINE), text
    assert re.search(r"running +1 +  sh$", text, re.MULTILINE), text
    assert re.search(r"blocked +1 +    sleep +clock_nanosleep|"
                     r"blocked +1 +    sleep +nanosleep", text), text
    assert re.search(r"cat +read: wait_for_bytes \(ipc/pipe.c\), queue 0x",
                     text), text


def test_threads_have_states_and_kernel_threads(story):
    text = answer(story, "threads", 3)
    assert "grave-digger" in text and "graves_filled" in text
    assert len(re.findall(r"^-.* idle ", text, re.MULTILINE)) == 4, text
    assert re.search(r"sh +running on CPU \d", text), text


def test_proc_explains_every_field(story):
    text = answer(story, "proc 1", 3)
    assert "1 (init), blocked: struct process at 0xffff" in text
    fields = re.findall(r"^  (\w+) +", text, re.MULTILINE)
    assert {"pid", "parent", "space", "credentials", "limits"} <= set(fields)
    assert "a zombie until the parent has waited" in text
    assert re.search(r"children +.*\(sh\)", text), text
    assert re.search(r"executable +/bin/init ", text), text
    assert re.search(r"credentials +uid 0 gid 0 ", text), text


def test_areas_files_and_signals(story):
    vmas = answer(story, "vmas", 3)
    assert re.search(r"r-xp .*/bin/sh$", vmas, re.MULTILINE), vmas
    assert "[stack]" in vmas and "[heap]" in vmas and "areas, " in vmas
    files = answer(story, "files", 3)
    assert re.search(r"^ *5 +rdonly.* /tmp/a$", files, re.MULTILINE), files
    assert "working directory /tmp" in files
    signals = answer(story, "sig", 3)
    assert re.search(r"SIGUSR1 +handler 0x4", signals), signals
    assert "pending none" in signals


def test_cpus_run_queues_log(story):
    runq = answer(story, "runq", 3)
    assert "policy eevdf" in runq and "CPU 3 runs " in runq
    percpu = answer(story, "percpu", 3)
    assert "CPU 3 (APIC 3" in percpu and "page faults" in percpu
    assert "smp: 4 CPUs" in answer(story, "dmesg", 3)
    queue = answer(story, "waitq &init_process->child_exited", 3)
    assert "child_exited of 1 (init)" in queue and "wake_thread" in queue


def test_ipc_objects(story):
    text = answer(story, "lsipc", 3)
    assert re.search(r"^ *\d+ +0x00000000 +0 +640 +5000 +1 +1 ", text,
                     re.MULTILINE), text
    assert re.search(r"0x00000000 +0 +600 +3 +0 0 0 ", text), text
    assert re.search(r"0x00000000 +0 +604 +1 +1 ", text), text
    assert "no POSIX message queue" in text
    assert "sysv-objects-in-proc.c:" in answer(story, "user")


def test_backtrace_of_a_sleeping_thread_changes_no_register(story):
    kernel = answer(story, "bt-thread 1", 3)
    assert re.search(r"#0 .*\n(#.*\n)+#\d+ .*process_wait \(.*\n"
                     r"(#.*\n)*#\d+ .*syscall_entry", kernel), kernel
    assert "options = " in answer(story, "bt-thread 1 full")
    user = answer(story, "user 1", 3)
    assert re.search(r"process_wait \((.|\n)*syscall_entry(.|\n)* wait4 "
                     r"\((.|\n)* main \(.*user/init.c:\d+", user), user
    assert "=> 0x4" in answer(story, "user 1 x/2i $pc")
    assert "only commands that look" in answer(story, "user 1 continue")
    for register in ("p/x $cr3", "p $rsp"):
        first, second = answer(story, register), answer(story, register, 2)
        assert first.split("=")[1] == second.split("=")[1]
    here = answer(story, "backtrace")
    assert re.search(r"#0 .*sys_umask(.|\n)*syscall_entry(.|\n)* main \(",
                     here), here


def test_pretty_printers(story):
    assert re.search(r"\{\d+ elements\}", answer(story, "p process_list"))
    assert "{uid 0 gid 0}" in answer(story, "p init_process->credentials")
    assert "{none}" in answer(
        story, "p init_process->handlers->action[0].mask")
    assert "{frame 5 (0x5000) present write user accessed dirty nx}" in \
        answer(story, "p (pte_t)0x8000000000005067")
    assert "{free}" in answer(story, "p vfs_root->lock")


def test_wrong_arguments_have_messages(story):
    assert "there is no process 99" in answer(story, "proc 99")
    assert 'No symbol "nonsense"' in answer(story, "proc nonsense")
    assert "no wait queue but a struct list_node" in \
        answer(story, "waitq process_list")
    assert "no pointer to kernel data" in answer(story, "waitq 5")
    assert "there is no thread 99" in answer(story, "bt-thread 99")


def test_completion_knows_the_processes(story):
    for command in ("bt-thread", "proc"):
        text = answer(story, f"complete {command} ")
        assert f"{command} 1\n" in text and f"{command} 2\n" in text


def test_locks_show_holders_and_waiters(story):
    wanted = answer(story, "locks", 4)
    assert re.search(r"mutex 'rename' .* 1 \(init\) +\d+ \(mv\)", wanted), \
        wanted
    assert re.search(r"mv +rename\w*: \w+ \(fs/\w+.c\), mutex 'rename' .* "
                     r"held by 1 \(init\)", answer(story, "ps", 4))
    spin = answer(story, "locks", 5)
    assert re.search(r"CPU \d holds spinlock 'run queue' 0x", spin), spin
    assert "CPU 3 spins for spinlock 'process tree'" in \
        answer(story, "locks", 6)


@pytest.mark.parametrize("damage, times", [("cycle", 4), ("wild", 5),
                                           ("current", 6)])
def test_broken_lists_are_told(story, damage, times):
    times += 1   # ps was asked once more before
    text = answer(story, "ps", times)
    assert "list of processes is broken" in text, text
    if damage == "current":
        assert "ffffdeadbeef" in answer(story, "proc", times - 1) or \
            "is no pointer" in answer(story, "proc", times - 1)


SHORT_STORY = AWAIT + \
    "await init; sleep 1000 & await sleep; umask 022"
SHORT_QUESTIONS = ["ps", "tbreak sys_umask", "continue", "ps", "bt-thread 1",
                   "user 1", "locks", "backtrace", "tbreak "
                   "queue_insert_locked", "continue", "locks"]


def check_short_story(answers):
    """What any kernel answers to SHORT_QUESTIONS."""
    for bad in BAD_ANSWERS:
        assert bad not in answers.text, answers.text
    assert "there is nothing to see" in answers["ps"], answers.text
    assert re.search(r"sleep +nanosleep: sleep_\w+ ", answers["ps #2"])
    assert "process_wait (" in answers["bt-thread 1"], answers.text
    assert re.search(r"process_wait \((.|\n)* main \(.*user/init.c:",
                     answers["user 1"]), answers.text
    assert "holds no spinlock" in answers["locks"]
    assert re.search(r"syscall_entry (.|\n)* umask \((.|\n)* main \(",
                     answers["backtrace"]), answers.text
    assert re.search(r"holds spinlock 'run queue' 0x\w+, taken in \w+",
                     answers["locks #2"]), answers.text


def test_kernel_for_debugging_booted_by_uefi():
    """-Og, through firmware that has paging on long before the kernel."""
    build = debug_build()
    with machine(["--boot", "uefi", "--smp", "2", "--mem", "512M"],
                 ["sh", "-c", SHORT_STORY], build) as port:
        check_short_story(ask(port, *SHORT_QUESTIONS, build=build))


def test_machine_interface_booted_by_bios():
    """What editors speak: the commands, and user frames in the stack."""
    commands = [
        "-break-insert sys_umask", "-exec-continue", None,
        '-interpreter-exec console "ps"', "-stack-list-frames",
        '-interpreter-exec console "bt-thread 1"',
        "-data-evaluate-expression init_process->credentials",
        "-break-insert -f seq.c:main", "-exec-continue", None,
        "-stack-list-frames", "-gdb-exit"]
    with machine(["--boot", "bios"],
                 ["sh", "-c", SHORT_STORY + "; seq 1; seq 2"]) as port:
        text = speak(["-target-select remote localhost:" + str(port),
                      *commands])
    assert re.search(r"sleep +nanosleep: sleep_", text), text
    first, second = re.findall(r"\^done,stack=.*", text)
    assert 'func="sys_umask"' in first and 'func="main"' in first
    assert "process_wait" in text and '"{uid 0 gid 0}"' in text
    assert 'func="main"' in second and "user/seq.c" in second
    assert "Traceback" not in text


def speak(commands):
    """All that gdb says by MI; None among commands: wait for a stop."""
    text = ""
    with subprocess.Popen(gdb_command("--interpreter=mi3"), cwd=ROOT,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, B=BUILD)) as gdb:
        for command in commands:
            if command is not None:
                gdb.stdin.write(command + "\n")
                gdb.stdin.flush()
            end = "*stopped" if command is None else "^"
            line = " "
            while line and not line.startswith(end):
                line = gdb.stdout.readline()
                text += line
                assert not line.startswith(("^error", "=thread-exited")), text
        gdb.stdin.close()
        text += gdb.stdout.read()
    return text


def test_make_debug_runs_both_in_one_terminal():
    arguments = (f"-iex '{PATIENT}' -batch -ex 'break cow.c:main' "
                 "-ex continue -ex 'print $_in_program(\"cow\")' "
                 "-ex 'info symbol main' -ex kill")
    done = subprocess.run(
        ["make", "-s", "-o", "all", "debug", "SMP=1", "ARGS=cow 1",
         f"GDBARGS={arguments}"], cwd=ROOT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=SECONDS, check=False)
    assert "hit Breakpoint 1, main" in done.stdout or \
        "Breakpoint 1, main (argc=2" in done.stdout, done.stdout + done.stderr
    assert "= 1" in done.stdout and "of " in done.stdout


@pytest.fixture(scope="module", name="programs")
def fixture_programs():
    """Answers of a session with a breakpoint in one of several programs."""
    story = "true; seq 2; cat /dev/null; echo null > " \
        "/proc/sys/kernel/provoke"
    with machine(["--smp", "2"], ["sh", "-c", story]) as port:
        return ask(
            port, "break seq.c:main if argc == 2", "continue", "backtrace",
            "break seq.c:main if argc == 3", "bt-thread 1",
            "user 1", "user 1 info frame",
            "info breakpoints", "tbreak sys_exit_group", "continue",
            "print $_pid()", "tbreak fill_zero", "continue", "bt-thread 1",
            "user 1 bt -1", "set hanu-symbols off", "show hanu-symbols",
            "continue", "where")


def test_breakpoint_in_a_program_stops_in_no_other_but_panics_do(programs):
    """Programs have code at the same addresses; while the symbols of one
    load, those of another that has a breakpoint stay."""
    answers = programs
    assert re.search(r"main \(argc=2.*user/seq.c", answers["backtrace"])
    for own in ("argc == 2", "argc == 3"):
        assert f'if $_in_program("seq") && ({own})' in \
            answers["info breakpoints"], answers.text
    assert "user/seq.c" in answers["info breakpoints"], answers.text
    assert "hit Temporary breakpoint" in answers["continue #2"] or \
        "Temporary breakpoint" in answers["continue #2"]
    assert re.search(r"= \d+", answers["print $_pid()"])
    assert '"off"' in answers["show hanu-symbols"]
    stop = answers["continue #4"]
    assert "the kernel panics" in stop and "main (" not in stop, answers.text
    assert "provoke_null" in answers["where"], answers.text


def test_other_threads_have_a_backtrace_while_this_one_is_in_main(programs):
    """gdb ends a backtrace in main(), which here is the frame whose caller
    is to be the other thread; and seq's names are not init's."""
    assert re.search(r"#0 .*\n(#.*\n)+#\d+ .*process_wait \(.*\n"
                     r"(#.*\n)*#\d+ .*syscall_entry",
                     programs["bt-thread 1"]), programs.text
    assert re.search(r"process_wait \((.|\n)*syscall_entry(.|\n)* wait4 "
                     r"\((.|\n)* main \(.*user/init.c:\d+",
                     programs["user 1"]), programs.text
    assert "_start" not in programs["user 1"]
    assert "lib/c/call.h" in programs["user 1 info frame"], programs.text


def test_other_threads_have_a_backtrace_from_an_inlined_function(programs):
    """Ctrl-C in an idle machine is one, too: idle_loop() in idle_entry()."""
    assert "fill_zero (" in programs["continue #3"], programs.text
    assert "process_wait (" in programs["bt-thread 1 #2"], programs.text
    assert "main (" in programs["user 1 bt -1"], programs.text


def test_symbols_of_a_program_in_a_folder_with_a_blank(tmp_path):
    """Programs must load there: an error in a breakpoint's stop() would
    leave gdb at its prompt while the machine runs."""
    build = tmp_path / "my build"
    (build / "user").mkdir(parents=True)
    for name in ("kernel.elf", "user/seq"):
        shutil.copy(os.path.join(BUILD, name), build / name)
    done = subprocess.run(
        gdb_command("-batch", "-ex", "user-symbols seq", "-ex",
                    "info line seq.c:main", build=str(build)),
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, env={k: v for k, v in os.environ.items() if k != "B"})
    assert "user/seq.c" in done.stdout and "<main>" in done.stdout, \
        done.stdout + done.stderr


def test_every_command_has_help_and_stands_in_the_reference():
    with open(os.path.join(ROOT, "docs", "gdb.md"), encoding="utf-8") as file:
        reference = file.read()
    questions = []
    for name in all_commands():
        questions += ["-ex", f"echo @@{name}\\n", "-ex", f"help {name}"]
        assert f"`{name}" in reference, f"{name} is not in docs/gdb.md"
    text = subprocess.run(gdb_command("-batch", *questions), cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True).stdout
    for part in text.split("@@")[1:]:
        name, _, rest = part.partition("\n")
        assert len(rest) > 40, f"help {name} says too little: {rest}"
