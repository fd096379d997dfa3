"""gdb commands for hanu; `make gdb` loads this file.

user-symbols NAME   symbols of a program in user/ or tests/user, so that
                    `break main` or `break NAME.c:10` stops in the program
"""

import os
import subprocess

import gdb

BUILD = os.environ.get("B", "build")


def text_address(path):
    """Address of .text; user programs are linked where they run."""
    done = subprocess.run(["readelf", "-SW", path], capture_output=True,
                          text=True, check=False)
    for line in done.stdout.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 3 and words[1] == ".text":
            return int(words[3], 16)
    raise gdb.GdbError(f"{path}: no .text section")


class UserSymbols(gdb.Command):
    """user-symbols NAME: add the symbols of a user program."""

    def __init__(self):
        super().__init__("user-symbols", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        name = argument.strip()
        for folder in ("user", os.path.join("tests", "user"), ""):
            path = os.path.join(BUILD, folder, name) if folder else name
            if name and os.path.isfile(path):
                gdb.execute(f"add-symbol-file {path} "
                            f"{text_address(path):#x}", from_tty)
                return
        raise gdb.GdbError(f"no program {name!r} under {BUILD}/user or "
                           f"{BUILD}/tests/user")

    def complete(self, text, word):
        found = []
        for folder in ("user", os.path.join("tests", "user")):
            path = os.path.join(BUILD, folder)
            found += os.listdir(path) if os.path.isdir(path) else []
        return sorted(n for n in found if n.startswith(word))


UserSymbols()
gdb.execute("set confirm off")
gdb.execute("set pagination off")
