"""What the documents say about the tree is true."""

import os
import re
import subprocess

import pytest

import harness

MOST_README_LINES = 15


def tracked(*patterns):
    """Files under version control; all files when there is no git."""
    done = subprocess.run(["git", "ls-files", *patterns], cwd=harness.ROOT,
                          capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[:-1]


def folders():
    """Folders of sources that a reader may open first."""
    found = {os.path.dirname(name) for name in tracked("*.c", "*.S", "*.py")}
    return sorted(name for name in found if name and not re.search(
        r"include|/common$|^tests/.|^labs/.", name))


@pytest.mark.parametrize("folder", folders())
def test_folder_has_a_short_readme(folder):
    path = os.path.join(harness.ROOT, folder, "README.md")
    if folder in ("user/sh", "tools/hanu", "tools/labkit", "tools/gdb/hanu",
                  "lib/abi"):
        path = os.path.join(harness.ROOT, os.path.dirname(folder),
                            "README.md")
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert 3 <= len(lines) <= MOST_README_LINES
    for name in re.findall(r"`([\w./-]+\.[chS])`", "\n".join(lines)):
        places = (os.path.join(os.path.dirname(path), name),
                  os.path.join(harness.ROOT, name),
                  os.path.join(harness.ROOT, "kernel", name))
        assert any(os.path.exists(p) for p in places), name


@pytest.mark.parametrize("document", tracked("*.md"))
def test_links_lead_to_files(document):
    path = os.path.join(harness.ROOT, document)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    prose = re.sub(r"^```.*?^```|^ {4}.*?$", "", text,
                   flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#:]+)\)", prose):
        assert os.path.exists(os.path.join(os.path.dirname(path), target)), \
            target
    for name in re.findall(
            r"`((?:kernel|lib|user|tests|tools|boot|docs)/[\w./-]+)`", text):
        assert os.path.exists(os.path.join(harness.ROOT, name)), name


def test_make_help_names_the_targets():
    done = subprocess.run(["make", "-s", "help"], cwd=harness.ROOT,
                          capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    wanted = ("setup doctor qemu iso run test test-long test-host check "
              "bench stats gdb qemu-gdb format compile_commands clean")
    assert set(wanted.split()) <= listed


@pytest.mark.parametrize("name", [
    "README.md", "LICENSE", "CONTRIBUTING.md", "docs/memory-map.md",
    "docs/locking.md", "docs/references.md", "docs/decisions.md",
    "docs/TRICKS.md", "docs/CAVEATS.md", "docs/tour.md"])
def test_document_exists(name):
    assert os.path.getsize(os.path.join(harness.ROOT, name)) > 500


def test_locking_lists_every_rank():
    with open(os.path.join(harness.ROOT, "kernel/core/lock_rank.h"),
              encoding="utf-8") as file:
        ranks = re.findall(r"\b(RANK_\w+)", file.read())
    with open(os.path.join(harness.ROOT, "docs/locking.md"),
              encoding="utf-8") as file:
        text = file.read()
    missing = [rank for rank in dict.fromkeys(ranks) if rank not in text]
    assert not missing


def test_references_list_every_cited_manual():
    cited = set()
    for name in tracked("boot/*.[cS]", "kernel/*.[chS]", "lib/*.[chS]"):
        path = os.path.join(harness.ROOT, name)
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            cited.update(re.findall(r'\[([A-Z0-9][\w .-]+?) "', file.read()))
    with open(os.path.join(harness.ROOT, "docs/references.md"),
              encoding="utf-8") as file:
        text = file.read()
    assert not [tag for tag in sorted(cited) if tag not in text]
