"""Labs: each one's starter, solution and two mutants; the grader's verdicts.

The draw of the mutants is printed (seed). `make check-labs` takes all, and each
has to fail at once; here a race that a busy host did not let happen has two more
runs."""

import concurrent.futures
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import types

import pytest

import gdb_session
import harness
import lab_submissions

sys.path.insert(0, os.path.join(harness.ROOT, "tools"))

from labkit import (check, classroom, cut, guest, memory,  # noqa: E402
                    report, running, spec, tree)

SEED = os.environ.get("LAB_SEED") or str(random.randrange(10 ** 6))
LAB = os.path.join(harness.ROOT, "tools", "lab")
GRADE = os.path.join(harness.ROOT, "tools", "grade")


class Options:
    """As tools/lab check --mutants 2 --times 1 --draws 3; keeps the lines."""

    mutants, times, draws = 2, 1, 3

    def __init__(self):
        self.lines = []
        self.say = self.lines.append


@pytest.fixture(name="cache", scope="module")
def fixture_cache(tmp_path_factory):
    """A folder for built trees, shared by the tests of this file."""
    return str(tmp_path_factory.mktemp("labs"))


@pytest.fixture(name="checks", scope="module")
def fixture_checks(cache, request):
    """{lab: a future of (right?, lines)}: two labs are checked at a time."""
    journal = check.Journal(os.path.join(cache, "journal.json"), True)
    wanted = sorted({item.callspec.params["name"]
                     for item in request.session.items
                     if "checks" in getattr(item, "fixturenames", ())})

    def one(name):
        options = Options()
        good = check.check(spec.Lab(name), cache, journal, SEED, options)
        return good, "\n".join(options.lines)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(one, name) for name in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", spec.names())
def test_starter_solution_and_two_mutants(checks, name):
    good, lines = checks[name].result()
    assert good, f"LAB_SEED={SEED}\n{lines}"


@pytest.mark.parametrize("name", spec.names())
def test_hand_outs_are_in_step(name):
    """The Korean hand-out has the same headings, code and numbers."""
    lab = spec.Lab(name)
    texts = []
    for file in ("README.md", "README.ko.md"):
        with open(os.path.join(lab.folder, file), encoding="utf-8") as handle:
            texts.append(handle.read())
    for what in (spec.headings, spec.code_words, spec.steps):
        assert what(texts[0]) == what(texts[1]), what.__name__


@pytest.mark.parametrize("name", spec.names())
def test_every_test_says_what_it_wants(name):
    lab = spec.Lab(name)
    assert lab.points == 100
    for test in lab.tests:
        assert test.goal and test.hint or test.hidden, test.name
    assert len(lab.mutants()) >= 8


@pytest.mark.parametrize("name", spec.names())
def test_exams_have_many_faults(name):
    assert len(tree.exam_faults(spec.Lab(name))) >= 6


@pytest.mark.parametrize("name", spec.names())
def test_every_mutant_still_fits(name):
    """A function that changed makes its mutants fail loudly."""
    lab = spec.Lab(name)
    for mutant in lab.mutants():
        mutant.check(harness.ROOT)
        assert set(mutant.loses) <= {t.name for t in lab.tests}, mutant.path


def test_a_tree_has_no_solution_no_hidden_test_and_no_history(tmp_path):
    out = tmp_path / "tree"
    subprocess.run([LAB, "make", "cow", out], check=True, capture_output=True)
    lab = spec.Lab("cow")
    text = ""
    for folder, folders, files in os.walk(out):
        folders[:] = [f for f in folders if f != ".git"]
        for file in files:
            with open(os.path.join(folder, file), encoding="utf-8",
                      errors="replace") as handle:
                text += handle.read()
    for path, name in lab.functions:
        body = cut.find(harness.ROOT, path, name).body
        assert cut.plain(body) not in cut.plain(text), name
    with open(out / "README.md", encoding="utf-8") as file:
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read()):
            assert os.path.exists(out / target), target
    assert not os.path.exists(out / "labs" / "cow" / "hidden.py")
    assert not os.path.exists(out / "labs" / "cow" / "mutants")
    assert "def nothing_leaks" not in text
    log = subprocess.run(["git", "-C", out, "log", "--oneline"], check=True,
                         capture_output=True, text=True)
    assert len(log.stdout.splitlines()) == 1


def test_a_lab_that_no_longer_fits_fails_loudly(tmp_path):
    file = tmp_path / "a.c"
    file.write_text("int one(int a)\n{\n    return a;\n}\n")
    new = tmp_path / "b.c"
    new.write_text("int one(long a)\n{\n    return 0;\n}\n")
    with pytest.raises(cut.CutError, match="one is declared"):
        cut.replace(tmp_path, "a.c", cut.definitions(new))
    with pytest.raises(cut.CutError, match="no function two"):
        cut.find(tmp_path, "a.c", "two")


