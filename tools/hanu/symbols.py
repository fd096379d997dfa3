"""Panics: find them in the kernel log, name the addresses of the backtrace."""

import os
import re
import shutil
import subprocess

from .machine import ROOT, build_path

ADDRESS = re.compile(r"\[<(?:0x)?([0-9a-f]{8,16})>\]")
LOCK_REPORT = re.compile(
    r"^(?:\[[^\]\n]*\] )?lockcheck: .*\n(?:.*\[<[0-9a-f]+>\]\n)*", re.MULTILINE)
PANIC_LINE = re.compile(r"^(?:\[[^\]\n]*\] *)?panic(?: on|:)", re.MULTILINE)


def panic_in_log(log):
    """The log from its first line about a panic on, or None."""
    match = PANIC_LINE.search(log)
    return log[match.start():] if match else None


def lock_reports(log):
    """What a kernel with LOCKCHECK=1 logged and went on, as one text."""
    return "".join(match[0] for match in LOCK_REPORT.finditer(log))


def symbolise(text):
    """`text` with function, file and line after each [<address>]."""
    addresses = ADDRESS.findall(text)
    tool = shutil.which("addr2line") or shutil.which("llvm-addr2line")
    if not addresses or not tool:
        return text
    # A return address may belong to the next line: look one byte back.  Only
    # after a list of registers the first one is the place itself.
    exact = 1 if " rip " in text[:ADDRESS.search(text).start()] else 0
    asked = [f"{int(a, 16) - (i >= exact):x}"
             for i, a in enumerate(addresses)]
    answer = subprocess.run(
        [tool, "-fpe", build_path("kernel.elf")] + asked,
        capture_output=True, text=True, check=False).stdout.splitlines()
    names = iter(line.replace(ROOT + os.sep, "") for line in answer)
    return ADDRESS.sub(lambda m: f"{m[0]} {next(names, '')}", text)
