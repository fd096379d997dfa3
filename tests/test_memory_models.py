"""The program `memmodel`: text-book answers, its page of the docs, hard input.

Each command in docs/memory-models.md runs again, on the host and on hanu, and
must print what the page says. After a change of the program run this file as a
program: it writes what is printed now into the page and its figure.
"""

import os
import re
import subprocess
import sys
import xml.dom.minidom

import pytest

import harness

HOST = os.path.join(harness.BUILD, "host", "user")
PAGE = os.path.join(harness.ROOT, "docs", "memory-models.md")

FIGURE = os.path.join(harness.ROOT, "docs", "memory-first-fit.svg")
FIGURE_COMMAND = "memmodel contiguous --memory 4096 --random 120 --svg"


def on_host(command, **kwargs):
    path = HOST + os.pathsep + os.environ["PATH"]
    return subprocess.run(["sh", "-c", command], capture_output=True,
                          text=True, timeout=300, check=False,
                          env={**os.environ, "PATH": path}, **kwargs)


def tidy(text):
    return [line.rstrip() for line in text.rstrip().split("\n")]


def examples():
    """[(command, lines it prints)] of the page."""
    found, inside = [], False
    with open(PAGE, encoding="utf-8") as file:
        for line in file:
            if line.startswith("    $ "):
                found.append((line[6:].rstrip(), []))
                inside = True
            elif inside and (line.startswith("    ") or line == "\n"):
                found[-1][1].append(line[4:].rstrip())
            else:
                inside = False
    return [(command, tidy("\n".join(lines))) for command, lines in found]


