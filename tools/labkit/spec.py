"""What a lab is: labs/NAME/lab.toml and the files beside it.

    lab.toml      title, functions to take out, files a student may change,
                  tests with points, time limits, CPU counts and hints
    holes.c       what stands in the place of those functions
    tests.py      the public tests, a function for each name in lab.toml
    hidden.toml   tests that a student does not see; hidden.py has them
    mutants/*.c   wrong solutions: whole functions, and which test they fail
    README.md     the hand-out; README.ko.md the same in Korean
"""

import glob
import importlib.util
import os
import re
import sys
import tomllib

from . import cut

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


class LabError(Exception):
    """A lab that is not as it should be; says where."""


class Test:
    """One test of a lab."""

    KEYS = {"name", "points", "smp", "seconds", "hint", "mem", "seeds",
            "append", "needs", "swap", "icount"}

    def __init__(self, table, function, hidden):
        unknown = set(table) - self.KEYS
        if unknown:
            raise LabError(f"test {table.get('name')}: unknown {unknown}")
        if not isinstance(table.get("points"), int):
            raise LabError(f"test {table['name']}: points = N is missing")
        self.name, self.points = table["name"], table["points"]
        self.smp = table.get("smp", [1])
        self.seconds = table.get("seconds", 60)
        self.hint = table.get("hint", "")
        self.mem = table.get("mem", "64M")
        self.seeds = table.get("seeds", 1)
        self.append = table.get("append", "")
        self.swap = table.get("swap", 0)  # pages of a swap area, /dev/vda
        self.icount = table.get("icount", False)  # time counts instructions
        self.needs = table.get("needs")  # a test without which it is nothing
        self.function, self.hidden = function, hidden
        self.goal = " ".join((function.__doc__ or "").split())


