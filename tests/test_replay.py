"""Recordings: what is kept, what is refused, and gdb going backwards."""

import json
import os
import shutil
import subprocess

import pytest

import tour_page
from harness import ROOT, RUN

DISK = b"hello from disk\n"


def run(*arguments, **kwargs):
    """tools/run; the CompletedProcess with bytes."""
    kwargs.setdefault("input", b"")
    return subprocess.run([RUN, *arguments], capture_output=True, check=False,
                          timeout=600, **kwargs)


@pytest.fixture(name="recording", scope="module")
def fixture_recording(tmp_path_factory):
    """A run with input, a disk and an exit status; the folder and the run."""
    folder = tmp_path_factory.mktemp("replay")
    disk = folder / "disk"
    disk.write_bytes(DISK.ljust(1 << 20, b"\0"))
    done = run("--record", str(folder / "kept"), "--disk", str(disk), "--",
               "sh", "-c", "wc; head -n 1 /dev/vda; echo changed > /dev/vda; "
               "head -n 1 /dev/vda; date; head -c 8 /dev/urandom | hexdump; "
               "exit 5", input=b"one\ntwo\n" * 5000)
    assert b"kept in" in done.stderr, done.stderr
    assert disk.read_bytes().startswith(DISK)
    return folder / "kept", done


def test_replay_repeats_output_and_status(recording):
    folder, first = recording
    again = run("--replay", str(folder))
    assert first.returncode == again.returncode == 5
    assert first.stdout == again.stdout
    lines = first.stdout.split(b"\n")
    assert lines[0].split() == [b"10000", b"10000", b"40000"]
    assert lines[1] + b"\n" == DISK and lines[2] == b"changed"


def test_replay_refuses_another_build(recording, tmp_path):
    facts = json.loads((recording[0] / "recording.json").read_text())
    facts["build"] = "0" * 64
    (tmp_path / "recording.json").write_text(json.dumps(facts))
    done = run("--replay", str(tmp_path))
    assert done.returncode == 125
    assert b"another build" in done.stderr


@pytest.mark.parametrize("arguments, why", [
    (["--record", "@", "--smp", "2", "--", "true"], b"one CPU"),
    (["--record", "@", "--boot", "bios", "--", "true"], b"--boot direct"),
    (["--record", "@"], b"a command"),
    (["--replay", "@"], b"no recording"),
    (["--replay", "@", "--", "true"], b"has the command")])
def test_record_says_what_it_cannot_do(tmp_path, arguments, why):
    folder = str(tmp_path / "new")
    done = run(*[folder if a == "@" else a for a in arguments])
    assert done.returncode == 125 and why in done.stderr, done.stderr


def test_record_leaves_other_folders_alone(tmp_path):
    (tmp_path / "thesis").write_text("mine")
    done = run("--record", str(tmp_path), "--", "true")
    assert done.returncode == 125 and (tmp_path / "thesis").exists()


def test_record_says_why_it_cannot_write():
    done = run("--record", "/proc/new", "--", "true")
    assert done.returncode == 125, done.stderr
    assert done.stderr.startswith(b"tools/run: --record /proc/new: "), \
        done.stderr


def test_tutorial_walks_back_from_the_crash():
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    tour_page.check(os.path.join(ROOT, "docs", "time-travel.md"))