def update():
    """Writes what the commands print now into the page."""
    text, inside = [], False
    with open(PAGE, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for line in lines:
        if inside and (line.startswith("    ") or not line) and \
                not line.startswith("    $ "):
            continue
        if inside and not line.startswith("    $ "):
            text.append("")
        inside = line.startswith("    $ ")
        text.append(line)
        if inside:
            done = on_host(line[6:])
            text += [("    " + out).rstrip() for out in tidy(done.stdout)]
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("\n".join(text).rstrip() + "\n")
    with open(FIGURE, "w", encoding="utf-8") as file:
        file.write(on_host(FIGURE_COMMAND).stdout)


@pytest.mark.parametrize("number", range(len(examples())))
def test_page_on_host(number):
    command, expected = examples()[number]
    done = on_host(command)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert tidy(done.stdout) == expected, command


def test_page_on_hanu(tmp_path):
    script = tmp_path / "page.sh"
    script.write_text("".join(
        f"echo '@@ {number}'\n{command} || exit 1\n"
        for number, (command, _) in enumerate(examples())))
    done = harness.tools_run("--add", f"{script}:/page.sh",
                             command=["sh", "/page.sh"])
    assert done.returncode == 0, done.stderr.decode()
    parts = re.split(r"^@@ \d+\n", done.stdout.decode().replace("\r", ""),
                     flags=re.M)[1:]
    for (command, expected), printed in zip(examples(), parts, strict=True):
        assert tidy(printed) == expected, command


def test_figure():
    with open(FIGURE, encoding="utf-8") as file:
        assert on_host(FIGURE_COMMAND).stdout == file.read()


def test_loops_under_vmtrace():
    """All that a program does to memory, in a TLB: rows against columns."""
    words = "--rows 128 --columns 16 --size 256 --run"
    script = "; ".join(
        f"vmtrace -d -o /tmp/{how} memmodel loops --by {how} {words} && "
        f"memmodel tlb --page 1 --ways 64 --trace /tmp/{how}"
        for how in ("rows", "columns"))
    done = harness.tools_run(command=["sh", "-c", script])
    assert done.returncode == 0, done.stderr.decode()
    rows, columns = (int(line.split()[4]) for line in
                     done.stdout.decode().splitlines()
                     if line.startswith("associative, lru"))
    assert 128 <= rows < 256 and 2048 <= columns < 2300, done.stdout


# ---- text books -------------------------------------------------------------

def holes(sizes, *requests):
    """{fit: [size of the hole taken, or None]}."""
    words = " ".join(f"+P{n}:{size}" for n, size in enumerate(requests))
    text = on_host(f"memmodel contiguous --holes {sizes} {words}").stdout
    rows = [re.findall(r"(\d+) at \d+|(waits)", line)
            for line in text.split("is taken\n")[1].split("\n")[1:]
            if line.startswith("+")]
    fits = ("first", "best", "worst", "next")
    return {fit: [int(row[i][0]) if row[i][0] else None for row in rows]
            for i, fit in enumerate(fits)}


def test_silberschatz_holes():
    assert holes("100,500,200,300,600", 212, 417, 112, 426) == {
        "first": [500, 600, 288, None], "best": [300, 500, 200, 600],
        "worst": [600, 500, 388, None], "next": [500, 600, 183, None]}


def test_tanenbaum_holes():
    assert holes("10,4,20,18,7,9,12,15", 12, 10, 9) == {
        "first": [20, 10, 18], "best": [12, 10, 9], "worst": [20, 18, 15],
        "next": [20, 18, 9]}


def test_silberschatz_segments():
    text = on_host("memmodel segments 0,430 1,10 2,500 3,400 4,112").stdout
    answers = [line.split(None, 1)[1] for line in text.split("\n")
               if re.match(r"\d+,", line)]
    assert answers == [
        "219 + 430 = 649", "2300 + 10 = 2310",
        "fault: limit, 500 is not below 100", "1327 + 400 = 1727",
        "fault: limit, 112 is not below 96"]


@pytest.mark.parametrize("lines,ways,blocks,misses", [
    (8, 1, "22 26 22 26 16 3 16 18 16", 5),
    (4, 1, "0 8 0 6 8", 5), (4, 2, "0 8 0 6 8", 4), (4, 4, "0 8 0 6 8", 3),
    # the reference strings of page replacement, in a cache of frames
    (3, 3, "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1", 12),
])
def test_misses(lines, ways, blocks, misses):
    text = on_host(f"memmodel cache --lines {lines} --line 1 --ways {ways} "
                   f"{blocks}").stdout
    assert int(text.split("\n")[-2].split("|")[0].split()[-6]) == misses, \
        text


@pytest.mark.parametrize("frames,misses", [(3, 9), (4, 10)])
def test_belady_in_an_associative_cache(frames, misses):
    text = on_host(f"memmodel tlb --entries {frames} --page 1 --ways {frames} "
                   "--replace fifo 1 2 3 4 1 2 5 1 2 3 4 5").stdout
    assert text.split("\n")[-2].split("|")[0].split()[-6] == str(misses), text


def test_effective_access_time():
    """80 % hits at 120 ns, the others at 220."""
    text = on_host("memmodel tlb --ways 64 1 1 1 1 1").stdout
    assert " 140.00 |" in text, text


# ---- properties -------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
def test_compaction_leaves_nobody_waiting(seed):
    text = on_host(f"memmodel contiguous --memory 5000 --random 400 "
                   f"--seed {seed} --compact").stdout
    rows = [line.split() for line in text.split("\n")[-5:-1]]
    assert [row[2] for row in rows] == ["0"] * 4, text


@pytest.mark.parametrize("seed", range(3))
def test_buddies_all_join_at_the_end(seed):
    text = on_host(f"memmodel buddy --random 20 --seed {seed}").stdout
    live = {}
    for sign, name in re.findall(r"^([+-])(\w+)", text, re.M):
        live[name] = sign == "+"
    words = re.findall(r"^([+-]\w+(?::\d+)?) ", text, re.M) + \
        ["-" + name for name, lives in live.items() if lives]
    text = on_host("memmodel buddy -", input=" ".join(words)).stdout
    assert re.findall(r"^ +([\w:]+(?: [\w:]+)*)$", text, re.M)[-1] == "1024"


def test_recorded_loops_are_the_computed_ones():
    def trace(how, options=""):
        text = on_host(f"memmodel loops --rows 5 --columns 7 --size 1000 "
                       f"--by {how} {options}").stdout
        addresses = [int(line[2:], 16) for line in text.splitlines()]
        return [address - addresses[0] for address in addresses]
    for how in ("rows", "columns"):
        assert trace(how) == trace(how, "--record")
    assert len(set(trace("rows"))) == 35


@pytest.mark.parametrize("command", [
    "contiguous --random 300", "buddy --random 300", "segments",
    "cache 1 2 3 4", "tlb --ways 2 1w 2 3x 4r"])
def test_svg(command):
    svg = on_host(f"memmodel {command} --svg").stdout
    assert xml.dom.minidom.parseString(svg).documentElement.tagName == "svg"


# ---- hard input -------------------------------------------------------------

BAD = """
|nothing|contiguous|contiguous +|contiguous +A|contiguous +A:|contiguous +:1
contiguous +A:0|contiguous +A:-1|contiguous +A:99999999999999999999999
contiguous +A:9223372036854775807|contiguous +A:1x|contiguous A:1
contiguous +A:1 +A:1|contiguous -A|contiguous +A:1 -A -A|contiguous +A:1 -A:1
contiguous +A_:1|contiguous +ABCDEFGHIJKLMNOP:1|contiguous ''|contiguous ' '
contiguous --memory 0 +A:1|contiguous --memory -1 +A:1|contiguous --memory
contiguous --memory 8388608G +A:1|contiguous --fit good +A:1
contiguous --holes '' +A:1|contiguous --holes 1,,2 +A:1|contiguous --holes 1, +A:1
contiguous --fixed 0 +A:1|contiguous --fixed 1,2 --compact +A:1
contiguous --random 0|contiguous --random 99999999|contiguous --random 5 +A:1
contiguous --unit 4 +A:1|contiguous --nonsense|contiguous - < /dev/null
contiguous - < /dev/zero|yes | memmodel contiguous -
yes '+A:1 -A' | memmodel contiguous -|yes | tr -d '\\n' | memmodel buddy -
contiguous - < /
buddy --memory 1000 +A:1|buddy --memory 0 +A:1|buddy --unit 2048 +A:1|buddy
buddy --unit 3 +A:1|buddy +A:1k +A:1k
segments 0|segments 0,|segments ,1|segments 0,-1|segments -- -1,0|segments r
segments 0,99999999999999999999|segments 0,1z|segments --table '' 0,1
segments --table 1 0,1|segments --table 1:2:q 0,1|segments --table 1:2, 0,1
segments --table 1:1,1:1 --svg|segments --table 99999999999999:1 0,1
cache|cache ''|cache -1|cache -- -1|cache 1q|cache w|cache r
cache 99999999999999999999|cache r 10000000000000000|cache r 1g|cache r
cache --lines 0 1|cache --lines 5000 1|cache --ways 3 1|cache --ways 128 1
cache --line 0 1|cache --replace best 1|cache --trace /none|cache --trace /
cache --hit -1 1|cache --trace /dev/zero|yes | memmodel cache -
yes 1 | memmodel tlb -|tlb --page 0 1|tlb --entries x 1
loops 1|loops --rows 0|loops --by diagonal|loops --rows 1048576 --columns 2
loops --size 0|loops --size 65537|loops --base -1|loops --columns 1e3
"""


def bad_commands():
    words = BAD.replace(" | ", " \0 ").replace("\n", "|").strip("|")
    return [word.replace("\0", "|") for word in words.split("|")] + [""]


@pytest.mark.parametrize("command", bad_commands())
def test_wrong_input_is_refused(command):
    if "memmodel" not in command:
        command = "memmodel " + command
    done = on_host(command)
    assert done.returncode == 2, done
    assert done.stderr.count("\n") in (1, 2) and len(done.stderr) < 400
    assert done.stderr.startswith(("memmodel: ", "Try ")), done.stderr


@pytest.mark.parametrize("command", [
    "contiguous --memory 1024G +A:1024G -A +B:1",
    "contiguous --holes 1 +A:1 +B:1 -B -A", "contiguous +A:1025 -A",
    "buddy --memory 1 +A:1 +B:1 -B -A", "buddy --memory 1024G +A:1 -A",
    "buddy +A:1025 -A", "segments", "segments --table 0:0 0,0",
    "segments 9999,0 0,4611686018427387904 0,600",
    "cache 18446744073709551615 0xffffffffffffffff 0",
    "cache --lines 1 --line 1024G 0 1w", "tlb --seed 0 1",
    "loops --rows 1 --columns 1 --record", "contiguous +A:1 '#-B' -A"])
def test_extremes(command):
    done = on_host("memmodel " + command)
    assert done.returncode == 0 and not done.stderr, done
    assert "nan" not in done.stdout and "inf" not in done.stdout


def test_help():
    for model in ("", "contiguous", "buddy", "segments", "cache", "tlb",
                  "loops"):
        done = on_host(f"memmodel {model} --help")
        assert done.returncode == 0, done
        assert done.stdout.startswith(f"Usage: memmodel {model or 'MODEL'} ")
        assert max(map(len, done.stdout.split("\n"))) <= 80


if __name__ == "__main__":
    update()
    sys.exit(0)
