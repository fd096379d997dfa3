"""Are the labs right? Starter, solution and every wrong solution are graded.

What has been shown stays in a journal (JSON), by the lab and the digest of
everything it was shown with, so that a check that was ended goes on.
"""

import hashlib
import json
import os
import random
import shutil

from . import judge, spec, tree


class Journal:
    """What has been shown already."""

    def __init__(self, path, fresh):
        self.path, self.lines = path, {}
        if not fresh and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.lines = json.load(file)

    def known(self, key):
        """The result of an earlier check, or None."""
        return self.lines.get(key)

    def note(self, key, result):
        """Write down at once."""
        self.lines[key] = result
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.lines, file, indent=1)
        os.replace(self.path + ".new", self.path)


def state_of(lab):
    """A digest of the kernel and of the lab: other state, other result."""
    digest = hashlib.sha256()
    for name in tree.sources(lab.root):
        if name.startswith(("kernel/", "lib/", "boot/", "user/puppet",
                            "tools/labkit/", "tools/run", "tools/hanu/",
                            f"labs/{lab.name}/")):
            digest.update(name.encode())
            with open(os.path.join(lab.root, name), "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()[:16]


def check(lab, cache, journal, seed, options):
    """True when the lab is right."""
    state = state_of(lab)
    print(f"== {lab.name}: {lab.title}", flush=True)
    template = tree.template(lab, cache)
    cases = [("starter", None, 1)]
    cases += [("solution", None, options.times)]
    mutants = lab.mutants()
    if options.mutants is not None:
        draw = random.Random(f"{seed}/{lab.name}")
        mutants = draw.sample(mutants, min(options.mutants, len(mutants)))
    cases += [("mutant " + m.name, m, 1) for m in mutants]
    good = True
    for name, mutant, times in cases:
        key = f"{lab.name}/{state}/{name}/{times}"
        verdict = journal.known(key)
        if verdict != "ok":
            verdict = _case(lab, template, cache, name, mutant, times, seed)
            journal.note(key, verdict)
        print(f"   {name:32} {verdict}", flush=True)
        good = good and verdict == "ok"
    return good


def _case(lab, template, cache, name, mutant, times, seed):
    """Build one case and grade it; `ok` or what is wrong."""
    folder = os.path.join(cache, "case")
    shutil.rmtree(folder, ignore_errors=True)
    tree.copy(template, folder)
    if name != "starter":
        tree.solve(lab, folder)
    if mutant:
        mutant.apply(folder)
    done = tree.build(folder)
    if done.code:
        return "does not build: " + done.output[-2000:]
    if name == "starter":
        return _starter(lab, folder, seed)
    if mutant:
        return _mutant(lab, folder, mutant, seed)
    for number in range(times):
        results = judge.Judge(lab, folder, f"{seed}/{number}").run()
        bad = [r for r in results if not r.score]
        if bad:
            return f"run {number}: {bad[0].test.name}: {bad[0].message}"
    return "ok"


def _starter(lab, folder, seed):
    """It boots, and gets the points that the lab gives for nothing."""
    results = judge.Judge(lab, folder, seed).run()
    score, points = judge.total(results)
    if score != lab.starter:
        return f"the starter gets {score} of {points}, not {lab.starter}"
    crashed = [r for r in results if r.verdict == judge.CRASHED]
    return f"does not boot: {crashed[0].message}" if crashed else "ok"


def _mutant(lab, folder, mutant, seed):
    """The tests meant for it take their points away."""
    results = judge.Judge(lab, folder, seed).run(mutant.loses)
    unknown = set(mutant.loses) - {r.test.name for r in results}
    if unknown:
        raise spec.LabError(f"{mutant.path}: no test {unknown}")
    kept = [r.test.name for r in results if r.score]
    return f"SURVIVES {' '.join(kept)}" if kept else "ok"


def print_table(journal):
    """Labs against what was shown."""
    rows = {}
    for key, verdict in journal.lines.items():
        lab, _, name, _ = key.split("/")
        row = rows.setdefault(lab, [0, 0, 0, 0])
        mutant = name.startswith("mutant")
        row[0 if mutant else 2] += verdict == "ok"
        row[1 if mutant else 3] += 1
    print(f"{'lab':16} {'mutants killed':>15} {'starter, solution':>18}")
    for lab, (killed, all_, fine, of) in sorted(rows.items()):
        print(f"{lab:16} {killed:>7}/{all_:<7} {fine:>9}/{of:<8}")
