"""What is written of the results: for students, for programs, for the class."""

import csv
import fcntl
import html
import io
import json
import os
import re
import tempfile
import xml.etree.ElementTree as xml

from . import tree

SHINGLE = 8            # tokens in a row that count as the same text
ALIKE = 0.6            # share of common shingles worth a look
FEWEST = 20            # shingles that say something


def read_record(folder):
    """The record of an earlier grading, or None."""
    try:
        with open(os.path.join(folder, "record.json"),
                  encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def write_record(lab, folder, record):
    """All files of one submission; returns the record."""
    _write(folder, "results.json", json.dumps(_gradescope(record), indent=1))
    _write(folder, "autograding.json", json.dumps(_classroom(record), indent=1))
    _write(folder, "junit.xml", _junit(lab, record))
    _write(folder, "record.json", json.dumps(record, indent=1))
    return record


def _write(folder, name, text):
    """Whole or not at all: a grading that is ended leaves no half file."""
    path = os.path.join(folder, name)
    new = f"{path}.{os.getpid()}"
    with open(new, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text + "\n")
    os.replace(new, path)


def _said(test):
    """What a student may read of a test: nothing that tells a hidden one."""
    if test["hidden"]:
        return test["verdict"]
    lines = [test["verdict"], "wanted: " + test["goal"]]
    for name in ("message", "case", "hint"):
        if test[name]:
            lines.append(f"{name}: {test[name]}")
    return "\n".join(lines)


def _shown(test):
    return "hidden test" if test["hidden"] else test["name"]


def _gradescope(record):
    tests = []
    for number, test in enumerate(record["tests"], 1):
        tests.append({
            "name": _shown(test),
            "number": str(number), "score": test["score"],
            "max_score": test["points"],
            "status": "passed" if test["score"] else "failed",
            "output": "" if test["score"] else _said(test),
            "visibility": "after_due_date" if test["hidden"] else "visible"})
    return {"score": record["score"], "tests": tests,
            "output": f"seed {record['seed']}"}


def _classroom(record):
    return {"version": 1, "status": "success" if record["score"] ==
            record["points"] else "fail", "max_score": record["points"],
            "score": record["score"],
            "tests": [{"name": _shown(t), "score": t["score"],
                       "max_score": t["points"],
                       "status": "pass" if t["score"] else "fail",
                       "message": "" if t["score"] else _said(t)}
                      for t in record["tests"]]}


def _junit(lab, record):
    failed = [t for t in record["tests"] if not t["score"]]
    suite = xml.Element("testsuite", name=f"{lab.name}: {record['name']}",
                        tests=str(len(record["tests"])),
                        failures=str(len(failed)))
    for test in record["tests"]:
        case = xml.SubElement(suite, "testcase", name=_shown(test),
                              classname=lab.name)
        if not test["score"]:
            failure = xml.SubElement(case, "failure", message=test["verdict"])
            failure.text = _printable(_said(test))
    return xml.tostring(suite, encoding="unicode")


def _printable(text):
    """Without the characters that XML does not know."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "?", text)


def print_line(record):
    """One submission, one line."""
    lost = [f"{t['name']}: {t['verdict']}" for t in record["tests"]
            if not t["score"] and "counts only" not in t["message"]]
    verdicts = {t["verdict"] for t in record["tests"]}
    if len(verdicts) == 1 and lost:
        lost = list(verdicts)
    again = " (as before)" if record.get("again") else ""
    print(f"{record['name']:24} {record['score']:3}/{record['points']:<3}"
          f"{again} {'; '.join(lost)}"[:160], flush=True)


# -- the class ---------------------------------------------------------------

def fingerprint(names, folder):
    """Hashes of the rows of tokens in some files below a folder."""
    found = set()
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8",
                  errors="replace") as file:
            text = re.sub(r"/\*(?:.*?\*/|.*\Z)|//[^\n]*", " ", file.read(),
                          flags=re.S)
        tokens = re.findall(r"[A-Za-z_]\w*|\d\w*|[^\s\w]", text)
        # Names of its own do not hide a copy.
        known = [t if len(t) < 2 else t[0] + str(len(t)) for t in tokens]
        found |= {hash_of(known[i:i + SHINGLE])
                  for i in range(len(known) - SHINGLE)}
    return sorted(found)


def hash_of(tokens):
    """A stable small number for some tokens."""
    value = 0
    for char in " ".join(tokens):
        value = (value * 1_000_003 + ord(char)) & 0xffffffff
    return value


def like_kernel(lab, records):
    """How much of what each wrote stands in the kernel itself:
    [(share, name)]. What the lab gives does not count."""
    real = set(fingerprint(lab.change, lab.root))
    with tempfile.TemporaryDirectory() as folder:
        for name in lab.change:
            tree.copy_file(lab.root, name, folder)
        lab.cut_holes(folder)
        given = set(fingerprint(lab.change, folder))
    shares = []
    for record in records:
        own = set(record.get("source") or ()) - given
        if len(own) >= FEWEST:
            shares.append((len(own & real) / len(own), record["name"]))
    return sorted(shares, reverse=True)


def similar(records):
    """Pairs that share much which most others have not: [(share, a, b)]."""
    sets = {r["name"]: set(r.get("source") or ()) for r in records}
    counts = {}
    for one in sets.values():
        for shingle in one:
            counts[shingle] = counts.get(shingle, 0) + 1
    common = {s for s, n in counts.items() if n > max(3, len(sets) // 2)}
    own = {name: one - common for name, one in sets.items()}
    pairs = []
    names = sorted(own)
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            smaller = min(len(own[a]), len(own[b]))
            share = len(own[a] & own[b]) / smaller if smaller >= FEWEST else 0
            if share >= ALIKE:
                pairs.append((share, a, b))
    return sorted(pairs, reverse=True)


def write_class(lab, out):
    """report.html and grades.csv of all records below a folder; of graders
    that end together the last one sees all records."""
    with open(os.path.join(out, ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _write_class(lab, out)


def _write_class(lab, out):
    records = [r for r in (read_record(os.path.join(out, n))
                           for n in sorted(os.listdir(out))) if r]
    records = [r for r in records if r["lab"] == lab.name]
    rows = "".join(
        f"<tr><td>{html.escape(r['name'])}<td>{r['score']}" + "".join(
            f"<td class={'good' if t['score'] else 'bad'}>{t['verdict']}"
            for t in r["tests"]) for r in records)
    heads = "".join(f"<th>{html.escape(t.name)}" for t in lab.tests)
    pairs = "".join(f"<tr><td>{share:.0%}<td>{html.escape(a)}<td>"
                    f"{html.escape(b)}" for share, a, b in similar(records))
    kernel = "".join(f"<tr><td>{share:.0%}<td>{html.escape(name)}" for
                     share, name in like_kernel(lab, records)
                     if share >= ALIKE)
    _write(out, "report.html", PAGE.format(
        title=html.escape(f"{lab.name}: {lab.title}"), count=len(records),
        histogram=_histogram(records), failing=_failing(records),
        heads=heads, rows=rows, pairs=pairs or "<tr><td>none",
        kernel=kernel or "<tr><td>none"))
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(
        [("name", "score", "points")] +
        [(r["name"], r["score"], r["points"]) for r in records])
    _write(out, "grades.csv", table.getvalue().rstrip("\n"))


def _histogram(records):
    bins = [0] * 11
    for record in records:
        bins[int(record["score"] * 10 / max(record["points"], 1))] += 1
    top = max(bins + [1])
    bars = "".join(
        f"<rect x='{i * 40 + 4}' y='{100 - n * 90 // top}' width='32' "
        f"height='{n * 90 // top}'/><text x='{i * 40 + 20}' y='115'>{i * 10}%"
        f"</text><text x='{i * 40 + 20}' y='{95 - n * 90 // top}'>{n or ''}"
        "</text>" for i, n in enumerate(bins))
    return f"<svg viewBox='0 0 440 120' width='660'>{bars}</svg>"


def _failing(records):
    lost = {}
    for record in records:
        for test in record["tests"]:
            lost[test["name"]] = lost.get(test["name"], 0) + (
                0 if test["score"] else 1)
    return "".join(f"<tr><td>{html.escape(name)}<td>{count}" for name, count in
                   sorted(lost.items(), key=lambda item: -item[1]))


PAGE = """<!doctype html><meta charset=utf-8><title>{title}</title>
<style>body{{font:16px sans-serif;margin:2em}}td,th{{padding:.2em .6em;
border:1px solid #ccc;text-align:left}}table{{border-collapse:collapse}}
.good{{background:#dff0d8}}.bad{{background:#f2dede}}
text{{font-size:11px;text-anchor:middle}}rect{{fill:#4477aa}}</style>
<h1>{title}</h1><p>{count} submissions</p><h2>Points</h2>{histogram}
<h2>Tests by how many fail</h2><table>{failing}</table>
<h2>Alike</h2><p>Share of rows of tokens that few others have. Look before you
judge.</p><table>{pairs}</table>
<h2>Like the kernel</h2><p>Share of what they wrote that stands in the
kernel's own solution.</p><table>{kernel}</table>
<h2>All</h2><table><tr><th>name<th>points{heads}</tr>{rows}</table>
"""
