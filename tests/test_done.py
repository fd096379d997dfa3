"""What a newcomer was promised: tools/run, foreign binaries, all boot paths."""

import os
import re
import shutil
import subprocess

import pytest

import harness
from harness import RUN, tools_run

BUSYBOX = "/bin/busybox"
BOOTS = ["direct", "bios", "uefi"]
ODD_WORDS = ["a b", "", "'\"$HOME`\\", "line\nline", "--", "-x", "*?[a]",
             "é\t", "~", "# no comment", "x=1", "\x7f\x01"]


def status_lines(path):
    """--status file as a dictionary of lists."""
    return harness.read_status(path)


@pytest.fixture(name="musl", scope="session")
def fixture_musl(tmp_path_factory):
    """Folder with the static programs of tests/musl."""
    if not shutil.which("musl-gcc"):
        pytest.skip("musl-gcc is not installed")
    folder = tmp_path_factory.mktemp("musl")
    for name in harness.names("musl", ".c"):
        subprocess.run(["musl-gcc", "-static", "-O2", "-o", folder / name,
                        os.path.join(harness.TESTS, "musl", name + ".c"),
                        "-lm"], check=True)
    return folder


def need_busybox():
    if not os.path.exists(BUSYBOX):
        pytest.skip("busybox-static is not installed")


# -- status, channels, arguments ---------------------------------------------

@pytest.mark.parametrize("boot", BOOTS)
def test_pipeline_and_exit_status(boot):
    done = tools_run("--boot", boot, command=[
        "sh", "-c", "echo $((6*7)) | cat; exit 3"])
    assert done.stdout == b"42\n", done.stderr
    assert done.returncode == 3
    assert done.stderr == b""


@pytest.mark.parametrize("boot", BOOTS)
def test_any_argument_survives(boot, musl):
    done = tools_run("--boot", boot, "--add", f"{musl}/arguments:/bin/words",
                     command=["words", *ODD_WORDS])
    assert done.stdout == b"".join(w.encode() + b"\0" for w in ODD_WORDS)
    assert done.returncode == 0


