"""Are the labs right? Starter, solution and every wrong solution are graded.

What has been shown stays in a journal (JSON), by the lab and the digest of
everything it was shown with, so that a check that was ended goes on.
"""

import concurrent.futures
import functools
import glob
import hashlib
import json
import os
import random
import shutil
import threading

from . import judge, spec, tree


class Journal:
    """What has been shown already."""

    def __init__(self, path, fresh):
        self.path, self.lines = path, {}
        self.lock = threading.Lock()
        if not fresh and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.lines = json.load(file)

    def known(self, key):
        """The result of an earlier check, or None."""
        return self.lines.get(key)

    def note(self, key, result):
        """Write down at once."""
        with self.lock:
            self.lines[key] = result
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump(self.lines, file, indent=1)
            os.replace(self.path + ".new", self.path)


@functools.cache
def state_of(lab):
    """A digest of the kernel and of the lab: other state, other result."""
    digest = hashlib.sha256()
    for name in tree.sources(lab.root):
        if name.startswith(("kernel/", "lib/", "boot/", "user/puppet",
                            "user/init", "user/common/", "Makefile",
                            "tools/labkit/", "tools/run", "tools/hanu/",
                            "tools/kernel-symbols", "tools/mkinitrd",
                            f"labs/{lab.name}/")) and \
                not name.endswith(".md"):
            digest.update(name.encode())
            with open(os.path.join(lab.root, name), "rb") as file:
                digest.update(file.read())
    for name in sorted(glob.glob(os.path.join(glob.escape(lab.hidden),
                                              "hidden.*"))):
        with open(name, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:16]


def check_all(labs, cache, journal, seed, options):
    """Check them, options.jobs at a time; are all of them right?"""
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        return all(list(pool.map(
            lambda lab: check(lab, cache, journal, seed, options), labs)))


def check(lab, cache, journal, seed, options):
    """True when the lab is right; options.say() is told each case."""
    state = state_of(lab)
    template = tree.template(lab, cache)
    cases = [("starter", None, 1)]
    cases += [("solution", None, options.times)]
    mutants = lab.mutants()
    if options.mutants is not None:
        draw = random.Random(f"{seed}/{lab.name}")
        mutants = draw.sample(mutants, min(options.mutants, len(mutants)))
    cases += [("mutant " + m.name, m, options.draws) for m in mutants]
    good = True
    for name, mutant, times in cases:
        key = f"{lab.name}/{state}/{name}/{times}"
        verdict = journal.known(key)
        if verdict != "ok":
            verdict = _case(lab, template, cache, name, mutant, times, seed)
            journal.note(key, verdict)
        options.say(f"{lab.name:16} {name:36} {verdict}")
        good = good and verdict == "ok"
    return good


def _case(lab, template, cache, name, mutant, times, seed):
    """Build one case and grade it; `ok` or what is wrong."""
    folder = os.path.join(cache, lab.name + ".case")
    shutil.rmtree(folder, ignore_errors=True)
    tree.copy(template, folder)
    if name != "starter":
        tree.solve(lab, folder)
    if mutant:
        mutant.apply(folder)
    done = tree.build(folder)
    if done.failed:
        return "does not build: " + done.output[-2000:]
    tests = judge.Judge(lab, folder, seed)
    if name == "starter":
        return _starter(tests)
    if mutant:
        return _mutant(tests, mutant, times)
    for number in range(times):
        results = tests.with_seed(f"{seed}/{number}").run()
        bad = [r for r in results if not r.score]
        if bad:
            return f"run {number}: {bad[0].test.name}: {bad[0].message}"
    return "ok"


def _starter(tests):
    """It boots, and gets the points that the lab gives for nothing."""
    results = tests.run()
    score, points = judge.total(results)
    if score != tests.lab.starter:
        return f"the starter gets {score} of {points}, not {tests.lab.starter}"
    crashed = [r for r in results if r.verdict == judge.CRASHED]
    return f"does not boot: {crashed[0].message}" if crashed else "ok"


def _mutant(tests, mutant, draws):
    """The tests meant for it take their points away, in one of some runs."""
    kept = set(mutant.loses)
    for number in range(draws):
        results = tests.with_seed(f"{tests.seed}/{number}").run(sorted(kept))
        unknown = kept - {r.test.name for r in results}
        if unknown:
            raise spec.LabError(f"{mutant.path}: no test {unknown}")
        kept = {r.test.name for r in results if r.score}
        if not kept:
            return "ok"
    return f"SURVIVES {' '.join(sorted(kept))}"


def print_table(journal, labs):
    """What has been shown of each lab as it is now; are all mutants dead?"""
    print(f"\n{'lab':16} {'starter':>8} {'solution runs':>14} "
          f"{'mutants killed':>15} {'score':>6}")
    all_killed = all_of = 0
    for lab in labs:
        shown = _shown(journal, lab)
        killed = sum(f"mutant {m.name}" in shown for m in lab.mutants())
        of = len(lab.mutants())
        runs = max([times for name, times in shown.items()
                    if name == "solution"], default=0)
        print(f"{lab.name:16} {'ok' if 'starter' in shown else 'NO':>8} "
              f"{runs:>14} {killed:>11}/{of:<3} {killed * 100 // of:>5}%")
        all_killed, all_of = all_killed + killed, all_of + of
    print(f"{'all':16} {'':8} {'':14} {all_killed:>11}/{all_of:<3} "
          f"{all_killed * 100 // max(all_of, 1):>5}%")


def _shown(journal, lab):
    """{case: how often}: what the journal has of the lab's present state."""
    shown, now = {}, state_of(lab)
    for key, verdict in journal.lines.items():
        name, state, case, times = key.split("/")
        if (name, state, verdict) == (lab.name, now, "ok"):
            shown[case] = max(int(times), shown.get(case, 0))
    return shown
