"""Running the tests of a lab on a built tree, and what came of it."""

import json
import os
import time
import traceback

from . import guest, memory

PASSED, FAILED, HUNG, CRASHED, BROKEN = ("passed", "failed", "hung", "crashed",
                                         "no build")


class Result:
    """One test: its points, and in words what was expected and seen."""

    def __init__(self, test, verdict, message="", machine=""):
        self.test, self.verdict = test, verdict
        self.message, self.machine = message, machine

    @property
    def score(self):
        """Points that count."""
        return self.test.points if self.verdict == PASSED else 0

    def as_dict(self):
        """For JSON."""
        return {"name": self.test.name, "hidden": self.test.hidden,
                "points": self.test.points, "score": self.score,
                "verdict": self.verdict, "goal": self.test.goal,
                "message": self.message, "machine": self.machine,
                "hint": "" if self.score else self.test.hint}


class Judge:
    """The tests of one lab against one built tree."""

    def __init__(self, lab, tree, seed, build="build"):
        self.lab, self.tree, self.seed = lab, tree, seed
        self.build = os.path.join(tree, build)
        self.layout = memory.Layout(os.path.join(self.build, "kernel.elf"),
                                    lab.units)

    def run(self, wanted=None, report=lambda result: None):
        """Results of all tests (or of those with these names)."""
        results = []
        lost = set()
        for test in self.lab.tests:
            if wanted is not None and test.name not in wanted:
                continue
            if test.needs in lost:
                result = Result(test, FAILED, f"counts only when {test.needs} "
                                "passes")
            else:
                result = self._all_machines(test)
            if not result.score:
                lost.add(test.name)
            results.append(result)
            report(result)
        return results

    def _all_machines(self, test):
        """With every number of CPUs and seed; the first failure counts."""
        for smp in test.smp:
            for number in range(test.seeds):
                seed = f"{self.seed}/{test.name}/{smp}/{number}"
                result = self._one(test, smp, seed)
                if result.verdict != PASSED:
                    return result
        return Result(test, PASSED)

    def _one(self, test, smp, seed):
        where = f"{smp} CPU{'s' if smp > 1 else ''}, seed {seed}"
        started = time.monotonic()
        try:
            with guest.Machine(self.tree, self.build, self.layout, smp,
                               test.mem, test.seconds, seed,
                               test.append, test.swap,
                               test.icount) as machine:
                test.function(machine)
                return Result(test, PASSED)
        except guest.Hang as err:
            return Result(test, HUNG, str(err), where)
        except guest.Died as err:
            return Result(test, CRASHED, str(err), where)
        except (guest.Failure, memory.BadMemory) as err:
            return Result(test, FAILED, str(err), where)
        except Exception:  # pylint: disable=broad-except
            # What a kernel returned surprised the test: no points, and the
            # author wants to know.
            return Result(test, FAILED, traceback.format_exc(limit=-3), where)
        finally:
            self.spent = time.monotonic() - started


def broken(lab, message):
    """The results of a submission that does not build."""
    return [Result(test, BROKEN, message) for test in lab.tests]


def total(results):
    """(points, of how many)."""
    return (sum(r.score for r in results),
            sum(r.test.points for r in results))


def print_result(result, number=0):
    """One line, and for a failure what helps to go on."""
    name = result.test.name if not result.test.hidden or number == 0 \
        else "hidden"
    mark = "ok " if result.score else "NO "
    print(f"{mark} {result.score:3}/{result.test.points:<3} {name}",
          flush=True)
    if result.score:
        return
    print(f"        wanted: {result.test.goal}")
    message = result.message.strip().replace("\n", "\n                ")
    print(f"        {result.verdict}: {message}")
    if result.machine:
        print(f"        on:     {result.machine}")
    if result.test.hint:
        print(f"        hint:   {result.test.hint}")
    print(f"        again:  make grade TEST={result.test.name}")


def to_json(lab, results):
    """All of it, for other programs."""
    score, points = total(results)
    return json.dumps({"lab": lab.name, "score": score, "points": points,
                       "tests": [r.as_dict() for r in results]}, indent=1)