@pytest.mark.parametrize("smp", ["1", "2", "4"])
def test_one_mebibyte_through_cat(smp):
    data = os.urandom(1 << 20)
    done = tools_run("--smp", smp, command=["cat"], input=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout == data


def test_end_of_file_from_a_pipe():
    done = subprocess.run(["sh", "-c", f"echo x | {RUN} --timeout 300 -- cat"],
                          capture_output=True, timeout=360, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"x\n", b"")


def test_stderr_is_a_channel_of_its_own():
    done = tools_run(command=["sh", "-c", "echo out; echo err >&2; exit 1"])
    assert (done.returncode, done.stdout, done.stderr) == \
        (1, b"out\n", b"err\n")


def test_channels_are_no_terminal():
    done = tools_run(command=["sh", "-c", "[ -t 0 ] || [ -t 1 ] || [ -t 2 ]"])
    assert done.returncode == 1


@pytest.mark.parametrize("script,code", [
    ("exit 0", 0), ("exit 255", 255), ("kill -9 $$", 137),
    ("kill -TERM $$", 143), ("kill -SEGV $$", 139)])
def test_exit_codes(script, code, tmp_path):
    path = tmp_path / "status"
    done = tools_run("--status", str(path), command=["sh", "-c", script])
    assert done.returncode == code, done.stderr
    assert status_lines(path)["outcome"] == \
        ["signalled" if code > 128 and code != 255 else "exited"]


def test_command_not_found():
    done = tools_run(command=["no-such-command"])
    assert done.returncode == 127
    assert b"no-such-command" in done.stderr


def test_timeout(tmp_path):
    done = tools_run("--status", str(tmp_path / "s"), command=["sleep", "100"],
                     timeout=5)
    assert done.returncode == 124
    assert status_lines(tmp_path / "s")["outcome"] == ["timeout"]


def test_panic_names_functions(tmp_path):
    done = tools_run("--append", "panic-test", "--status", str(tmp_path / "s"),
                     command=["true"])
    assert done.returncode == 126
    assert b"panic" in done.stderr.lower()
    assert re.search(rb"\[<[0-9a-f]{16}>\] \w+ at \S+\.[cS]:\d+", done.stderr)
    assert status_lines(tmp_path / "s")["outcome"] == ["panic"]


def test_kernel_log_goes_to_the_log_file(tmp_path):
    log = tmp_path / "log"
    done = tools_run("--log", str(log), command=["true"])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert log.stat().st_size > 100


# -- files -------------------------------------------------------------------

def test_added_files_and_folders(tmp_path):
    (tmp_path / "d" / "deep").mkdir(parents=True)
    (tmp_path / "d" / "deep" / "file").write_bytes(b"content\n")
    (tmp_path / "d" / "script").write_text("#!/bin/sh\ncat /d/deep/file\n")
    (tmp_path / "d" / "script").chmod(0o755)
    done = tools_run("--add", str(tmp_path / "d"), "--add",
                     f"{tmp_path}/d/deep/file:/etc/other name",
                     command=["sh", "-c", "/d/script; cat '/etc/other name'"])
    assert done.stdout == b"content\ncontent\n", done.stderr


def test_large_added_file(tmp_path):
    big = tmp_path / "big"
    with open(big, "wb") as file:
        for number in range(100):
            file.write(bytes([number]) * (1 << 20))
        file.write(b"end\n")
    done = tools_run("--mem", "512M", "--add", str(big),
                     command=["sh", "-c", "wc -c < /big; tail -n 1 /big "
                              "| tail -c 4"])
    assert done.stdout.split() == [b"104857604", b"end"], done.stderr
    done = tools_run("--mem", "64M", "--add", str(big), command=["true"])
    assert done.returncode == 125
    assert b"--mem" in done.stderr


# -- programs that nobody wrote for us ---------------------------------------

def test_busybox():
    need_busybox()
    done = tools_run("--add", f"{BUSYBOX}:/bin/busybox",
                     command=["busybox", "sh", "-c",
                              "ls / | wc -l; busybox ps"])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert int(lines[0]) >= 5
    assert "PID" in lines[1]
    assert any("busybox ps" in line for line in lines[2:])


def run_musl(name, expected, smp, folder):
    """One program prints what it prints on Linux."""
    command = f"/bin/{name}" if name == "fork-exec-wait" else name
    done = tools_run("--smp", smp, "--add", f"{folder}/{name}:/bin/{name}",
                     command=[command])
    assert done.stdout == expected, done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("name,expected", [
    ("debugger",
     b"program stopped by signal 19\n"
     b"watch by hardware: sum 0 -> 2 in leaf\n"
     b"watch by hardware: sum 2 -> 6 in leaf\n"
     b"breakpoint 1: leaf, argument 6, sum 6\n  leaf < middle < top\n"
     b"breakpoint 2: leaf, argument 8, sum 12\n  leaf < middle < top\n"
     b"  argument changed to 40\n"
     b"breakpoint 3: leaf, argument 10, sum 52\n  leaf < middle < top\n"
     b"watch by steps: sum 52 -> 62 in leaf\n"
     b"call getppid: entered, rax -38\n"
     b"call getppid: returns our pid\n"
     b"program exits with 175\n"),
    ("hello", b"hello from hello, 0 arguments, PATH=/bin:/usr/bin:/sbin\n"),
    ("big-malloc", b"sum of fresh memory: 0\n"),
    ("fork-exec-wait", b"200 rounds\n"),
    ("named-semaphore", b"1000 turns, value 0, timed out, child 5\n"),
    ("message-queue", b"signal 7, sooner, later, 1000 counted\n"),
    ("signals-and-sleep", b"sleep -1 EINTR, 1 alarm, 3 faults, signal 15\n"),
    ("floats", b"3.141592176 3.333e+99 0.0025 0x1p+0 2.25 child 0\n"),
    ("spawn-and-popen",
     b"spawn <> 3, signal 2, missing 1, popen two 4, y-x\n"
     b"end 0, system 5 15\n"),
    ("shared-memory",
     b"size 8192 mode 600 cloexec 1, again 1, counted 20000 failed 0, "
     b"private 1, unlink 0 1, then 8\n"),
    ("socket-pair",
     b"stream 1, records 2 3 2nd, rights 7 through 0, gone -1 EPIPE 0\n"),
    ("sigaction",
     b"flags 1, pending 0, values 0 1 4 9 16 25 36 49, stack 1, merged 1, "
     b"none 1, waited 1 77, child 1 9\n")])
@pytest.mark.parametrize("smp", ["1", "4"])
def test_musl_programs(name, expected, smp, musl):
    run_musl(name, expected, smp, musl)


@pytest.mark.parametrize("name,expected", [
    ("pthread-locks",
     b"mutex 8000, semaphore 8000, condition 4000 0, rwlock 1000 1000, "
     b"barrier 200, check 1 1, recursive 0 0, limits 7, bad 0\n"),
    ("pthread-cancellation",
     b"read 1 ba, condition 1 0, sleep 1, spin 1, resist 1 bac, "
     b"specific 36 once 1 bad 0 mine 5\n"),
    ("pthread-owners-that-die",
     b"dead 1 consistent 0 0 0, dead 1 consistent 0 0 0, lost 1, protocol 0, "
     b"counted 8000, busy 1\n"),
    ("pthread-many",
     b"joined 44850, detached 300, together 64, signal 1, child 7\n"),
    ("pthread-time-limits", b"late 18 of 18, early 0, refused 0\n"),
    ("pthread-cancel-points",
     b"blocked 16, cleaned 16, bytes 1200 of 1200, spinning 8, cleaned 24, "
     b"overflow 11\n"),
    ("pthread-between-processes",
     b"status 0, mutex 2000, semaphore 2000, rwlock 252 252, turns 80, "
     b"bad 0, fork 3 21p\n")])
@pytest.mark.parametrize("smp", ["1", "2", "4"])
def test_musl_threads(name, expected, smp, musl):
    run_musl(name, expected, smp, musl)


# -- demonstrations ----------------------------------------------------------

@pytest.mark.parametrize("name", ["cow", "demand", "fork-tree", "zombie",
                                  "orphan"])
def test_demonstration_runs(name):
    done = tools_run("--smp", "2", "--mem", "512M", command=[name])
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_ps_shows_every_thread():
    """The first thread's number is the process'; all three have a line."""
    program = os.path.join(harness.BUILD, "tests", "user", "thread-proc-views")
    script = "until [ -e /tmp/end ]; do sleep 0.1; done | three stay | " \
        "{ read ready; ps -eLF; : > /tmp/end; }"
    done = tools_run("--smp", "2", "--add", f"{program}:/bin/three",
                     command=["sh", "-c", script])
    head, *lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert head[:4] == ["PID", "LWP", "NLWP", "PPID"], done.stderr
    found = [list(map(int, line[:3])) for line in lines
             if line[-2:] == ["three", "stay"]]
    pid = found[0][0]
    assert [row[0] for row in found] == [pid] * 3
    assert [row[2] for row in found] == [3] * 3
    numbers = [row[1] for row in found]
    assert numbers[0] == pid and len(set(numbers)) == 3
    others = [line for line in lines if line[0] != str(pid)]
    assert all(line[0] == line[1] and line[2] == "1" for line in others)


def test_icount_repeats_exactly():
    script = "cow; cat /proc/stat /proc/uptime /proc/self/stat"
    runs = [tools_run("--icount", command=["sh", "-c", script], timeout=900)
            for _ in range(2)]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout


def test_kernel_uses_under_8_mebibytes():
    done = tools_run(command=["cat", "/proc/meminfo"])
    values = {name.decode(): int(rest.split()[0]) for name, rest in (
        line.split(b":") for line in done.stdout.splitlines())}
    user = values["MemFree"] + values["Cached"] + values["AnonPages"]
    initrd = os.path.getsize(os.path.join(harness.BUILD, "initrd.cpio")) >> 10
    print(done.stdout.decode())
    # What is not adopted by the page cache of the initrd is the kernel's.
    assert 256 * 1024 - user - max(0, initrd - values["Cached"]) < 8192


# -- nothing stays behind ----------------------------------------------------

ROUNDS = """
look() {
    echo 3 > /proc/sys/vm/drop_caches
    sleep 0.3
    grep Frames /proc/meminfo
    cat /proc/slabinfo
    ls /proc > /tmp/list
    grep '^[0-9]' /tmp/list | wc -l
}
/t 100 > /dev/null || exit 1
look > /tmp/before
look > /tmp/after
look > /tmp/before
/t 2500 > /dev/null || exit 2
cat /tmp/before
for i in 1 2 3 4 5 6 7 8; do
    echo ----
    look > /tmp/after
    cat /tmp/after
done
"""
# The commands that look were processes too: the last one's remains may still be
# on their way, and more on a CPU that the host has stopped. A leak would be
# counted in thousands, and stay.
SLACK = 16


def check_nothing_is_left(before, after):
    """Free memory, objects and processes are as many as before."""
    assert len(before) == len(after) > 20
    for old, new in zip(before[:-1], after[:-1]):
        name, old_count = old.split()[:2]
        new_count = new.split()[1]
        if name == "FramesFree:":
            assert int(new_count) >= int(old_count) - SLACK
        elif not name.startswith(("Frames", "slabinfo", "#")):
            assert int(new_count) <= int(old_count) + SLACK, (old, new)
    assert before[-1] == after[-1]  # processes


def test_10000_rounds_leave_nothing_behind(tmp_path):
    """fork, exec, exit, wait in four processes on four CPUs."""
    (tmp_path / "rounds.sh").write_text(ROUNDS)
    program = os.path.join(harness.BUILD, "tests", "user",
                           "stress-fork-exec-wait")
    done = tools_run("--smp", "4", "--add", f"{tmp_path}/rounds.sh:/rounds.sh",
                     "--add", f"{program}:/t", "--status",
                     str(tmp_path / "s"), command=["sh", "/rounds.sh"],
                     timeout=900)
    assert done.returncode == 0, done.stderr
    before, *looks = [look.splitlines() for look in
                      done.stdout.decode().split("----\n")]
    for after in looks[:-1]:
        try:
            check_nothing_is_left(before, after)
            break
        except AssertionError:
            pass
    else:
        check_nothing_is_left(before, looks[-1])
    assert status_lines(tmp_path / "s")["audit"] == ["ok"]
