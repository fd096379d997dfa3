"""Grading many submissions: each once, each in a tree of its own."""

import concurrent.futures
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import traceback

from . import check, guest, judge, memory, qemu, report, sandbox, spec, tree
from .submission import Submission

ROOM = 256 << 20  # bytes on the disk, or what failed may be our own fault

def digest_of(files, left_out, state):
    """A digest of what counts: the lab and the allowed files, {name: bytes}."""
    digest = hashlib.sha256(f"{state} {left_out}".encode(
        errors="surrogateescape"))
    for name, data in files.items():
        digest.update(name.encode(errors="surrogateescape") + b"\0")
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:20]


class Grader:
    """How all submissions to a lab are graded. A submission whose record has
    the digest of the same lab and the same files is not graded again."""

    def __init__(self, lab, cache, out, seed):
        self.lab, self.cache, self.out, self.seed = lab, cache, out, seed
        self.state = check.state_of(lab)
        self.lock, self.checked = threading.Lock(), False

    def _check_machine(self):
        """Can this computer build the lab, and run a machine at all? What fails
        here would fail all students, so it ends the command."""
        with self.lock:
            if not self.checked:
                self._run_kernel()
                self.checked = True

    def _run_kernel(self):
        tree.template(self.lab, self.cache)
        folder = tree.base(self.lab.root, self.cache)
        try:
            with guest.Machine(folder, os.path.join(folder, "build"),
                               self.layout()):
                pass
        except (OSError, qemu.Died, qemu.Hang, guest.Failure,
                memory.BadMemory) as err:
            raise spec.LabError("the kernel itself does not run here: "
                                f"{err}") from err

    def layout(self, kernel=None):
        """What is known of a kernel's structures: its symbols, and the types of
        our own."""
        real = os.path.join(tree.base(self.lab.root, self.cache), "build",
                            "kernel.elf")
        return memory.Layout(kernel or real, self.lab.units, real)

    def grade(self, submission):
        """Grade one; its record (also in OUT/NAME/record.json, unless it could
        not be graded). Whatever is wrong with one does not stop the others; a
        LabError is of the lab or this computer."""
        folder = os.path.join(self.out, submission.name)
        try:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "lock"), "w",
                      encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return self._grade_locked(submission, folder)
        except spec.LabError:
            raise
        except Exception:  # pylint: disable=broad-except
            qemu.raise_if_ended()
            return self._broken(submission, traceback.format_exc(),
                                judge.NOT_GRADED)

    def _grade_locked(self, submission, folder):
        known = report.read_record(folder)
        with tempfile.TemporaryDirectory(prefix="hanu-grade-",
                                         ignore_cleanup_errors=True) as work:
            record = self._grade(submission, known, work)
            if record is known:
                return dict(known, again=True)
            qemu.raise_if_ended()
            if record["score"] < record["points"] and \
                    shutil.disk_usage(work).free < ROOM:
                raise OSError(errno.ENOSPC, "hardly any room", work)
        return report.write_record(self.lab, folder, record)

    def _grade(self, submission, known, work):
        unpacked, copy = (os.path.join(work, name) for name in ("in", "tree"))
        os.mkdir(unpacked)
        try:
            files, left_out = submission.read(self.lab, unpacked)
        except spec.LabError as err:
            return self._broken(submission, str(err))
        digest = digest_of(files, left_out, self.state)
        if known and known["digest"] == digest:
            return known
        if not files:
            return self._broken(submission, "nothing to grade: none of these "
                                "files is there: " +
                                ", ".join(self.lab.change), digest=digest,
                                left_out=left_out)
        self._check_machine()
        tree.copy(tree.template(self.lab, self.cache), copy)
        left_out += tree.overlay(files, copy)
        return self._record(submission, self._judge(copy), digest,
                            left_out=left_out,
                            source=report.fingerprint(self.lab.change, copy))

    def _judge(self, copy):
        done = tree.build(copy)
        if done.failed:
            return judge.broken(self.lab, done.output[-4000:])
        try:
            layout = self.layout(os.path.join(copy, "build", "kernel.elf"))
        except memory.BadMemory as err:
            return judge.broken(self.lab, str(err))
        return judge.Judge(self.lab, copy, self.seed, layout=layout).run()

    def _broken(self, submission, message, verdict=judge.BROKEN, digest="",
                **more):
        return self._record(submission, judge.broken(
            self.lab, message, verdict), digest, **more)

    def _record(self, submission, results, digest, **more):
        score, points = judge.total(results)
        return {"name": submission.name, "lab": self.lab.name, "score": score,
                "points": points, "digest": digest, "seed": self.seed,
                "tests": [r.as_dict() for r in results], **more}


def _submissions(lab, options):
    """Those that are named; a command that cannot be meant is refused."""
    submissions = [Submission(path) for path in options.what]
    names = [s.name for s in submissions]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise spec.LabError(f"two submissions named {', '.join(twice)}")
    for submission in submissions:
        if not os.path.exists(submission.path):
            raise spec.LabError(f"{submission.path} is not there")
        known = report.read_record(os.path.join(options.out, submission.name))
        if known and known["lab"] != lab.name:
            raise spec.LabError(f"{options.out} has results of the lab "
                                f"{known['lab']}; --out names another folder")
    return submissions


def grade(lab, options, seed):
    """Grade all; a table, and the files of labkit/report.py."""
    submissions = _submissions(lab, options)
    if not sandbox.bubblewrap():
        print("tools/grade: bubblewrap makes no sandbox here: a student's "
              "#include can read this computer's files", file=sys.stderr)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    failed = 0
    with _cache(options.cache, check.state_of(lab)) as cache:
        grader = Grader(lab, cache, options.out, seed)
        for record in _all(grader, submissions, options.jobs):
            report.print_line(record)
            test = record["tests"][0]
            if test["verdict"] == judge.NOT_GRADED:
                failed += 1
                print(test["message"], file=sys.stderr)
    report.write_class(lab, options.out)
    print(f"{len(submissions) - failed} graded; {options.out}/report.html")
    if failed:
        print(f"{failed} not graded, for reasons of this computer's own; the "
              "same command takes them again")
    return 1 if failed else 0


def _all(grader, submissions, jobs):
    """The records as they come, so many at a time. When it is ended, so are the
    machines, and what was being graded leaves no record."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            for job in concurrent.futures.as_completed(
                    [pool.submit(grader.grade, s) for s in submissions]):
                yield job.result()
        except BaseException:
            qemu.end_all()
            sandbox.end_all()
            pool.shutdown(cancel_futures=True)
            raise


@contextlib.contextmanager
def _cache(folder, state):
    """A folder for the built kernel: it stays when one was named. Nobody else
    may have made it, for what stands in it is run."""
    if not folder:
        with tempfile.TemporaryDirectory(prefix="hanu-grade-",
                                         ignore_cleanup_errors=True) as own:
            yield own
        return
    os.makedirs(folder, mode=0o700, exist_ok=True)
    facts = os.stat(folder)
    if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IWGRP |
                                                       stat.S_IWOTH):
        raise spec.LabError(f"--cache {folder}: others may write there")
    yield os.path.join(os.path.abspath(folder), state)
