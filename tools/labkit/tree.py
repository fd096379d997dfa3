"""Trees of source: the student's, and those that the grader builds."""

import contextlib
import fcntl
import os
import random
import re
import shutil
import subprocess

from . import cut, sandbox, spec

HIDDEN = ("labs/", ".ci/", "tests/test_labs", "tests/lab_")
PUBLIC = ("lab.toml", "tests.py", "README.md", "README.ko.md")
MARK = ".lab"                      # names the lab in a student's tree
EXAM = """# Exam: {title}

This kernel has one fault. It lies in {files}. `make grade` shows what goes
wrong; `labs/{name}/README.md` explains what should happen.

1. Find the fault and mend it. Change nothing else.
2. Hand in {files}.
3. Write down: which line was wrong, what goes wrong and when, why the test that
   failed sees it, and one more thing that would have gone wrong.

이 커널에는 잘못된 곳이 하나 있습니다. 위치는 {files} 안입니다. `make grade` 로
증상을 보고, 잘못을 찾아 고친 뒤 그 파일들을 제출하십시오. 답안지에는 어느 줄이
틀렸는지, 언제 무엇이 잘못되는지, 실패한 테스트가 왜 그것을 알아채는지, 그리고
그 밖에 잘못될 수 있는 일 하나를 적으십시오.
"""


def sources(root):
    """The files of the project, as git knows them."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-z"],
                          capture_output=True, check=False)
    if done.returncode:
        raise spec.LabError(done.stderr.decode(errors="replace").strip())
    return [name for name in done.stdout.decode().split("\0") if name]


def hidden(name):
    """Is this file none of a student's tree?"""
    return name.startswith(HIDDEN) and name != "labs/README.md"


def write(lab, out):
    """The student's tree: the kernel with the holes and the public tests."""
    _copy_project(lab.root, out)
    add_lab(lab, out)
    _begin_readme(out, f"**Lab: {lab.title}.** Begin with [the hand-out]("
                  f"labs/{lab.name}/README.md) ([한국어](labs/{lab.name}/"
                  "README.ko.md)); `make grade` tells your points. Hand in, "
                  "in their folders: " + _names(lab))


def _names(lab):
    return ", ".join(f"`{name}`" for name in [*lab.change, *lab.new])


def _begin_readme(out, text):
    """Put a paragraph above the project's README."""
    path = os.path.join(out, "README.md")
    with open(path, encoding="utf-8") as file:
        rest = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{text}\n\n{rest}")


def add_lab(lab, out, holes=True):
    """The holes, the public tests, the hand-out."""
    for name in PUBLIC:
        if lab.has(name):
            copy_file(lab.root, os.path.join("labs", lab.name, name), out)
    with open(os.path.join(out, MARK), "w", encoding="utf-8") as file:
        file.write(lab.name + "\n")
    if holes:
        lab.cut_holes(out)


def write_exam(lab, out, seed):
    """The whole kernel with one fault in it, drawn by the seed out of the
    wrong solutions that a public test notices. Returns that mutant."""
    _copy_project(lab.root, out)
    add_lab(lab, out, holes=False)
    mutant = random.Random(f"{seed}/{lab.name}").choice(exam_faults(lab))
    mutant.apply(out, silently=True)
    with open(os.path.join(out, "labs", lab.name, "lab.toml"), "r+",
              encoding="utf-8") as file:
        text = re.sub(r'^hint = ".*"\n', "", file.read(), flags=re.M)
        file.seek(0)
        file.truncate()
        file.write(text)  # a hint names the function
    with open(os.path.join(out, "EXAM.md"), "w", encoding="utf-8") as file:
        file.write(EXAM.format(name=lab.name, title=lab.title,
                               files=_names(lab)))
    _begin_readme(out, "**Exam:** [EXAM.md](EXAM.md)")
    return mutant


def exam_faults(lab):
    """Wrong solutions that a public test notices, and that are not what the
    student of the lab began with."""
    public = {test.name for test in lab.tests if not test.hidden}
    holes = cut.definitions(os.path.join(lab.folder, "holes.c"))
    begun = {hole.digest() for hole in holes.values()}
    return [m for m in lab.mutants() if public & set(m.loses) and not begun & {
        d.digest() for d in cut.definitions(m.path).values()}]


def commit(out, lab):
    """Make a fresh git repository of it."""
    def git(*words):
        subprocess.run(["git", "-C", out, "-c", "user.name=hanu",
                        "-c", "user.email=hanu@localhost", *words],
                       check=True, stdout=subprocess.DEVNULL)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", f"lab {lab.name}: {lab.title}")


def _copy_project(root, out):
    """What of the project is in a student's tree, into a new folder."""
    os.makedirs(out)
    for name in sources(root):
        if not hidden(name):
            copy_file(root, name, out)


def copy_file(root, name, out):
    """One file of the project, as it is, to its place below a folder."""
    target = os.path.join(out, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(os.path.join(root, name), target, follow_symlinks=False)


def overlay(files, tree):
    """Lay {name: bytes} over a tree; names for which it has no folder."""
    left_out = []
    for name, data in files.items():
        target = os.path.join(tree, name)
        if os.path.isdir(os.path.dirname(target)):
            with open(target, "wb") as file:
                file.write(data)
        else:
            left_out.append(name)
    return left_out


@contextlib.contextmanager
def _only_one(path):
    """Whoever makes this path: one thread of one program at a time."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def base(root, cache):
    """The real kernel, built; what all templates are copied from."""
    path = os.path.join(cache, "base")
    with _only_one(path), _new_folder(path) as new:
        if new:
            _copy_project(root, new)
            done = build(new, jobs=len(os.sched_getaffinity(0)))
            if done.failed:
                raise spec.LabError("the kernel does not build:\n" +
                                    done.output)
    return path


def template(lab, cache):
    """A student's tree, built; those that are graded are copies of it."""
    path = os.path.join(cache, lab.name)
    with _only_one(path), _new_folder(path) as new:
        if new:
            copy(base(lab.root, cache), new)
            add_lab(lab, new)
            done = build(new)
            if done.failed or "warning:" in done.output:
                raise spec.LabError(f"{lab.name}: the starter does not build, "
                                    f"or with warnings:\n{done.output}")
    return path


@contextlib.contextmanager
def _new_folder(path):
    """A folder to make what shall stand at `path`, or None when it is there. It
    gets its name when it is whole, so that one that was ended is made anew."""
    if os.path.exists(path):
        yield None
        return
    new = path + ".new"
    shutil.rmtree(new, ignore_errors=True)
    yield new
    os.rename(new, path)


def copy(template_path, out):
    """A tree of its own with all that is built already."""
    subprocess.run(["cp", "-a", template_path, out], check=True)


def solve(lab, tree):
    """Put the real functions back; the files are new, for make to see."""
    for name in lab.change:
        shutil.copyfile(os.path.join(lab.root, name),
                        os.path.join(tree, name))


def build(tree, jobs=1):
    """Build a tree; how that ended (sandbox.Outcome)."""
    return sandbox.run(["make", "-s", f"-j{jobs}", "B=build", "all"], tree,
                       600)
