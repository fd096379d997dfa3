"""What the numbers in events mean, read from the kernel and its sources."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
ENUMS = {"a": ("kernel/vm/fault.h", "fault_action", "ACTION_"),
         "r": ("kernel/vm/fault.h", "fault_result", "FAULT_"),
         "t": ("kernel/sched/thread.h", "thread_state", "THREAD_"),
         "y": ("kernel/mem/frame.h", "frame_kind", "FRAME_")}
PTE_PRESENT, PTE_WRITE, PTE_DIRTY = 1, 2, 0x40
PTE_HIDDEN, PTE_SWAP, PTE_NX = 0x200, 0x400, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000


class Kind:
    """One kind of event: name, group, and (name, type) of each argument."""

    def __init__(self, name, group, arguments):
        self.name = name.lower()
        self.group = group
        self.arguments = [tuple(a.split(":")) for a in arguments.split()]


def read_kinds(elf):
    """All kinds, by number, as this kernel has them."""
    at = elf.symbols["trace_descriptions"]
    kinds = []
    while len(kinds) < 64:
        words = [elf.word(at + (3 * len(kinds) + i) * 8) for i in range(3)]
        texts = [elf.text(w) if w else None for w in words]
        if None in texts:
            break
        kinds.append(Kind(*texts))
        if kinds[-1].name == "mark":
            break
    return kinds


def source(path):
    """Text of a source file."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def enum_names(path, name, prefix):
    """Names of an enumeration that counts from 0, without their prefix."""
    body = re.search(rf"enum {name} {{(.*?)}}", source(path), re.DOTALL)[1]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    return [n.strip().removeprefix(prefix) for n in body.split(",")
            if n.strip() and not n.strip().endswith("_COUNT")]


def enums():
    """Names of the enumerations, by the letter of their type."""
    return {letter: enum_names(*where) for letter, where in ENUMS.items()}


def syscalls():
    """Names of the system calls, by number."""
    found = re.findall(r"^SYSCALL\d\((\d+), (\w+)",
                       source("lib/abi/syscall.def"), re.MULTILINE)
    return {int(number): name for number, name in found}


def signals():
    """Names of the signals, by number."""
    found = re.findall(r"^#define (SIG[A-Z0-9]+)\s+(\d+)\b",
                       source("lib/abi/signal.h"), re.MULTILINE)
    names = {}
    for name, number in found:
        names.setdefault(int(number), name)
    return names


def entry(pte):
    """(frame, bits) of a page-table entry, as events.json has them."""
    if pte & (PTE_PRESENT | PTE_HIDDEN):
        bits = (pte & PTE_PRESENT) | (pte & PTE_WRITE) | \
            (0 if pte & PTE_NX else 4) | (8 if pte & PTE_DIRTY else 0)
        return (pte & ADDRESS) >> 12, bits
    if pte & PTE_SWAP:
        return (pte & ADDRESS) >> 12, 16
    return 0, 0
