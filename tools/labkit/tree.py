"""Trees of source: the student's, and those that the grader builds."""

import fnmatch
import os
import shutil
import subprocess

from . import sandbox, spec

HIDDEN = ("labs/", ".ci/", "tests/test_labs", "tests/lab_",
          "docs/teaching")
PUBLIC = ("lab.toml", "tests.py", "README.md", "README.ko.md")
MARK = ".lab"                      # names the lab in a student's tree
LARGEST = 1 << 20                  # bytes of a submitted file


def sources(root):
    """The files of the project, as git knows them."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-z"],
                          capture_output=True, check=True)
    return [name for name in done.stdout.decode().split("\0") if name]


def write(lab, out):
    """The student's tree: the kernel with the holes and the public tests."""
    os.makedirs(out)
    for name in sources(lab.root):
        if not name.startswith(HIDDEN):
            _copy(lab.root, name, out)
    add_lab(lab, out)


def add_lab(lab, out):
    """The holes, the public tests, the hand-out."""
    for name in PUBLIC:
        if lab.has(name):
            _copy(lab.root, os.path.join("labs", lab.name, name), out)
    with open(os.path.join(out, MARK), "w", encoding="utf-8") as file:
        file.write(lab.name + "\n")
    lab.cut_holes(out)


def commit(out, lab):
    """Make a fresh git repository of it."""
    def git(*words):
        subprocess.run(["git", "-C", out, "-c", "user.name=hanu",
                        "-c", "user.email=hanu@localhost", *words],
                       check=True, stdout=subprocess.DEVNULL)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", f"lab {lab.name}: {lab.title}")


def _copy(root, name, out):
    target = os.path.join(out, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(os.path.join(root, name), target, follow_symlinks=False)


def allowed(lab, name):
    """May a submission bring this file?"""
    return name in lab.change or any(fnmatch.fnmatch(name, pattern)
                                     for pattern in lab.new)


def overlay(lab, submission, tree):
    """Lay the allowed files of a submission over a tree; what was left out.

    Links, folders and huge files are not taken, so that nothing of the
    grader's machine comes in or is written to."""
    left_out = []
    for folder, folders, files in os.walk(submission):
        folders[:] = [f for f in folders if f not in (".git", "build")]
        for file in files:
            path = os.path.join(folder, file)
            name = os.path.relpath(path, submission)
            if not allowed(lab, name):
                continue
            if os.path.islink(path) or not os.path.isfile(path) or \
                    os.path.getsize(path) > LARGEST:
                left_out.append(name)
                continue
            target = os.path.join(tree, name)
            if os.path.dirname(target) and \
                    not os.path.isdir(os.path.dirname(target)):
                left_out.append(name)
                continue
            shutil.copyfile(path, target)
    return left_out


def base(root, cache):
    """The real kernel, built; what all templates are copied from."""
    path = os.path.join(cache, "base")
    if not os.path.exists(os.path.join(path, "build", "initrd.cpio")):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        for name in sources(root):
            if not name.startswith(HIDDEN):
                _copy(root, name, path)
        done = build(path, jobs=os.cpu_count() or 1, everything=True)
        if done.code:
            raise spec.LabError("the kernel does not build:\n" + done.output)
    return path


def template(lab, cache):
    """A student's tree, built; those that are graded are copies of it."""
    path = os.path.join(cache, lab.name)
    if not os.path.exists(os.path.join(path, "ready")):
        shutil.rmtree(path, ignore_errors=True)
        copy(base(lab.root, cache), path)
        add_lab(lab, path)
        done = build(path)
        if done.code or "warning:" in done.output:
            raise spec.LabError(f"{lab.name}: the starter does not build, or "
                                f"with warnings:\n{done.output}")
        with open(os.path.join(path, "ready"), "w", encoding="utf-8") as file:
            file.write(lab.name + "\n")
    return path


def copy(template_path, out):
    """A tree of its own with all that is built already."""
    subprocess.run(["cp", "-a", template_path, out], check=True)


def solve(lab, tree):
    """Put the real functions back."""
    for name in lab.change:
        shutil.copyfile(os.path.join(lab.root, name),
                        os.path.join(tree, name))


def build(tree, jobs=1, everything=False):
    """Build a tree; sandbox.Outcome: code 0 when it worked."""
    return sandbox.run(["make", "-s", f"-j{jobs}", "B=build",
                        *(["all"] if everything else ["kernel"])], tree, 600)
