#!/usr/bin/python3
"""Pages of docs/ that are gdb sessions: run them, compare, write them anew.

A page has one line in a fenced block that starts the machine,

    $ tools/debug --icount -- cow 4         or
    $ make record CMD='stale'               ($ make replay comes after it)

and blocks of the language `gdb`: lines that start with "(gdb) " are commands,
what follows each is what gdb answers. All commands of a page run in one
session. Equal are: any two hexadecimal numbers, any two decimal numbers of
three digits or more, any two line numbers; `...` in a line stands for any
text, a line of its own `...` for any lines. Blank lines do not count.

    tests/tour_page.py [--write] PAGE...    check them, or put in what gdb says
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile

import gdb_session
from harness import ROOT, RUN

PROMPT = "(gdb) "
DEBUG = re.compile(r"^ *\$ tools/debug (.*?) *-- (.*)$", re.M)
RECORD = re.compile(r"^ *\$ make record CMD='([^']*)'", re.M)
BLOCK = re.compile(r"^```gdb\n(.*?)^```$", re.M | re.S)
ANY_LINES, ANY_TEXT = "\0lines", "..."


class Step:
    """One command of a page and the answer that the page promises."""

    def __init__(self, command):
        self.command = command
        self.promised = []
        self.answer = ""


def read_steps(text):
    """The steps of a page."""
    steps = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith(PROMPT):
                steps.append(Step(line[len(PROMPT):].strip()))
            elif steps:
                steps[-1].promised.append(line)
    return steps


@contextlib.contextmanager
def machine(text):
    """The machine that a page starts, waiting for gdb on a port."""
    debug = DEBUG.search(text)
    if debug:
        options, command = (shlex.split(part) for part in debug.groups())
        with gdb_session.machine(options, command) as port:
            yield port
        return
    command = shlex.split(RECORD.search(text)[1])
    with tempfile.TemporaryDirectory(prefix="hanu-tour-") as folder:
        done = subprocess.run([RUN, "--record", folder, "--", *command],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=gdb_session.SECONDS,
                              check=False)
        assert "kept in" in done.stderr, done.stderr
        with gdb_session.waiting(["--replay", folder]) as port:
            yield port


def run(path):
    """Run a page's session; its steps with the answers."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    steps = read_steps(text)
    marked = ["set width 0"]
    for step in steps:
        marked += ["echo @@step\\n", step.command]
    with machine(text) as port:
        output = gdb_session.gdb(port, *marked, "echo @@step\\n", "kill")
    answers = output.split("@@step\n")[1:]
    assert len(answers) == len(steps) + 1, output
    assert "Traceback" not in output and "Python Exc" not in output, output
    for step, answer in zip(steps, answers):
        step.answer = answer
    return text, steps


def pattern(line):
    """A promised line as a regular expression."""
    listed = re.match(r"\d+\t", line)   # a line of source
    parts = [r"\d+\t"] if listed else []
    line = line[listed.end():] if listed else line
    for part in re.split(r"(0x[0-9a-f]+|\d+|\.\.\.)", line.rstrip()):
        before = "".join(parts)
        if part == ANY_TEXT:
            parts.append(".*")
        elif part.startswith("0x"):
            parts.append("0x[0-9a-f]+")
        elif part.isdigit() and (len(part) > 2 or re.search(
                r"(\\\.[chS]:|line\\? )$", before)):
            parts.append(r"\d+")
        else:
            parts.append(re.escape(part))
    return "".join(parts) + r"\s*$"


def agrees(promised, answer):
    """Does the answer keep what the page promises?"""
    lines = [line.rstrip() for line in answer.splitlines() if line.strip()]
    at, anywhere = 0, False
    for line in promised:
        if line.strip() == ANY_TEXT:
            anywhere = True
            continue
        if not line.strip():
            continue
        wanted = re.compile(pattern(line))
        while anywhere and at < len(lines) and not wanted.match(lines[at]):
            at += 1
        if at == len(lines) or not wanted.match(lines[at]):
            return False
        at, anywhere = at + 1, False
    return anywhere or at == len(lines)


def check(path):
    """Run a page; AssertionError with the first answer that is another."""
    for number, step in enumerate(run(path)[1]):
        assert agrees(step.promised, step.answer), (
            f"{path}, step {number + 1}: {PROMPT}{step.command}\n"
            "--- promised\n" + "\n".join(step.promised) +
            "\n--- answered\n" + step.answer)


def tidy(answer):
    """What gdb says of functions without what depends on the compiler."""
    lines = []
    for line in answer.splitlines():
        line = re.sub(r"^#\d+ +(0x\w+ in )?(\w+) \(.*\) at",
                      r"... \2 (...) at", line.rstrip())
        if "@entry" in line or "<optimized out>" in line:
            line = re.sub(r"(\w+) \(.*\) at ", r"\1 (...) at ", line)
        lines += [line] if line else []
    return lines


def write(path):
    """Put the answers into the page where they are others than promised."""
    text, steps = run(path)
    todo = iter(steps)

    def rewrite(match):
        lines = []
        for line in match[1].splitlines():
            if line.startswith(PROMPT):
                step = next(todo)
                kept = agrees(step.promised, step.answer) and step.promised
                lines += [line] + (kept or tidy(step.answer))
        return "```gdb\n" + "\n".join(lines) + "\n```"

    with open(path, "w", encoding="utf-8") as out:
        out.write(BLOCK.sub(rewrite, text))


def main():
    pages = sys.argv[1:]
    action = write if pages[:1] == ["--write"] else check
    for page in pages:
        if page != "--write":
            action(os.path.join(ROOT, page))


if __name__ == "__main__":
    main()
