"""`make grade` in a student's tree."""

import os
import re
import socket

from . import judge, spec, tree


def _one_case(lab, word):
    """The case that is named, or the first of a test."""
    test = next(t for t in lab.tests if t.name == word.split("/")[0])
    return word if "/" in word else f"{word}/{test.smp[0]}/0"


def _must_be_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise spec.LabError(f"port {port} is in use: another machine waits "
                                "for gdb; GDBPORT=N takes another") from None


def grade(wanted, seed, gdb=None):
    """Run the public tests on this tree; 0 with full marks. With gdb, a port,
    the one test that is wanted waits there for gdb."""
    mark = os.path.join(spec.ROOT, tree.MARK)
    if not os.path.exists(mark):
        raise spec.LabError("this is no student's tree; make lab LAB=NAME "
                            "OUT=FOLDER writes one")
    with open(mark, encoding="utf-8") as file:
        lab = spec.Lab(file.read().strip())
    if gdb and len(wanted) != 1:
        raise spec.LabError("GDB=1 wants one TEST=name")
    names = {t.name for t in lab.tests}
    unknown = {w for w in wanted if w.split("/")[0] not in names or
               not re.fullmatch(r"[^/]+(/[1-9]\d*/\d+)?", w)}
    if unknown:
        raise spec.LabError(f"no test {', '.join(sorted(unknown))}; there are "
                            + ", ".join(sorted(names)))
    print(f"lab {lab.name}: {lab.title} (seed {seed})", flush=True)
    if gdb:
        wanted = [_one_case(lab, wanted[0])]
        _must_be_free(gdb)
        print("now type `make gdb` in another terminal", flush=True)
    build = os.environ.get("B", "build")
    results = judge.Judge(lab, spec.ROOT, seed, build, gdb).run(
        wanted or None, judge.print_result)
    score, points = judge.total(results)
    print(f"{score} of {points} points" +
          ("" if wanted else "; hidden tests may add to the full marks"))
    return 0 if score == points else 1