def test_an_exam_has_one_fault_and_does_not_say_where(tmp_path):
    lab = spec.Lab("cow")
    for seed in ("1", "5"):
        out = str(tmp_path / seed)
        told = subprocess.run([LAB, "exam", "cow", out, "--seed", seed],
                              check=True, capture_output=True, text=True)
        drawn = told.stdout.split(", ")[1].split(";")[0]
        mutant = next(m for m in lab.mutants() if m.name == drawn)
        new, old = (cut.definitions(os.path.join(folder, mutant.file))
                    for folder in (out, harness.ROOT))
        differ = {n for n in old if new[n].digest() != old[n].digest()}
        assert differ == set(mutant.of)
        for name in differ:
            said = set(re.findall(r"/\*.*?\*/", new[name].text, re.S))
            assert said <= set(re.findall(r"/\*.*?\*/", old[name].text, re.S))
        with open(os.path.join(out, "EXAM.md"), encoding="utf-8") as file:
            assert drawn not in file.read()
        with open(os.path.join(out, "labs", "cow", "lab.toml"),
                  encoding="utf-8") as file:
            assert "hint" not in file.read()


def test_comments_of_a_wrong_solution_are_dropped():
    old = "{\n    /* a\n     * b */\n    x();\n}"
    new = "{\n    /* no!\n     */\n    y(); /* wrong */\n" \
          "    /* a\n     * b */\n    x();\n}"
    assert cut.without_news(new, old) == \
        "{\n    y();\n    /* a\n     * b */\n    x();\n}"


def test_a_removed_function_takes_its_declaration_along(tmp_path):
    file = tmp_path / "a.c"
    file.write_text("static int one(int a,\n               int b);\nint two;\n"
                    "\nstatic int one(int a, int b)\n{\n    return a;\n}\n")
    cut.replace(tmp_path, "a.c", {}, ["one"])
    assert file.read_text() == "int two;\n"


def test_a_case_is_repeated_alone_under_gdb(cache, tmp_path):
    """The command that a failure prints, with GDB=1; gdb stops in it, and
    the test sees what it saw before."""
    folder = str(tmp_path / "tree")
    tree.copy(tree.template(spec.Lab("cow"), cache), folder)
    words = [sys.executable, os.path.join(folder, "tools", "grade"), "--here",
             "--seed", "7"]
    again = dict(capture_output=True, text=True, check=False, cwd=folder,
                 env=dict(os.environ, B="build"))
    first = subprocess.run([*words, "fork-shares-frames"], **again)
    seen = re.search(r"failed: (.*)", first.stdout)[1]
    case = re.search(r"make grade TEST=(\S+) SEED=7\n", first.stdout)[1]
    port = str(gdb_session.free_port())
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        second = pool.submit(subprocess.run, [*words, "--gdb", port, case],
                             **again)
        gdb = subprocess.run(
            ["gdb", "-q", "-batch", "-iex", gdb_session.PATIENT,
             "-x", "tools/gdb/hanu.py", "build/kernel.elf", "-ex",
             f"set tcp connect-timeout {gdb_session.SECONDS}",
             "-ex", f"target remote localhost:{port}",
             "-ex", "break cow_share_region", "-ex", "continue",
             "-ex", "bt 1", "-ex", "delete", "-ex", "continue"],
            timeout=2 * gdb_session.SECONDS,
            **again)
        second = second.result()
    assert "#0  cow_share_region" in gdb.stdout, gdb.stdout + gdb.stderr
    # Which frame the kernel takes hangs on which interrupt came first.
    assert re.sub(r"\d+", "N", seen) in re.sub(r"\d+", "N", second.stdout), \
        second.stdout


def test_no_look_counts_in_the_midst_of_a_change(monkeypatch):
    """The machine may stop when a boost has lifted one thread of three."""
    looks = [types.SimpleNamespace(is_changing=True),
             types.SimpleNamespace(is_changing=False)]
    monkeypatch.setattr(running, "Look", lambda m, actors: looks.pop(0))
    monkeypatch.setattr(running.Runners, "_rest", lambda self: None)
    runners = object.__new__(running.Runners)
    runners.m = runners.actors = None
    assert not runners.look().is_changing
    assert not looks


