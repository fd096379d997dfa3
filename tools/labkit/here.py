"""`make grade` in a student's tree."""

import os

from . import judge, spec, tree


def grade(wanted, seed):
    """Run the public tests on this tree; 0 with full marks."""
    mark = os.path.join(spec.ROOT, tree.MARK)
    if not os.path.exists(mark):
        raise spec.LabError("this is no student's tree; make lab LAB=NAME "
                            "OUT=FOLDER writes one")
    with open(mark, encoding="utf-8") as file:
        lab = spec.Lab(file.read().strip())
    unknown = set(wanted) - {t.name for t in lab.tests}
    if unknown:
        raise spec.LabError(f"no test {', '.join(sorted(unknown))}; there are "
                            + ", ".join(t.name for t in lab.tests))
    print(f"lab {lab.name}: {lab.title} (seed {seed})", flush=True)
    build = os.environ.get("B", "build")
    results = judge.Judge(lab, spec.ROOT, seed, build).run(
        wanted or None, judge.print_result)
    score, points = judge.total(results)
    print(f"{score} of {points} points" +
          ("" if wanted else "; hidden tests may add to the full marks"))
    return 0 if score == points else 1
