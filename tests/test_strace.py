"""strace: the same program, traced on Linux and on hanu, gives the same lines.

What differs by nature is made the same first: addresses, process numbers, times.
Lines of several processes may mix in any order, so each process is compared for
itself, and lines that were cut in two are joined.
"""

import os
import re
import shutil
import subprocess

import pytest

import harness

HOST_STRACE = os.path.join(harness.BUILD, "host/user/strace")


@pytest.fixture(name="program", scope="module")
def fixture_program(tmp_path_factory):
    """The traced program, static, for both systems."""
    if not shutil.which("musl-gcc"):
        pytest.skip("musl-gcc is not installed")
    path = tmp_path_factory.mktemp("strace") / "system-calls"
    subprocess.run(["musl-gcc", "-static", "-O2", "-w", "-o", path,
                    harness.TESTS + "/musl/system-calls.c"], check=True)
    return path


def on_host(*arguments):
    return subprocess.run([HOST_STRACE, *map(str, arguments)], text=True,
                          capture_output=True, timeout=300, check=False)


def join_cut_lines(text):
    """The lines of each process, in the order in which they appear."""
    lines, begun = {}, {}
    for line in text.splitlines():
        pid, line = re.match(r"(\d+) +(.*)", line).groups()
        lines.setdefault(pid, [])
        if line.endswith(" <unfinished ...>"):
            begun[pid] = line[:-len(" <unfinished ...>")]
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>", line)
        if resumed:
            line = begun.pop(pid) + line[resumed.end():]
        lines[pid].append(line)
    return list(lines.values())


def normal(line):
    """The line without what is different each time."""
    line = re.sub(r"0x[0-9a-f]{4,}", "ADDRESS", line)
    line = re.sub(r"/\* \d+ vars? \*/", "/* vars */", line)
    line = re.sub(r"si_uid=\d+", "si_uid=N", line)
    line = re.sub(r"\b(getpid|fork|set_tid_address|gettid)(\(.*\)) +=.*",
                  r"\1\2 = PID", line)
    line = re.sub(r"(tgkill|kill)\(\d{1,7}(, \d+)?, ", r"\1(PID, ", line)
    line = re.sub(r"si_pid=\d+", "si_pid=PID", line)
    line = re.sub(r"wait4\(\d+", "wait4(PID", line)
    line = re.sub(r"(wait4.*)= \d\d*$", r"\1= PID", line)
    return re.sub(r"\s+= ", " = ", line)


def processes(text):
    """The normal lines of each process, but SIGCHLD, which comes when it comes."""
    return [[normal(line) for line in lines if "--- SIGCHLD" not in line]
            for lines in join_cut_lines(text)]


def hanu(program, script):
    done = harness.tools_run("--smp", "2", "--add", f"{program}:/bin/traced",
                             command=["sh", "-c", script], timeout=600)
    return done.stdout.decode()


# Wait until a line of /proc/PID/status matches.
AWAIT = """await() {
    until grep -q "$2" /proc/$1/status; do sleep 0.1; done
}
"""


def test_same_lines_on_linux(program, tmp_path):
    file = tmp_path / "lines"
    done = on_host("-f", "-o", file, program)
    assert done.returncode == 5, done.stderr
    expected = processes(file.read_text())
    got = processes(hanu(program, "strace -f -o /tmp/lines traced;"
                                  "test $? = 5 && cat /tmp/lines"))
    for theirs, ours in zip(expected, got):
        assert ours[1:] == theirs[1:]  # the first has the program's path
    assert len(got) == len(expected) == 3


def test_options(program):
    """In one boot: counts, a choice of calls, a process that runs already, and
    the statuses."""
    out = hanu(program, AWAIT + """
        strace -c -o /tmp/counts ls / >/dev/null; cat /tmp/counts; echo ==
        strace -o /tmp/some -e trace=%file,!close cat /none 2>/dev/null
        echo $?; echo ==
        strace -o /tmp/some -e trace=open,close cat /none 2>/dev/null
        cat /tmp/some; echo ==
        sleep 1000 & p=$!; strace -o /tmp/sleep -p $p &
        await $p 'TracerPid:.[1-9]'; kill $p; wait; cat /tmp/sleep; echo ==
        strace -o /dev/null sh -c 'kill -TERM $$'; echo $?
        strace nonsense; echo $?
        """)
    counts, wrong, some, sleep, ends = out.split("==\n")
    assert re.search(r"^ *[\d.]+ +[\d.]+ +\d+ +1 +execve$", counts, re.M)
    assert counts.splitlines()[-1].endswith("total")
    assert wrong == "1\n"  # there is no call `!close`
    assert some.splitlines() == [
        'open("/none", O_RDONLY)                 = -1 ENOENT '
        "(No such file or directory)", "+++ exited with 1 +++"]
    assert "SIGTERM {si_signo=SIGTERM, si_code=SI_USER" in sleep
    assert "+++ killed by SIGTERM +++" in sleep
    assert ends == "143\n127\n"


def test_attached_to_in_an_exec(program):
    """One that executes itself all the time is not killed by being traced."""
    out = hanu(program, AWAIT + """
        echo 'exec sh /tmp/again' > /tmp/again
        for i in 1 2 3 4 5 6 7 8; do
            sh /tmp/again & p=$!; sleep 0.1
            strace -o /tmp/lines -e trace=execve -p $p &
            await $p 'TracerPid:.[1-9]'; kill $p; wait
            grep -v execve /tmp/lines; echo ==
        done
        """)
    for lines in out.split("==\n")[:-1]:
        assert lines.splitlines()[-1] == "+++ killed by SIGTERM +++"
        assert "SIGTRAP" not in lines
    assert out.count("==") == 8


def test_a_stopped_process_stays_stopped(program):
    """Until SIGCONT, also when it is traced."""
    out = hanu(program, AWAIT + """
        sh -c 'while :; do :; done' & p=$!; strace -o /tmp/lines -p $p &
        await $p 'TracerPid:.[1-9]'
        kill -STOP $p; await $p 'State:.[tT]'
        until grep -q 'stopped by' /tmp/lines; do sleep 0.1; done
        grep State /proc/$p/status
        kill -CONT $p; await $p State:.R; kill $p; wait; cat /tmp/lines
        """)
    assert re.match("State:\t[tT]", out), out
    assert "--- stopped by SIGSTOP ---\n--- SIGCONT {si_signo=SIGCONT" in out
    assert out.endswith("+++ killed by SIGTERM +++\n")


def test_one_that_is_stopped_already_is_shown_as_such(program):
    """Its stop is no part of attaching to it."""
    out = hanu(program, AWAIT + """
        sh -c 'echo > /tmp/runs; while :; do :; done' & p=$!
        until test -e /tmp/runs; do sleep 0.1; done
        kill -STOP $p; await $p State:.T
        strace -o /tmp/lines -p $p & await $p 'TracerPid:.[1-9]'
        until grep -q 'stopped by' /tmp/lines; do sleep 0.1; done
        kill -CONT $p; await $p State:.R; kill $p; wait; cat /tmp/lines
        """)
    assert out.startswith("--- stopped by SIGSTOP ---\n--- SIGCONT {si_signo"), out
    assert out.endswith("+++ killed by SIGTERM +++\n")
