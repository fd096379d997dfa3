"""The pages of docs/tour are gdb sessions: each says what gdb answers."""

import os
import shutil

import pytest

import tour_page
from harness import ROOT

FOLDER = os.path.join(ROOT, "docs", "tour")
PAGES = sorted(name for name in os.listdir(FOLDER)
               if name.endswith(".md") and name != "README.md")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_gdb_says(name):
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    tour_page.check(os.path.join(FOLDER, name))


@pytest.mark.parametrize("name", PAGES)
def test_page_has_a_figure_and_is_linked(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        assert ".svg)" in file.read()
    with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
        assert f"({name})" in file.read()


@pytest.mark.parametrize("promised, answer, same", [
    ("frame 12345 at 0x10", "frame 99999 at 0xffff", True),
    ("2 holders", "3 holders", False),
    ("kernel/vm/cow.c:12", "kernel/vm/cow.c:345", True),
    ("97\treturn x;", "102\treturn x;", True),
    ("a\n...\nd", "a\nb\nc\nd", True),
    ("a\n...", "b", False),
    ("f (...) at x", "f (one, two) at x", True),
    ("a", "a\nb", False)])
def test_what_counts_as_equal(promised, answer, same):
    assert tour_page.agrees(promised.splitlines(), answer) == same