def test_a_line_without_the_key_does_not_count():
    """What a user program prints is no answer, whatever it looks like."""
    folder = harness.BUILD
    kernel = os.path.join(folder, "kernel.elf")
    layout = memory.Layout(
        kernel, ["kernel/debug_facts.c", "kernel/proc/process.c"], kernel)
    with guest.Machine(harness.ROOT, folder, layout) as m:
        at = m.address(1)
        m.first.map(at, 1)
        for line in (b"1 ok 7\n", b"0123456789abcdef 1 ok 7\n", b" \n", b"\n"):
            m.first.poke(at, line)
            assert m.first.must("write", 1, at, len(line)) == len(line)


def grade(tmp_path, paths, *words):
    """Grade; {name: record}."""
    out = str(tmp_path / "grades")
    done = subprocess.run([GRADE, "--lab", "cow", "--out", out, "--seed", "1",
                           "-j", "2", *words, *paths], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    records = {}
    for path in paths:
        name = os.path.basename(path)
        with open(os.path.join(out, name, "record.json"),
                  encoding="utf-8") as file:
            records[name] = json.load(file)
    return records, done.stdout


@pytest.fixture(name="kept", scope="module")
def fixture_kept(cache, tmp_path_factory):
    """What --cache takes: a folder with the built lab cow."""
    lab = spec.Lab("cow")
    tree.template(lab, cache)
    kept = tmp_path_factory.mktemp("kept")
    os.symlink(cache, kept / check.state_of(lab))
    return str(kept)


def test_plans_do_what_they_say(kept, tmp_path):
    """The printed script for Slurm and that for Kubernetes, run for one of
    two submissions; GNU parallel's for both, if it is here."""
    made = lab_submissions.hostile(
        tmp_path / "in", ("does-not-compile", "includes-itself"))
    out = tmp_path / "out"

    def run(how, command, cwd=tmp_path, **environment):
        plan = subprocess.run(
            [GRADE, "--lab", "cow", "--seed", "3", "--cache", kept, "--out",
             str(out), "-j", "2", "--plan", how, *made.values()], check=True,
            capture_output=True, text=True).stdout
        subprocess.run(command(plan), check=True, cwd=cwd,
                       env=dict(os.environ, **environment))
        graded = sorted(name for name in made if (out / name).exists())
        shutil.rmtree(out)
        return graded

    assert run("slurm", lambda plan: ["bash", "-c", plan],
               SLURM_ARRAY_TASK_ID="1") == ["includes-itself"]
    assert run("kubernetes", lambda plan: [
        "bash", "-c", re.search(r"- \|\n(.*?)        resources:", plan,
                                re.S)[1]],
               harness.ROOT, JOB_COMPLETION_INDEX="0") == ["does-not-compile"]
    if shutil.which("parallel"):
        (tmp_path / "hosts").write_text(":\n")
        assert run("parallel", lambda plan: ["bash", "-c", plan]) == \
            sorted(made)


def test_grader_contains_hostile_submissions(kept, tmp_path):
    """A Makefile, links, a compile error, a panic, a hang: each scored."""
    made = lab_submissions.hostile(
        tmp_path / "in", ("hangs", "panics", "forges-ok", "does-not-compile",
                          "includes-hidden-tests", "suspends"))
    harmless = lab_submissions.harmless(tmp_path / "in")
    flat = tmp_path / "in" / "flat"
    flat.mkdir()
    shutil.copy(os.path.join(harness.ROOT, lab_submissions.FILE), flat)
    records, _ = grade(tmp_path, [*made.values(), harmless, str(flat)],
                       "--cache", kept)
    assert "none of these files is there: kernel/vm/cow.c" in \
        records["flat"]["tests"][0]["message"]
    assert records["brings-a-makefile"]["score"] == 100
    verdicts = {name: {t["verdict"] for t in records[name]["tests"]}
                for name in made}
    assert verdicts["does-not-compile"] == {"no build"}
    assert verdicts["includes-hidden-tests"] == {"no build"}
    assert "hung" in verdicts["hangs"]
    assert "crashed" in verdicts["panics"]
    assert "crashed" in verdicts["suspends"]
    assert all(records[name]["score"] < 100 for name in made)
    said = json.dumps(records["includes-hidden-tests"])
    assert "nothing_leaks" not in said
    for file in ("results.json", "autograding.json", "junit.xml"):
        path = tmp_path / "grades" / "hangs" / file
        assert "nothing-leaks" not in path.read_text(), file
    again, text = grade(tmp_path, [harmless])  # with nothing built
    assert "as before" in text
    assert again["brings-a-makefile"] == records["brings-a-makefile"]


def test_no_archive_stops_the_others(kept, tmp_path):
    """Damaged ones, traps, one in which no comment ends, a name that is no
    text; archives that are right are read."""
    made = lab_submissions.archives(tmp_path)
    right = lab_submissions.packed(tmp_path)
    strange = os.fsencode(lab_submissions.put(tmp_path, "plain", "int a(\n"))
    os.rename(strange, strange + b"\xff")
    long = os.fsencode(lab_submissions.put(tmp_path, "long", "int a(\n"))
    os.rename(long, long + 100 * b"\xff")
    paths = [*made.values(), *right.values(), strange + b"\xff",
             long + 100 * b"\xff", lab_submissions.unbalanced(tmp_path)]
    out = tmp_path / "grades"
    done = subprocess.run([GRADE, "--lab", "cow", "--out", out, "--cache", kept,
                           *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(paths)} graded" in done.stdout
    records = {r["name"]: r for r in map(report.read_record, out.iterdir())
               if r}
    for name in made:
        test = records[name]["tests"][0]
        assert test["verdict"] == "no build"
        assert test["message"].startswith("not a folder, .tar.gz or .zip: ")
    for name in (*right, "plain\\xff", "comments"):
        test = records[name]["tests"][0]
        assert test["verdict"] == "no build" and "make: " in test["message"]
    assert "plain\\xff,0,100\n" in (out / "grades.csv").read_text()


def qemu_that_says_so(folder):
    """(QEMU, which first writes its number into a pipe; our end of it)"""
    pipe, program = folder / "begun", folder / "qemu"
    os.mkfifo(pipe)
    program.write_text(f"#!/bin/sh\necho $$ > {pipe}\n"
                       'exec qemu-system-x86_64 "$@"\n')
    program.chmod(0o755)
    return str(program), os.open(pipe, os.O_RDWR)


def next_number(pipe):
    """The next line of what may have come already."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(pipe, 1)
    return int(line)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM,
                                  signal.SIGKILL])
def test_a_grading_that_is_ended_leaves_no_record_and_no_machine(
        kept, tmp_path, sent):
    """Neither a wrong result for the submission at work nor a QEMU: the
    second, after the one that shows that the grader can run any."""
    made = lab_submissions.hostile(tmp_path, ("hangs",))
    out = tmp_path / "out"
    qemu, begun = qemu_that_says_so(tmp_path)
    with subprocess.Popen(
            [GRADE, "--lab", "cow", "--out", out, "--cache", kept,
             *made.values()], start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, QEMU=qemu)) as grader:
        grader_ends, = harness.watch([grader.pid])
        for _ in range(2):
            ready = select.select([begun, grader_ends], [], [])[0]
            assert begun in ready, grader.stdout.read()
            machine = next_number(begun)
        machine_ends = harness.watch([machine])
        grader.send_signal(sent)
        said = grader.stdout.read()
    assert grader.returncode == (-9 if sent == signal.SIGKILL else 130), said
    assert not (out / "hangs" / "record.json").exists()
    harness.wait_for([grader_ends, *machine_ends])
    os.close(begun)


def test_what_this_computer_lacks_is_no_zero(kept, tmp_path, monkeypatch):
    """A full disk: no record, so that the next command grades it."""
    path = lab_submissions.put(tmp_path, "one", "int broken(\n")
    grader = classroom.Grader(spec.Lab("cow"), os.path.join(
        kept, check.state_of(spec.Lab("cow"))), str(tmp_path / "out"), "1")
    monkeypatch.setattr(classroom, "ROOM", 1 << 62)
    record = grader.grade(classroom.Submission(path))
    assert {t["verdict"] for t in record["tests"]} == {"not graded"}
    assert "hardly any room" in record["tests"][0]["message"]
    assert not (tmp_path / "out" / "one" / "record.json").exists()
    monkeypatch.undo()
    record = grader.grade(classroom.Submission(path))
    assert {t["verdict"] for t in record["tests"]} == {"no build"}
    assert (tmp_path / "out" / "one" / "record.json").exists()


def test_types_are_not_the_student_s(tmp_path):
    """A kernel without any debug information is read with that of our own."""
    real = os.path.join(harness.BUILD, "kernel.elf")
    bare = str(tmp_path / "kernel.elf")
    subprocess.run(["objcopy", "--strip-debug", real, bare], check=True)
    layout = memory.Layout(bare, ["kernel/proc/process.c"], real)
    assert "process" in layout.structs
    assert layout.symbols["process_list"]


def test_a_plan_draws_a_seed_of_its_own(tmp_path):
    """Two plans for the same submissions ask for different numbers."""
    seeds = {re.search(r"--seed (\d+)", subprocess.run(
        [GRADE, "--lab", "cow", "--plan", "slurm", str(tmp_path)], check=True,
        capture_output=True, text=True).stdout)[1] for _ in range(3)}
    assert len(seeds) > 1
