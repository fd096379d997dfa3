"""Panics: find them in the kernel log, add to them what the host knows.

The kernel writes addresses of its code as [<ADDRESS>], with a function behind
it: here they get function, file and line, and the faulting instruction, which
the kernel shows as bytes, is disassembled.
"""

import os
import re
import shutil
import subprocess
import tempfile

from .machine import ROOT, build_path

# "ip" stands before an interrupted place; all others are return addresses.
PLACE = re.compile(r"(?P<exact>\bip )?\[<(?:0x)?(?P<address>[0-9a-f]{8,16})>\]"
                   r"(?: [\w.]+\+\w+/\w+)?")
CODE = re.compile(r"\[<(?P<ip>[0-9a-f]{16})>\].*\n"
                  r".*  code(?P<bytes>(?: [0-9a-f]{2})+)$", re.MULTILINE)
LOCK_REPORT = re.compile(
    r"^(?:\[[^\]\n]*\] )?lockcheck: .*\n(?:.*\[<[0-9a-f]+>\]\n)*", re.MULTILINE)
DEATH = re.compile(r"^\[[^\]\n]*\] ((?P<name>.*)\[\d+\]: killed by signal .*"
                   r" ip 0x(?P<ip>[0-9a-f]+),.*)$", re.MULTILINE)
PANIC_LINE = re.compile(r"^(?:\[[^\]\n]*\] *)?panic(?: on|:)", re.MULTILINE)


def panic_in_log(log):
    """The log from its first line about a panic on, or None."""
    match = PANIC_LINE.search(log)
    return log[match.start():] if match else None


def lock_reports(log):
    """What a kernel with LOCKCHECK=1 logged and went on, as one text."""
    return "".join(match[0] for match in LOCK_REPORT.finditer(log))


def last_death(log):
    """The log's last line about a program that a fault has killed, with the
    place in the source if the program is one of ours; or None."""
    matches = list(DEATH.finditer(log))
    if not matches:
        return None
    line, name = matches[-1][1], os.path.basename(matches[-1]["name"])
    tool = shutil.which("addr2line") or shutil.which("llvm-addr2line")
    for path in (build_path("user", name), build_path("tests", "user", name)):
        if not tool or not os.path.isfile(path):
            continue
        place = subprocess.run(
            [tool, "-fpe", path, matches[-1]["ip"]], capture_output=True,
            text=True, check=False).stdout.strip()
        if place and not place.startswith("??"):
            return f"{line}, in {place.replace(ROOT + os.sep, '')}"
    return line


def symbolise(text):
    """`text` with function, file and line after each [<address>]."""
    return name_places(disassemble(text))


def name_places(text):
    """Function, file and line for each [<address>], and into what the
    function was inlined."""
    tool = shutil.which("addr2line") or shutil.which("llvm-addr2line")
    found = list(PLACE.finditer(text))
    if not found or not tool:
        return text
    # A return address may belong to the next line: look one byte back.
    asked = [f"{int(m['address'], 16) - (not m['exact']):x}" for m in found]
    answer = subprocess.run(
        [tool, "-afpie", build_path("kernel.elf")] + asked,
        capture_output=True, text=True, check=False).stdout
    # "0xADDRESS: FUNCTION at FILE:LINE", then "(inlined by)" lines
    answer = answer.replace(ROOT + os.sep, "")
    answer = re.sub(r" \(discriminator \d+\)", "", answer)
    answer = re.sub(r"\n \(inlined by\) ", ", inlined into ", answer)
    names = iter(line.partition(": ")[2] for line in answer.splitlines())

    def name(match):
        """The kernel's own name, where the host knows nothing better."""
        known = next(names, "??")
        if known.startswith("??"):
            return match[0]
        return f"{match['exact'] or ''}[<{match['address']}>] {known}"
    return PLACE.sub(name, text)


def disassemble(text):
    """The first instruction of the bytes after `code`, behind them."""
    tool = shutil.which("objdump") or shutil.which("llvm-objdump")
    match = CODE.search(text)
    if not match or not tool:
        return text
    with tempfile.NamedTemporaryFile(prefix="hanu-") as file:
        file.write(bytes.fromhex(match["bytes"]))
        file.flush()
        lines = subprocess.run(
            [tool, "-D", "-b", "binary", "-m", "i386:x86-64",
             f"--adjust-vma=0x{match['ip']}", file.name],
            capture_output=True, text=True, check=False).stdout.splitlines()
    first = [line.split("\t")[2] for line in lines if line.count("\t") == 2]
    if not first:
        return text
    instruction = " ".join(first[0].split())
    return (text[:match.end()] + f"\n  instruction {instruction}"
            + text[match.end():])
