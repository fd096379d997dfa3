"""Running the tests of a lab on a built tree, and what came of it."""

import copy
import errno
import os
import traceback

from . import guest, memory, qemu

PASSED, FAILED, HUNG, CRASHED, BROKEN, NOT_GRADED = (
    "passed", "failed", "hung", "crashed", "no build", "not graded")
# What this computer lacks is no fault of a submission's.
OUR_OWN = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE,
           errno.ENOMEM, errno.EAGAIN)


class Result:
    """One test: its points, and in words what was expected and seen."""

    def __init__(self, test, verdict, message="", case=""):
        self.test, self.verdict = test, verdict
        self.message, self.case = message, case   # NAME/CPUS/N
        self.seed = None

    @property
    def score(self):
        """Points that count."""
        return self.test.points if self.verdict == PASSED else 0

    def as_dict(self):
        """For JSON."""
        return {"name": self.test.name, "hidden": self.test.hidden,
                "points": self.test.points, "score": self.score,
                "verdict": self.verdict, "goal": self.test.goal,
                "message": self.message, "case": self.case,
                "hint": "" if self.score else self.test.hint}


class Judge:
    """The tests of one lab against one built tree. `layout`: of its kernel,
    when the types are not to come from the tree itself."""

    def __init__(self, lab, tree, seed, build="build", gdb=None, layout=None):
        self.lab, self.tree, self.seed, self.gdb = lab, tree, seed, gdb
        self.build = os.path.join(tree, build)
        kernel = os.path.join(self.build, "kernel.elf")
        self.layout = layout or memory.Layout(kernel, lab.units, kernel)

    def with_seed(self, seed):
        """The same tests on the same tree, with other draws."""
        other = copy.copy(self)
        other.seed = seed
        return other

    def run(self, wanted=None, report=lambda result: None):
        """Results of all tests (or of those with these names; NAME/CPUS/N
        is one case of a test)."""
        results = []
        lost = set()
        cases = dict(_split(word) for word in wanted or ())
        for test in self.lab.tests:
            if wanted is not None and test.name not in cases:
                continue
            if test.needs in lost:
                result = Result(test, FAILED, f"counts only when {test.needs} "
                                "passes")
            else:
                result = self._all_machines(test, cases.get(test.name))
            if not result.score:
                lost.add(test.name)
            results.append(result)
            report(result)
        return results

    def _all_machines(self, test, case=None):
        """With every number of CPUs and seed; the first failure counts."""
        cases = [case] if case else [(smp, number) for smp in test.smp
                                     for number in range(test.seeds)]
        for smp, number in cases:
            result = self._one(test, smp, number)
            if result.verdict != PASSED:
                result.seed = self.seed
                return result
        return Result(test, PASSED)

    def _one(self, test, smp, number):
        case = f"{test.name}/{smp}/{number}"
        try:
            with guest.Machine(self.tree, self.build, self.layout, smp,
                               test.mem, test.seconds,
                               f"{self.seed}/{case}",
                               test.append, test.swap, test.icount,
                               self.gdb) as machine:
                test.function(machine)
                return Result(test, PASSED)
        except qemu.Hang as err:
            return Result(test, HUNG, str(err), case)
        except qemu.Died as err:
            return Result(test, CRASHED, str(err), case)
        except (guest.Failure, memory.BadMemory) as err:
            return Result(test, FAILED, str(err), case)
        except OSError as err:
            if err.errno in OUR_OWN:
                raise
            return Result(test, CRASHED, str(err), case)
        except Exception:  # pylint: disable=broad-except
            # What a kernel returned surprised the test: no points, and the
            # author wants to know.
            return Result(test, FAILED, traceback.format_exc(limit=-3), case)


def _split(word):
    """(test, its one case) of NAME or NAME/CPUS/N."""
    name, *numbers = word.split("/")
    return name, tuple(map(int, numbers)) or None


def broken(lab, message, verdict=BROKEN):
    """The results of a submission that does not build, or cannot be graded."""
    return [Result(test, verdict, message) for test in lab.tests]


def total(results):
    """(points, of how many)."""
    return (sum(r.score for r in results),
            sum(r.test.points for r in results))


def print_result(result):
    """One line, and for a failure what helps to go on."""
    mark = "ok " if result.score else "NO "
    print(f"{mark} {result.score:3}/{result.test.points:<3} "
          f"{result.test.name}",
          flush=True)
    if result.score:
        return
    print(f"        wanted: {result.test.goal}")
    message = result.message.strip().replace("\n", "\n                ")
    print(f"        {result.verdict}: {message}")
    if result.test.hint:
        print(f"        hint:   {result.test.hint}")
    if result.case:
        again = f"make grade TEST={result.case} SEED={result.seed}"
        cpus = result.case.split("/")[1]
        print(f"        again:  {again}\n                ({cpus} "
              f"CPU{'s' * (cpus != '1')}; in gdb: the same with GDB=1)")
