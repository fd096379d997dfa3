#!/usr/bin/python3
"""build.py - one HTML file from the events of a trace.

    tools/trace-page EVENTS.json -o INDEX.html
    tools/trace-page EVENTS.json --svg VIEW[,KEY=VALUE...] -o PICTURE.svg

The page needs nothing else: style, scripts and data are inside, and it may not
use the network. VIEW is timeline, frames, tree or faults. Keys: start, end and
at (nanoseconds); pid: this process and its descendants only; for timeline
arrows (fork+pipe+...); for frames pages (all, written, shared), from and to
(addresses) and cell (pixels). A picture needs the browser chromium.
"""

import argparse
import array
import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

FOLDER = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = ("pen", "data", "kinds", "lanes", "model", "frames", "timeline",
           "pages", "overview", "tables", "detail", "main")
FORMAT = "hanu-trace 1"
HEADER_KEYS = ("command", "cpus", "start", "end", "lost", "kinds", "strings",
               "enums", "zero_frame", "processes", "threads", "flow_kinds")
TYPE_CODES = {"u8": "B", "u32": "I", "i32": "i"}
FIGURE_SECONDS = 120


class BadData(ValueError):
    """The events do not fit together; the text says why, in one line."""


# ---- the data ---------------------------------------------------------------

def _printable(text):
    """Text that can be shown and written: what is not becomes \\xNN."""
    def escape(match):
        code = ord(match[0])
        if 0xdc80 <= code <= 0xdcff:
            code -= 0xdc00
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    return re.sub("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
                  "\ufeff\ufffe\uffff]", escape, text)


def _clean(value):
    """The same data with printable texts only."""
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_printable(key): _clean(item) for key, item in value.items()}
    return value


def _check(data):
    """Raise BadData unless every index is in range."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise BadData(f"this is no file of format '{FORMAT}'")
    missing = [key for key in (*HEADER_KEYS, "events", "flows")
               if key not in data]
    if missing:
        raise BadData("missing: " + ", ".join(missing))
    events, kinds = data["events"], data["kinds"]
    count = len(events["time"])
    if any(len(events[name]) != count for name in ("cpu", "tid", "kind")):
        raise BadData("columns of events differ in length")
    if count and max(events["kind"]) >= len(kinds):
        raise BadData("an event of a kind that is not listed")
    if count and max(events["cpu"]) >= data["cpus"]:
        raise BadData("an event of a CPU that is not there")
    sizes = [len(kind["args"]) for kind in kinds]
    wanted = sum(sizes[kind] for kind in events["kind"])
    if wanted != len(events["args"]):
        raise BadData(f"{len(events['args'])} arguments where the kinds "
                      f"want {wanted}")
    if any(time < 0 for time in events["time"]):
        raise BadData("time goes backwards")
    _check_actors(data)
    flows = data["flows"]
    if len({len(flows[name]) for name in ("kind", "from", "to")}) != 1:
        raise BadData("columns of flows differ in length")
    if any(not 0 <= i < count for i in (*flows["from"], *flows["to"])):
        raise BadData("an arrow from or to no event")


def _check_actors(data):
    """Processes and threads have what the page reads."""
    for process in data["processes"]:
        int(process["pid"]), int(process["parent"])
        for list_name in ("names", "spaces"):
            for time, _ in process[list_name]:
                float(time)
        float(process["end"] or 0), process["status"]
    for thread in data["threads"]:
        int(thread["tid"]), int(thread["pid"]), thread["name"]


def _halves(values):
    """64-bit numbers as (low 32 bits, high 32 bits with the sign)."""
    values = [int(value) for value in values]
    return ([value & 0xffffffff for value in values],
            [value >> 32 for value in values])


def _columns(data):
    """[(name, type, values)], the order page-data.js reads them in."""
    events, flows = data["events"], data["flows"]
    time_low, time_high = _halves(events["time"])
    args_low, args_high = _halves(events["args"])
    return [("time_low", "u32", time_low), ("time_high", "u32", time_high),
            ("cpu", "u8", events["cpu"]), ("tid", "u32", events["tid"]),
            ("kind", "u8", events["kind"]),
            ("args_low", "u32", args_low), ("args_high", "i32", args_high),
            ("flow_kind", "u8", flows["kind"]),
            ("flow_from", "u32", flows["from"]),
            ("flow_to", "u32", flows["to"])]


def _pack(columns):
    """(list for the header, base64 text of the columns, deflated)."""
    listed, parts = [], []
    for name, kind, values in columns:
        try:
            packed = array.array(TYPE_CODES[kind], values)
        except (OverflowError, TypeError) as error:
            raise BadData(f"a number of {name} is out of range") from error
        if sys.byteorder == "big":
            packed.byteswap()
        raw = packed.tobytes()
        listed.append([name, kind, len(values)])
        parts.append(raw + b"\0" * (-len(raw) % 8))
    return listed, base64.b64encode(zlib.compress(b"".join(parts),
                                                  6)).decode()


def _script_json(value):
    """JSON that may stand inside <script>: no tag can begin in it."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e") \
        .replace("&", "\\u0026")


