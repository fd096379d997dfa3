"""Function definitions in C sources: found by ctags, taken out, put in.

A replacement is written as C: a file with whole definitions. Each takes the
place of the one with the same name, and its head (everything before the body)
must be the same text, so that a lab fails loudly when the kernel moves on.
"""

import hashlib
import json
import os
import re
import subprocess


class CutError(Exception):
    """The lab no longer fits the kernel; says which file and function."""


class Definition:
    """One function: its lines in a file, head and body apart."""

    def __init__(self, path, name, lines, start, brace, end):
        self.path, self.name = path, name
        self.start, self.end = start, end      # lines, from 0, end included
        self.head = "\n".join(lines[start:brace])
        self.body = "\n".join(lines[brace:end + 1])

    @property
    def text(self):
        """The definition as it stands in the file."""
        return self.head + "\n" + self.body

    def digest(self):
        """Twelve hexadecimal digits that change when the function does."""
        return hashlib.sha256(plain(self.text).encode()).hexdigest()[:12]


def plain(text):
    """C text without comments, and with single spaces."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    return " ".join(text.split())


def without_news(text, old):
    """C text without the comments that the old text does not have."""
    known = {" ".join(comment.split())
             for comment in re.findall(r"/\*.*?\*/", old, re.S)}

    def keep(match):
        return match[0] if " ".join(match[1].split()) in known else ""

    text = re.sub(r"^[ \t]*(/\*.*?\*/)[ \t]*\n", keep, text,
                  flags=re.S | re.M)
    return re.sub(r"[ \t]*(/\*.*?\*/)", keep, text, flags=re.S)


def definitions(path):
    """{name: Definition} of a C file."""
    done = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+ne", "--c-kinds=f",
         "--languages=C", "--langmap=C:.c.h", "-o", "-", path],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise CutError(f"ctags {path}: {done.stderr.strip()}")
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    found = {}
    for tag in map(json.loads, done.stdout.splitlines()):
        if "end" not in tag:
            raise CutError(f"{path}: ctags sees no end of {tag['name']}")
        if tag["name"] in found:
            raise CutError(f"{path}: {tag['name']} is defined twice")
        found[tag["name"]] = _definition(path, tag, lines)
    return found


def _definition(path, tag, lines):
    """Extend ctags' line of the name to the whole definition."""
    start, end = tag["line"] - 1, tag["end"] - 1
    while start > 0 and _belongs_to_head(lines[start - 1]):
        start -= 1
    brace = next((i for i in range(tag["line"] - 1, end + 1)
                  if lines[i].startswith("{")), None)
    if brace is None:
        raise CutError(f"{path}: the body of {tag['name']} does not begin "
                       "with a brace of its own line")
    return Definition(path, tag["name"], lines, start, brace, end)


def _belongs_to_head(line):
    """Is this line, above a function's name, a part of its return type?"""
    return bool(line.strip()) and line[0] not in " #/}" and \
        not line.rstrip().endswith((";", "*/", "}", ":"))


def find(tree, path, name):
    """The definition of `name` in a file of the tree."""
    full = os.path.join(tree, path)
    if not os.path.isfile(full):
        raise CutError(f"{path} is not there (function {name})")
    found = definitions(full).get(name)
    if found is None:
        raise CutError(f"{path}: no function {name}")
    return found


def replace(tree, path, new, removed=()):
    """Put definitions (by name) in the place of those in a file; take others
    out, with the comment above them."""
    full = os.path.join(tree, path)
    old = definitions(full)
    for name in [*new, *removed]:
        if name not in old:
            raise CutError(f"{path}: no function {name}")
    for name, definition in new.items():
        if plain(definition.head) != plain(old[name].head):
            raise CutError(
                f"{definition.path}: {name} is declared\n    "
                f"{plain(definition.head)}\nbut in {path} it is now\n    "
                f"{plain(old[name].head)}")
    with open(full, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for name in sorted([*new, *removed], key=lambda n: -old[n].start):
        at = old[name]
        start = at.start
        if name in removed:
            start = _above_comment(lines, start)
        text = new[name].text.split("\n") if name in new else []
        lines[start:at.end + 1] = text
        if name in removed and start < len(lines) and not lines[start]:
            del lines[start]
    text = "\n".join(lines)
    for name in removed:
        text = re.sub(rf"^static [^;{{}}()]*\b{name}\([^;{{}}]*\);\n", "", text,
                      flags=re.M)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def _above_comment(lines, start):
    """The first line of the comment that stands right above a line."""
    if start == 0 or not lines[start - 1].rstrip().endswith("*/"):
        return start
    at = start - 1
    while at > 0 and not lines[at].lstrip().startswith("/*"):
        at -= 1
    return at
