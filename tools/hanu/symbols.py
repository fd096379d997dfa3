"""Panics: find them in the kernel log, name the addresses of the backtrace."""

import os
import re
import shutil
import subprocess

from .machine import ROOT, build_path

ADDRESS = re.compile(r"\[<(?:0x)?([0-9a-f]{8,16})>\]")
PANIC_LINE = re.compile(r"^(?:\[[^\]\n]*\] *)?panic(?: on|:)", re.MULTILINE)


def panic_in_log(log):
    """The log from its first line about a panic on, or None."""
    match = PANIC_LINE.search(log)
    return log[match.start():] if match else None


def symbolise(text):
    """`text` with function, file and line after each [<address>]."""
    addresses = ADDRESS.findall(text)
    tool = shutil.which("addr2line") or shutil.which("llvm-addr2line")
    if not addresses or not tool:
        return text
    # A return address may belong to the next line: look one byte back.
    asked = [f"{int(a, 16) - (1 if i else 0):x}"
             for i, a in enumerate(addresses)]
    answer = subprocess.run(
        [tool, "-fpe", build_path("kernel.elf")] + asked,
        capture_output=True, text=True, check=False).stdout.splitlines()
    names = iter(line.replace(ROOT + os.sep, "") for line in answer)
    return ADDRESS.sub(lambda m: f"{m[0]} {next(names, '')}", text)