class Mutant:
    """A wrong solution: definitions, and the test that must notice."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            head = file.read().split("*/")[0]
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.file = self._field(head, "file")
        self.loses = self._field(head, "loses").split()
        self.of = dict(word.split("@") for word in
                       self._field(head, "of").split())

    def _field(self, head, name):
        match = re.search(rf"^ \* {name}: *(.+)$", head, re.M)
        if not match:
            raise LabError(f"{self.path}: no line `{name}:` at its top")
        return match[1].strip()

    def check(self, tree):
        """The functions must be those that the mutant was made of."""
        for name, digest in self.of.items():
            now = cut.find(tree, self.file, name).digest()
            if now != digest:
                raise LabError(
                    f"{self.path}: {name} in {self.file} has changed since "
                    f"(now {name}@{now}); look at it, then write the new mark")

    def apply(self, tree, silently=False):
        """Put its functions into a tree that has the solution; silently:
        without a comment of its own."""
        self.check(tree)
        new = cut.definitions(self.path)
        if silently:
            for name, definition in new.items():
                old = cut.find(tree, self.file, name)
                definition.body = cut.without_news(definition.body, old.body)
        if set(new) != set(self.of):
            raise LabError(f"{self.path}: defines {set(new)}, "
                           f"`of:` says {set(self.of)}")
        cut.replace(tree, self.file, new)


class Lab:
    """One lab, read from a folder labs/NAME; its hidden tests may lie in a
    folder of their own."""

    KEYS = {"title", "hours", "functions", "remove", "change", "new", "test",
            "units", "starter"}

    def __init__(self, name, root=ROOT, hidden=None):
        self.name, self.root = name, root
        self.folder = os.path.join(root, "labs", name)
        self.hidden = hidden or self.folder
        if not os.path.isdir(self.folder):
            raise LabError(f"no lab {name}; there are {', '.join(names(root))}")
        table = self._toml(self.folder, "lab.toml")
        unknown = set(table) - self.KEYS
        if unknown:
            raise LabError(f"labs/{name}/lab.toml: unknown {unknown}")
        self.title, self.hours = table["title"], table["hours"]
        self.functions = table["functions"]      # [[file, function], ...]
        self.removed = table.get("remove", [])   # helpers that go with them
        self.change = table["change"]            # files a student may change
        self.new = table.get("new", [])          # patterns of new files
        self.starter = table.get("starter", 0)   # points of the starter
        self.units = table.get("units", ["kernel/proc/process.c",
                                         "kernel/vm/audit.c"])
        self.tests = self._tests(table["test"], self.folder, "tests.py")
        if hidden or self.has("hidden.toml"):
            table = self._toml(self.hidden, "hidden.toml")
            self.tests += self._tests(table.get("test", []), self.hidden,
                                      "hidden.py")
        self._check()

    def has(self, name):
        """Is there such a file? A student's tree has the public ones only."""
        return os.path.exists(os.path.join(self.folder, name))

    @staticmethod
    def _toml(folder, name):
        path = os.path.join(folder, name)
        try:
            with open(path, "rb") as file:
                return tomllib.load(file)
        except (OSError, tomllib.TOMLDecodeError) as err:
            raise LabError(f"{path}: {err}") from err

    def _tests(self, tables, folder, source):
        try:
            module = load_module(os.path.join(folder, source), "_".join(
                ("lab", self.name.replace("-", "_"), source[:-3])))
        except Exception as err:  # pylint: disable=broad-except
            raise LabError(f"{folder}/{source}: {err}") from err
        tests = []
        for table in tables:
            name = str(table.get("name"))
            function = getattr(module, name.replace("-", "_"), None)
            if function is None:
                raise LabError(f"{folder}/{source} has no test {name}")
            tests.append(Test(table, function, source == "hidden.py"))
        return tests

    def _check(self):
        for path, _ in self.functions:
            if path not in self.change:
                raise LabError(f"{self.name}: {path} loses a function, but a "
                               "student may not change it")
        if len(self.functions) > 5:
            raise LabError(f"{self.name}: more than five functions")
        known = {None} | {test.name for test in self.tests}
        for test in self.tests:
            if test.needs not in known:
                raise LabError(f"{self.name}: {test.name} needs {test.needs}, "
                               "which is no test")

    @property
    def points(self):
        """The full marks."""
        return sum(test.points for test in self.tests)

    def mutants(self):
        """The wrong solutions, by name."""
        paths = sorted(glob.glob(os.path.join(self.folder, "mutants", "*.c")))
        return [Mutant(path) for path in paths]

    def cut_holes(self, tree):
        """Take the functions out of a tree of the real kernel."""
        if not self.has("holes.c"):
            raise LabError("this is a student's tree, which can only grade "
                           "itself: make grade")
        holes = cut.definitions(os.path.join(self.folder, "holes.c"))
        wanted = {name for _, name in self.functions}
        if set(holes) != wanted:
            raise LabError(f"labs/{self.name}/holes.c defines {set(holes)}, "
                           f"lab.toml names {wanted}")
        for path in self.change:
            names = {n: holes[n] for p, n in self.functions if p == path}
            removed = [n for p, n in self.removed if p == path]
            if names or removed:
                cut.replace(tree, path, names, removed)


def load_module(path, name):
    """Import a Python file by its path; others may import it by its name: a
    lab's hidden.py what it wants of lab_NAME_tests."""
    where = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(where)
    where.loader.exec_module(module)
    sys.modules[name] = module
    return module


def names(root=ROOT):
    """All labs."""
    return sorted(os.path.basename(os.path.dirname(path)) for path in
                  glob.glob(os.path.join(root, "labs", "*", "lab.toml")))


# -- hand-outs in two languages: what must be the same in both ----------------

def headings(text):
    """The levels of the headings, in order."""
    return re.findall(r"^(#+) ", text, re.M)


def code_words(text):
    """What stands between backticks, sorted: the languages order words
    differently."""
    return sorted(re.findall(r"`([^`\n]+)`", text))


def steps(text):
    """The numbers of the lists."""
    return re.findall(r"^(\d+)\. ", text, re.M)
