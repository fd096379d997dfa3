"""Grading many submissions: each once, each in a tree of its own."""

import concurrent.futures
import fcntl
import hashlib
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile

from . import check, judge, report, spec, tree

ARCHIVE_BYTES = 64 << 20  # of all files of an archive together


class Submission:
    """What a student handed in."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.name = os.path.basename(self.path.rstrip("/"))
        for suffix in (".tar.gz", ".tgz", ".tar", ".zip"):
            self.name = self.name.removesuffix(suffix)

    def files(self, lab, folder):
        """A folder with the allowed files, taken out of an archive."""
        if os.path.isdir(self.path):
            return self.path
        members = list(_members(self.path))
        if sum(size for _, size, _ in members) > ARCHIVE_BYTES:
            raise spec.LabError("the archive is too large")
        for name, _, read in members:
            inside = _below_root(name, lab)
            if inside:
                target = os.path.join(folder, inside)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as file:
                    file.write(read())
        return folder


def _members(path):
    """(name, size, reader) of the regular files of an archive."""
    try:
        if zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            for info in archive.infolist():
                if not info.is_dir() and \
                        stat.S_IFMT(info.external_attr >> 16) in (
                            0, stat.S_IFREG):
                    yield info.filename, info.file_size, \
                        lambda i=info: archive.read(i)
            return
        archive = tarfile.open(path)
        for member in archive:
            if member.isfile():
                yield member.name, member.size, \
                    lambda m=member: archive.extractfile(m).read()
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as err:
        raise spec.LabError(f"not a folder, tar or zip: {err}") from err


def _below_root(name, lab):
    """The path in the tree of an archive's member, which may have one folder
    above it; None when the lab does not allow the file."""
    parts = name.split("/")
    if ".." in parts or name.startswith("/"):
        return None
    for start in range(min(3, len(parts))):
        inside = "/".join(parts[start:])
        if tree.allowed(lab, inside):
            return inside
    return None


def digest_of(lab, folder, state):
    """A digest of what counts: the lab and the allowed files."""
    digest = hashlib.sha256(state.encode())
    for where, folders, files in sorted(os.walk(folder)):
        folders.sort()
        for file in sorted(files):
            path = os.path.join(where, file)
            name = os.path.relpath(path, folder)
            if tree.allowed(lab, name) and os.path.isfile(path) and \
                    not os.path.islink(path):
                digest.update(name.encode(errors="surrogateescape") + b"\0")
                with open(path, "rb") as data:
                    digest.update(data.read(tree.LARGEST))
    return digest.hexdigest()[:20]


def grade_one(lab, submission, template, out, seed, state):
    """Grade one; its record (also in OUT/NAME/record.json)."""
    folder = os.path.join(out, submission.name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with tempfile.TemporaryDirectory(prefix="hanu-grade-") as work:
            return _grade_locked(lab, submission, template, folder, seed,
                                 state, work)


def _grade_locked(lab, submission, template, folder, seed, state, work):
    try:
        taken = os.path.join(work, "files")
        os.makedirs(taken)
        files = submission.files(lab, taken)
        digest = digest_of(lab, files, state)
    except spec.LabError as err:
        record = _record(lab, submission, judge.broken(lab, str(err)), "", seed)
        return report.write_record(lab, folder, record)
    known = report.read_record(folder)
    if known and known["digest"] == digest:
        return dict(known, again=True)
    copy = os.path.join(work, "tree")
    tree.copy(template, copy)
    left_out = tree.overlay(lab, files, copy)
    done = tree.build(copy)
    if done.code:
        results = judge.broken(lab, done.output[-4000:])
    else:
        results = judge.Judge(lab, copy, seed).run()
    record = _record(lab, submission, results, digest, seed)
    record["left_out"] = left_out
    record["source"] = report.fingerprint(lab, copy)
    return report.write_record(lab, folder, record)


def _record(lab, submission, results, digest, seed):
    score, points = judge.total(results)
    return {"name": submission.name, "lab": lab.name, "score": score,
            "points": points, "digest": digest, "seed": seed,
            "tests": [r.as_dict() for r in results]}


def grade(lab, options, seed):
    """Grade all; a table, and the files of labkit/report.py."""
    submissions = [Submission(path) for path in options.what]
    names = [s.name for s in submissions]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise spec.LabError(f"two submissions named {', '.join(twice)}")
    for submission in submissions:
        if not os.path.exists(submission.path):
            raise spec.LabError(f"{submission.path} is not there")
    cache = tempfile.mkdtemp(prefix="hanu-grade-")
    state = check.state_of(lab)
    records = []
    try:
        template = tree.template(lab, cache)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            jobs = [pool.submit(grade_one, lab, s, template, options.out,
                                seed, state) for s in submissions]
            for job in concurrent.futures.as_completed(jobs):
                records.append(job.result())
                report.print_line(records[-1])
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    report.write_class(lab, options.out)
    print(f"{len(records)} graded; {options.out}/report.html")
    return 0
