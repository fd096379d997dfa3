"""vmtrace: programs run as ever while each use of a page is written down, and
tools/replace reads what it writes."""

import os
import re
import subprocess

import pytest

import harness

SCRIPT = """
vmtrace -o /tmp/a true && wc -l </tmp/a
vmtrace -o /tmp/b true && wc -l </tmp/b
vmtrace -o /tmp/c sh -c 'exit 5'; echo status $?
vmtrace -o /tmp/d sh -c 'echo one | cat; exec echo two'; echo status $?
vmtrace -o /tmp/e sh -c 'kill -9 $$'; echo status $?
vmtrace -o /tmp/f /nonexistent 2>/dev/null; echo status $?
vmtrace nothing-such >/dev/null 2>&1; echo status $?
cat /proc/self/vmtrace
echo nonsense >/proc/self/vmtrace 2>/dev/null || echo refused
echo exact >/proc/1/vmtrace 2>/dev/null || echo not yours
echo == trace
vmtrace -d ls /
"""


@pytest.fixture(name="output", scope="module")
def fixture_output():
    done = harness.tools_run("--smp", "2", command=["sh", "-c", SCRIPT])
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode()


def test_programs_do_not_notice(output):
    lines = output.partition("== trace")[0].split("\n")[:-1]
    count = int(lines[0])
    assert count > 300
    assert lines[1:] == [str(count), "status 5", "one", "two", "status 0",
                         "status 137", "status 127", "status 127", "off",
                         "refused", "not yours"]


def test_trace_is_read_by_replace(output, tmp_path):
    """The trace and ls's output come the same way."""
    lines = output.partition("== trace\n")[2].splitlines()
    trace = [line for line in lines if re.fullmatch("[rw] [0-9a-f]+", line)]
    assert set(lines) - set(trace) == set("bin dev etc proc root tmp".split())
    path = tmp_path / "trace"
    path.write_text("\n".join(trace) + "\n")
    done = subprocess.run(
        [os.path.join(harness.ROOT, "tools", "replace"), "--trace", str(path),
         "--frames", "2-6", "--policy", "lru,opt"],
        capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{len(trace)} references")
    assert "nothing in this string is against it for lru, opt" in done.stdout


SAMPLED = """
vmtrace -s 5 -o /tmp/t sh -c 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done
exit 6'
echo status $?
vmtrace -s 0 true 2>/dev/null; echo status $?
vmtrace -s 9 nothing-such 2>/dev/null >/dev/null; echo status $?
cat /tmp/t
"""


def test_samples_of_a_program(tmp_path):
    """Between two looks a program uses a few of its pages, again and again."""
    done = harness.tools_run(command=["sh", "-c", SAMPLED])
    lines = done.stdout.decode().splitlines()
    assert lines[:3] == ["status 6", "status 1", "status 127"]
    path = tmp_path / "trace"
    path.write_text("\n".join(lines[3:]) + "\n")
    samples = path.read_text().split("# sample ")[1:]
    assert len(samples) >= 2
    for sample in samples:
        assert re.fullmatch(r"\d+\n([rw] [0-9a-f]+\n)*", sample)
    again = [line for line in lines[3:] if line.startswith("w")]
    assert len(set(again)) < len(again)
    subprocess.run(
        [os.path.join(harness.ROOT, "tools", "replace"), "--trace", str(path),
         "--frames", "4", "--policy", "lru"], capture_output=True, check=True)
