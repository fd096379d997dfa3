"""user-symbols: the symbols of programs in user/ and tests/user."""

import os
import subprocess

import gdb

from .base import Command, Trouble, command

FOLDERS = ("user", os.path.join("tests", "user"))


def build_folder():
    """Where the kernel that is looked at was built."""
    return os.environ.get("B") or \
        os.path.dirname(gdb.current_progspace().filename or "build/x")


def program_path(name):
    """The file with symbols of the program called `name`, or None."""
    for folder in FOLDERS:
        path = os.path.join(build_folder(), folder, name)
        if os.path.isfile(path):
            return path
    return name if os.path.isfile(name) else None


def text_address(path):
    """Address of .text; user programs are linked where they run."""
    done = subprocess.run(["readelf", "-SW", path], capture_output=True,
                          text=True, check=False)
    for line in done.stdout.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 3 and words[1] == ".text":
            return int(words[3], 16)
    raise Trouble(f"{path}: no .text section")


@command
class UserSymbols(Command):
    """user-symbols NAME: add the symbols of a program in user/ or tests/user,
    so that `break main` or `break NAME.c:10` stops in the program."""

    name = "user-symbols"
    kind = gdb.COMMAND_FILES
    needs_machine = False

    def run(self, argument):
        path = program_path(argument) if argument else None
        if not path:
            raise Trouble(f"no program {argument!r} under {build_folder()}/"
                          "user or tests/user")
        gdb.execute(f"add-symbol-file {path} {text_address(path):#x}")

    def completions(self, words):
        found = []
        for folder in FOLDERS:
            path = os.path.join(build_folder(), folder)
            found += os.listdir(path) if os.path.isdir(path) else []
        return [] if words else found
