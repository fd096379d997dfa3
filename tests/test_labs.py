"""Labs: each one's starter, solution and two mutants; the grader's verdicts.

The draw of the mutants is printed (seed). `make check-labs` takes all."""

import json
import os
import random
import subprocess
import sys

import pytest

import harness
import lab_submissions

sys.path.insert(0, os.path.join(harness.ROOT, "tools"))

from labkit import check, cut, spec, tree  # noqa: E402

SEED = os.environ.get("LAB_SEED") or str(random.randrange(10 ** 6))
LAB = os.path.join(harness.ROOT, "tools", "lab")
GRADE = os.path.join(harness.ROOT, "tools", "grade")


class Options:
    """As tools/lab check --mutants 2 --times 1."""

    mutants, times = 2, 1


@pytest.fixture(name="cache", scope="module")
def fixture_cache(tmp_path_factory):
    """A folder for built trees, shared by the tests of this file."""
    return str(tmp_path_factory.mktemp("labs"))


@pytest.mark.parametrize("name", spec.names())
def test_starter_solution_and_two_mutants(cache, name, capsys):
    journal = check.Journal(os.path.join(cache, "journal.json"), True)
    good = check.check(spec.Lab(name), cache, journal, SEED, Options)
    print(f"LAB_SEED={SEED}\n{capsys.readouterr().out}")
    assert good, f"LAB_SEED={SEED}: see above"


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


def test_grader_contains_hostile_submissions(tmp_path):
    """A Makefile, links, a compile error, a panic, a hang: each scored."""
    made = lab_submissions.hostile(
        tmp_path / "in", ("hangs", "panics", "forges-ok", "does-not-compile",
                          "includes-hidden-tests"))
    harmless = lab_submissions.harmless(tmp_path / "in")
    records, _ = grade(tmp_path, [*made.values(), harmless])
    assert records["brings-a-makefile"]["score"] == 100
    verdicts = {name: {t["verdict"] for t in records[name]["tests"]}
                for name in made}
    assert verdicts["does-not-compile"] == {"no build"}
    assert verdicts["includes-hidden-tests"] == {"no build"}
    assert "hung" in verdicts["hangs"]
    assert "crashed" in verdicts["panics"]
    assert all(records[name]["score"] < 100 for name in made)
    said = json.dumps(records["includes-hidden-tests"])
    assert "nothing_leaks" not in said
    again, text = grade(tmp_path, [harmless])
    assert "as before" in text
    assert again["brings-a-makefile"] == records["brings-a-makefile"]
