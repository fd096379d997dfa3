"""What the tests share: running tools/run, and many cases in one boot.

A boot costs about as much as a whole test program, so all cases that want the
same machine run one after the other in one boot, under /bin/testrun. When a
case takes the machine down, the cases after it get a boot of their own.
"""

import os
import re
import select
import shutil
import subprocess
import tempfile
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
RUN = os.path.join(ROOT, "tools", "run")
BOOT_SECONDS = 300  # and others: against hanging only
DEFAULTS = {"smp": "1 4", "timeout": "180", "mem": "256M", "host": "yes",
            "args": "", "leaks": "no", "status": "0"}
MARK = re.compile(
    r"\n@@end (?P<name>[^\n]*?) status=(?P<status>0x[0-9a-f]+) "
    r"late=(?P<late>\d) lost=(?P<lost>-?\d+)\n")


def names(folder, suffix):
    """Cases of a test folder: files by wildcard, without their suffix."""
    path = os.path.join(TESTS, folder)
    if not os.path.isdir(path):
        return []
    return sorted(n[:-len(suffix)] for n in os.listdir(path)
                  if n.endswith(suffix))


def header(path):
    """The `key: value` lines in the opening comment of a case."""
    values = dict(DEFAULTS)
    with open(path, encoding="utf-8") as file:
        for line in file.read(2000).splitlines()[:30]:
            match = re.match(r"[\s/*#]*(\w+):\s*(.*?)\s*(\*/)?$", line)
            if match and match[1] in values:
                values[match[1]] = match[2]
    return values


def tools_run(*args, command, timeout=300, **kwargs):
    """tools/run with the given options; the CompletedProcess with bytes."""
    if "input" not in kwargs:
        kwargs.setdefault("stdin", subprocess.DEVNULL)
    kwargs.setdefault("capture_output", True)
    return subprocess.run(
        [RUN, *args, "--timeout", str(timeout), "--", *command],
        timeout=timeout + 60, check=False, **kwargs)


def watch(pids):
    """Descriptors that tell of the ends of processes, for wait_for()."""
    return [os.pidfd_open(pid) for pid in pids]


def wait_for(ends):
    """Wait until all these processes have ended; one that stays is a hang."""
    for end in ends:
        ended = select.select([end], [], [], BOOT_SECONDS)[0]
        os.close(end)
        assert ended, "a process is still there"


def read_status(path):
    """--status file as {name: [values]}."""
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, _, value = line.rstrip("\n").partition("=")
            values.setdefault(name, []).append(value)
    return values


class Verdict:
    """How one case ended in the guest."""

    def __init__(self, status, stdout, stderr, why=""):
        self.status = status  # as wait() gave it; None if it never ended
        self.stdout = stdout
        self.stderr = stderr
        self.why = why        # trouble beside the status

    def check(self, expected_status=0):
        """Fail with everything a reader wants to see."""
        trouble = [self.why] if self.why else []
        if self.status is not None and self.status != expected_status << 8:
            trouble.insert(0, f"ended with wait status {self.status:#06x}")
        if trouble:
            raise AssertionError(
                f"{', '.join(trouble)}\n--- stdout\n{self.stdout[-6000:]}"
                f"\n--- stderr\n{self.stderr[-6000:]}")


class Batch:
    """Cases for one kind of machine; runs them at the first question."""

    def __init__(self, smp, mem):
        self.options = ["--smp", str(smp), "--mem", mem]
        self.cases = {}    # command -> (seconds, check memory)
        self.files = {}    # guest path -> host path
        self.verdicts = {}

    def add(self, command, files, seconds, check_memory):
        """A case: the command as testrun takes it, and the files it needs."""
        self.cases[command] = (seconds, check_memory)
        self.files.update(files)

    def verdict(self, command):
        """The Verdict of one case; boots when it has not run yet."""
        while command not in self.verdicts:
            todo = [c for c in self.cases if c not in self.verdicts]
            self._boot(todo)
        return self.verdicts[command]

    def _boot(self, todo):
        seconds, check = self.cases[todo[0]]
        group = [c for c in todo if self.cases[c] == (seconds, check)]
        with tempfile.TemporaryDirectory(prefix="hanu-tests-") as folder:
            add = []
            for guest, host in self.files.items():
                add += ["--add", f"{_stripped(host, folder)}:{guest}"]
            status = os.path.join(folder, "status")
            command = [RUN, *self.options, *add, "--status", status, "--",
                       "testrun", "-t", str(seconds)]
            code, out, err = _run_watched(
                command + (["-m"] if check else []) + group, folder,
                2 * seconds + BOOT_SECONDS)
            found = read_status(status) if os.path.exists(status) else {}
        self._take_verdicts(group, out, err, code, found)

    def _take_verdicts(self, group, out, err, code, found):
        stdout, stderr = _cut(out), _cut(err)
        complete = [c for c in group if c in stdout]
        for command in complete:
            match, text = stdout[command]
            why = ""
            if match["late"] == "1":
                why = "ran out of time"
            elif int(match["lost"]) > 0:
                why = f"left {match['lost']} bytes of memory behind"
            errors = stderr[command][1] if command in stderr else ""
            self.verdicts[command] = Verdict(int(match["status"], 16), text,
                                             errors, why)
        if len(complete) < len(group):
            guilty = group[len(complete)]
            self.verdicts[guilty] = Verdict(
                None, out.rpartition("@@case")[2], err.rpartition("@@case")[2],
                f"took the machine down (tools/run: {code})")
        elif code or [a for a in found.get("audit", []) if a != "ok"]:
            self.verdicts[group[-1]].why = \
                f"tools/run ended with {code}, audit {found.get('audit')}"


def _run_watched(command, folder, stall_seconds):
    """Run a batch; ends it when a case makes no progress for so long.

    Returns exit code, stdout and stderr. testrun has a time limit of its own;
    this one is for a machine that no longer answers.
    """
    paths = [os.path.join(folder, name) for name in ("stdout", "stderr")]
    with open(paths[0], "wb") as out, open(paths[1], "wb") as err, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                             stderr=err) as run:
        size, since = 0, time.monotonic()
        while run.poll() is None:
            time.sleep(0.05)
            if os.path.getsize(paths[0]) != size:
                size, since = os.path.getsize(paths[0]), time.monotonic()
            elif time.monotonic() - since > stall_seconds:
                run.terminate()
                run.wait()
    texts = []
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            texts.append(file.read())
    return run.returncode, *texts


def _cut(text):
    """{command: (match of its end mark, its output)}."""
    cases, start = {}, 0
    for match in MARK.finditer(text):
        opening = f"\n@@case {match['name']}\n"
        begin = text.rfind(opening, start, match.start() + 1)
        begin = start if begin < 0 else begin + len(opening)
        cases[match["name"]] = (match, text[begin:match.start()])
        start = match.end()
    return cases


def _stripped(host, folder):
    """A copy of an ELF file without symbols; other files as they are."""
    with open(host, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return host
    copy = os.path.join(folder, os.path.basename(host))
    if subprocess.run(["strip", "-o", copy, host], check=False).returncode:
        shutil.copy(host, copy)
    return copy
