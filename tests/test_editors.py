"""The files for editors name what exists, and clangd reads the sources."""

import json
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT


def load(name):
    """A file of .vscode."""
    with open(os.path.join(ROOT, ".vscode", name), encoding="utf-8") as file:
        return json.load(file)


def make_targets():
    """The targets that `make help` lists."""
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, text=True,
                          capture_output=True, check=True)
    return {line.split()[0] for line in done.stdout.splitlines()} | {
        "all", "tests"}


@pytest.mark.parametrize("name", ["settings.json", "extensions.json"])
def test_files_are_json(name):
    assert load(name)


def test_tasks_run_what_there_is():
    targets = make_targets()
    for task in load("tasks.json")["tasks"]:
        for command in task["command"].split("&&"):
            words = [w for w in command.split() if not w.startswith("-")]
            if words[0] != "make":
                assert os.access(os.path.join(ROOT, words[0]), os.X_OK)
                continue
            for word in words[1:]:
                if "=" in word:
                    break
                assert word in targets, task["label"]


def test_launch_starts_tasks_and_sources_the_commands():
    labels = {task["label"] for task in load("tasks.json")["tasks"]}
    for one in load("launch.json")["configurations"]:
        assert one["preLaunchTask"] in labels
        text = " ".join(c["text"] for c in one["setupCommands"])
        path = re.search(r"source \$\{workspaceFolder\}/(\S+)", text)[1]
        assert os.path.exists(os.path.join(ROOT, path))


def test_clangd_finds_no_error():
    if not shutil.which("clangd"):
        pytest.skip("clangd is not installed")
    path = os.path.join(ROOT, "compile_commands.json")
    mine = not os.path.exists(path)
    try:
        if mine:
            subprocess.run(["make", "-s", "compile_commands"], cwd=ROOT,
                           check=True)
        for name in ("kernel/vm/fault.c", "user/cow.c"):
            done = subprocess.run(["clangd", f"--check={name}"], cwd=ROOT,
                                  capture_output=True, text=True, check=False,
                                  timeout=600)
            assert "All checks completed, 0 errors" in done.stderr, \
                done.stderr[-2000:]
    finally:
        if mine:
            os.unlink(path)