# ---- the page ---------------------------------------------------------------

def _read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def page_text(data):
    """The page of a trace (the dictionary of format 1). Raises BadData."""
    try:
        _check(data)
        listed, columns = _pack(_columns(data))
        header = _clean({key: data[key] for key in HEADER_KEYS})
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        if isinstance(error, BadData):
            raise
        raise BadData(f"malformed: {error!r}") from error
    header["columns"] = listed
    header["events"] = len(data["events"]["time"])
    parts = {
        "TITLE": html.escape("Trace of " + header["command"]),
        "CSS": _read("page.css"),
        "HEADER": _script_json(header),
        "COLUMNS": columns,
        "SCRIPT": "\n".join(_read(f"page-{name}.js") for name in SCRIPTS),
    }
    return re.sub("@([A-Z]+)@", lambda match: parts[match[1]],
                  _read("page.html"))


def build_page(data, out_path):
    """Write the page of a trace to a file. Raises BadData, OSError."""
    text = page_text(data)
    with open(out_path, "w", encoding="utf-8") as file:
        file.write(text)


# ---- pictures ---------------------------------------------------------------

def figure_text(data, wanted):
    """The SVG text of "VIEW,KEY=VALUE,...", drawn by the page's own code in
    chromium. Raises BadData when there is no such view or no browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        raise BadData("pictures need chromium, which is not installed")
    view, *keys = wanted.split(",")
    with tempfile.TemporaryDirectory() as folder:
        page = os.path.join(folder, "page.html")
        build_page(data, page)
        done = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-gpu-sandbox",
             "--user-data-dir=" + folder, "--virtual-time-budget=60000",
             "--dump-dom", "file://" + page + "#" + "&".join(
                 ["svg=" + view, *keys])],
            capture_output=True, timeout=FIGURE_SECONDS, check=False,
            stdin=subprocess.DEVNULL)
    match = re.search('<pre id="svg">(.+?)</pre>', done.stdout.decode(),
                      re.DOTALL)
    if not match:
        raise BadData(f"the page has no picture '{view}'")
    return html.unescape(match[1])


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="trace-page", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="EVENTS.json")
    parser.add_argument("page", nargs="?", metavar="INDEX.html",
                        help="the same as -o")
    parser.add_argument("-o", "--output", metavar="FILE")
    parser.add_argument("--svg", metavar="VIEW,...",
                        help="write this picture instead of the page")
    options = parser.parse_args()
    options.output = options.output or options.page
    if not options.output:
        parser.error("where to? -o FILE")
    return options


def main():
    """The command line; 0, or 1 after a message."""
    options = parse_arguments()
    try:
        with open(options.events, encoding="utf-8") as file:
            data = json.load(file)
        if options.svg:
            text = figure_text(data, options.svg)
            with open(options.output, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            build_page(data, options.output)
    except (BadData, OSError, ValueError,
            subprocess.TimeoutExpired) as error:
        print(f"trace-page: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
