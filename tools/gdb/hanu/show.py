"""How commands print: tables, places in the kernel, times and sizes."""

import gdb

from .base import number


def table(headers, rows):
    """Print rows under headers; columns of numbers stand on the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    if not rows:
        return
    columns = range(len(headers))
    widths = [max(len(headers[i]), *(len(row[i]) for row in rows))
              for i in columns]
    right = [all(_is_number(row[i]) for row in rows) for i in columns]
    for row in [headers] + rows:
        cells = [row[i].rjust(widths[i]) if right[i]
                 else row[i].ljust(widths[i]) for i in columns]
        print("  ".join(cells).rstrip())


def _is_number(cell):
    return cell.removeprefix("-").removeprefix("0x").isalnum() and \
        (cell.lstrip("-").isdigit() or cell.startswith("0x"))


def place(address):
    """`function+offset` of a kernel address, or the number."""
    described = gdb.execute(f"info symbol {number(address):#x}",
                            to_string=True)
    words = described.split(" in section")[0].split()
    if not words or described.startswith("No symbol"):
        return f"{number(address):#x}"
    return "".join(words)


def duration(ns):
    """Nanoseconds in words."""
    ns = int(ns)
    for unit, size in (("s", 10 ** 9), ("ms", 10 ** 6), ("us", 10 ** 3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns} ns"


def size(count):
    """Bytes in words."""
    count = int(count)
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << shift:
            whole = count / (1 << shift)
            return f"{whole:.4g} {unit}"
    return f"{count} bytes"
