"""free, vmstat, pmap, ps and mkswap: what they print, here and on Linux."""

import os
import re
import shutil
import struct
import subprocess

import pytest

import harness
from harness import tools_run

HOST = os.path.join(harness.BUILD, "host", "user")
UUID = "01234567-89ab-cdef-0123-456789abcdef"
VMSTAT = ["r", "b", "swpd", "free", "buff", "cache", "si", "so", "bi", "bo",
          "in", "cs", "us", "sy", "id", "wa", "st"]


def host(name, *args):
    """A program of ours on the host: the CompletedProcess with text."""
    return subprocess.run([os.path.join(HOST, name), *args], check=False,
                          capture_output=True, text=True, timeout=300)


def linux(name):
    """The path of the host's own program, or the test is left out."""
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        pytest.skip(f"no {name} on this machine")
    return path


@pytest.fixture(name="guest", scope="module")
def fixture_guest(tmp_path_factory):
    """What the tools print on hanu: {command: lines}."""
    commands = ["free", "free -w", "free -t -m", "vmstat", "vmstat 1 2",
                "vmstat -s", "ps -eF", "ps -eo pid,majfl,pss,uss,rss,comm",
                "pmap $$", "pmap -x $$", "cat /proc/$$/maps",
                "cat /proc/$$/smaps_rollup", "cat /proc/vmstat",
                "cat /proc/meminfo"]
    script = tmp_path_factory.mktemp("tools") / "script"
    script.write_text("".join(f"echo '@@{c}'; {c}\n" for c in commands))
    done = tools_run("--add", f"{script}:/script", command=["sh", "/script"],
                     timeout=300)
    assert done.returncode == 0, done.stderr
    parts = done.stdout.decode().split("@@")[1:]
    return {part.split("\n")[0]: part.splitlines()[1:] for part in parts}


def numbers(lines):
    """{name: number} of lines "name number" or "name: number kB"."""
    return {line.split()[0].rstrip(":"): int(line.split()[1])
            for line in lines}


def test_free(guest):
    head, memory, swap = guest["free"]
    assert head.split() == ["total", "used", "free", "shared", "buff/cache",
                            "available"]
    total, used, unused, _, cache, available = map(int, memory.split()[1:])
    assert used + unused + cache == total
    assert unused <= available < total
    assert swap.split() == ["Swap:", "0", "0", "0"]
    assert guest["free -w"][0].split()[4:6] == ["buffers", "cache"]
    assert guest["free -t -m"][-1].split()[:2] == ["Total:",
                                                   str(total // 1024)]


def test_free_looks_like_procps():
    theirs = subprocess.run([linux("free")], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    ours = host("free").stdout.splitlines()
    assert ours[0] == theirs[0]
    assert [len(line) for line in ours] == [len(line) for line in theirs]


def test_vmstat(guest):
    for command, count in (("vmstat", 1), ("vmstat 1 2", 2)):
        lines = guest[command]
        assert lines[0].startswith("procs -----------memory----------")
        assert lines[1].split() == VMSTAT
        assert len(lines) == 2 + count
        for line in lines[2:]:
            row = dict(zip(VMSTAT, map(int, line.split())))
            assert 98 <= row["us"] + row["sy"] + row["id"] <= 102
            assert row["free"] > 10000 and row["swpd"] == 0


def test_vmstat_looks_like_procps():
    theirs = subprocess.run([linux("vmstat")], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    assert host("vmstat").stdout.splitlines()[:2] == theirs[:2]
    assert host("vmstat", "0").returncode == 1
    assert host("vmstat", "1", "2", "3").returncode == 1
    names = [line.split(None, 1)[1]
             for line in host("vmstat", "-s").stdout.splitlines()]
    theirs = subprocess.run([linux("vmstat"), "-s"], capture_output=True,
                            text=True, check=True).stdout
    assert not [name for name in names if name not in theirs]


def test_counters(guest):
    counters = numbers(guest["cat /proc/vmstat"])
    for name in ("nr_free_pages nr_anon_pages nr_mapped nr_file_pages nr_shmem "
                 "pgpgin pgpgout pswpin pswpout pgalloc_normal "
                 "allocstall_normal pgfree pgfault pgmajfault pgscan_kswapd "
                 "pgscan_direct pgsteal_kswapd pgsteal_direct "
                 "oom_kill").split():
        assert name in counters
    assert counters["pgfault"] > 0 == counters["pswpout"]
    memory = numbers(guest["cat /proc/meminfo"])
    assert memory["SwapTotal"] == memory["SwapFree"] == 0
    assert memory["MemFree"] < memory["MemTotal"]


def test_ps_columns(guest):
    head, *lines = guest["ps -eo pid,majfl,pss,uss,rss,comm"]
    assert head.split() == ["PID", "MAJFL", "PSS", "USS", "RSS", "CMD"]
    for line in lines:
        pss, uss, rss = map(int, line.split()[2:5])
        assert uss <= pss <= rss
    assert lines[0].split()[0] == "1"
    assert {"RSS", "PSS", "USS", "MINFL", "MAJFL"} <= \
        set(guest["ps -eF"][0].split())
    done = host("ps", "-o", "pid,nonsense")
    assert done.returncode == 1 and "'nonsense'" in done.stderr


def test_shares_add_up_after_fork(tmp_path):
    """The example of docs/rss.md: four processes, one copy of 8 MB."""
    script = tmp_path / "script"
    script.write_text("x=$(yes hanu | head -c 8000000)\n"
                      "for i in 1 2 3; do (sleep 1000; :) & done\n"
                      "until [ $(ps -e | grep -c 'sleep$') = 3 ]; do :; done\n"
                      "ps -o rss,pss,uss,args\n")
    done = tools_run("--add", f"{script}:/script", command=["sh", "/script"],
                     timeout=300)
    rows = [list(map(int, line.split()[:3]))
            for line in done.stdout.decode().splitlines()[1:]
            if line.endswith("sh /script")]
    assert len(rows) == 4, done.stderr
    rss, pss, uss = map(sum, zip(*rows))
    assert all(row[0] > 8000 for row in rows)
    assert 8000 < pss < 8000 * 1.2 and rss > 3.5 * pss
    assert uss < 400


def test_pmap(guest):
    regions = [line.split()[0].split("-") for line in
               guest["cat /proc/$$/maps"]]
    kib = [(int(end, 16) - int(start, 16)) // 1024 for start, end in regions]
    lines = guest["pmap $$"][1:-1]
    assert [line.split()[1] for line in lines] == [f"{k}K" for k in kib]
    assert lines[-1].endswith("[ stack ]")
    assert guest["pmap $$"][-1] == f" total {sum(kib):>16}K"
    rollup = numbers(guest["cat /proc/$$/smaps_rollup"][1:])
    total = guest["pmap -x $$"][-1].split()
    assert total[:3] == ["total", "kB", str(sum(kib))]
    assert abs(int(total[3]) - rollup["Rss"]) <= 16  # the shell goes on


@pytest.mark.parametrize("options", [[], ["-x"], ["-p"], ["-q"],
                                     ["-x", "-p"]])
def test_pmap_prints_what_procps_prints(options):
    theirs = linux("pmap")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            while subprocess.run(  # until it sleeps: it maps no more
                    ["grep", "-q", "State:.S",
                     f"/proc/{sleeper.pid}/status"], check=False).returncode:
                pass
            pid = str(sleeper.pid)
            expected = subprocess.run([theirs, *options, pid], check=True,
                                      capture_output=True, text=True).stdout
            assert host("pmap", *options, pid).stdout == expected
        finally:
            sleeper.kill()
    assert host("pmap", "999999999").returncode == 42


def test_mkswap_writes_linux_header(tmp_path):
    path = tmp_path / "area"
    for size in (40 << 10, 1000000):
        path.write_bytes(b"\xa5" * size)
        done = host("mkswap", "-L", "paging", "-U", UUID, str(path))
        assert done.returncode == 0, done.stderr
        assert f"LABEL=paging, UUID={UUID}" in done.stdout
        page = path.read_bytes()
        assert len(page) == size
        assert page[:1024] == b"\xa5" * 1024  # the boot block stays
        assert struct.unpack("<III", page[1024:1036]) == \
            (1, size // 4096 - 1, 0)
        assert page[1036:1052].hex() == UUID.replace("-", "")
        assert page[1052:1068] == b"paging".ljust(16, b"\0")
        assert page[1068:4086] == bytes(3018)
        assert page[4086:4096] == b"SWAPSPACE2"
        assert page[4096:] == b"\xa5" * (size - 4096)


def test_mkswap_agrees_with_util_linux(tmp_path):
    files = [tmp_path / "ours", tmp_path / "theirs"]
    for file in files:
        file.write_bytes(bytes(1 << 20))
    done = host("mkswap", "-L", "both", "-U", UUID, str(files[0]))
    theirs = subprocess.run([linux("mkswap"), "-L", "both", "-U", UUID,
                             str(files[1])], capture_output=True, text=True,
                            check=True)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert done.stdout == theirs.stdout


@pytest.mark.parametrize("arguments, message", [
    (["/nonexistent"], "cannot open"), ([], "Nowhere"), (["/dev/null"], ""),
    (["-U", "1234", "x"], "UUID"), (["/tmp"], "")])
def test_mkswap_refuses(arguments, message):
    done = host("mkswap", *arguments)
    assert done.returncode == 1 and message in done.stderr


def test_mkswap_refuses_what_is_small(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(bytes(39 << 10))
    done = host("mkswap", str(path))
    assert done.returncode == 1 and "at least 40 KiB" in done.stderr
    assert path.read_bytes() == bytes(39 << 10)
    done = host("mkswap", "-q", str(path))
    assert re.match(r"mkswap: error", done.stderr)


@pytest.fixture(name="swap_disk")
def fixture_swap_disk(tmp_path):
    """A disk of 64 MiB, for tools/run."""
    path = tmp_path / "disk"
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    return str(path)


def test_swap_tools(swap_disk):
    script = """mkswap -q -L here /dev/vda
        swapon -v -p 7 /dev/vda; swapon --show; swapon -s; cat /proc/swaps
        swapon /dev/vda; echo $?; swapon /dev; swapon /nowhere
        swapon -p x /dev/vda; swapoff /dev/null; swapoff; free
        swapoff -va; cat /proc/swaps; swapon --show"""
    done = tools_run("--disk", swap_disk, command=["sh", "-c", script])
    out = done.stdout.decode().splitlines()
    assert out[0] == "swapon /dev/vda", done.stderr
    assert out[1].split() == ["NAME", "TYPE", "SIZE", "USED", "PRIO"]
    assert out[2].split() == ["/dev/vda", "partition", "64M", "0B", "7"]
    head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority"
    line = "/dev/vda".ljust(40) + "partition\t65532\t\t0\t\t7"
    assert out[3:7] == [head, line, head, line]
    assert out[7] == "255"
    assert out[10].split() == ["Swap:", "65532", "0", "65532"]
    assert out[11:] == ["swapoff /dev/vda", head]
    messages = done.stderr.decode().splitlines()
    assert [m.split(": ", 2)[-1] for m in messages[:3]] == [
        "swapon failed: Device or resource busy",
        "swapon failed: Is a directory",
        "swapon failed: No such file or directory"]
    assert "swapoff failed: Invalid argument" in messages[4]
    assert "bad usage" in messages[5]


def test_swapped_pages_are_told(swap_disk):
    """tests/user/proc-swapped-pages.c, in a machine that has a swap area."""
    program = os.path.join(harness.BUILD, "tests", "user",
                           "proc-swapped-pages")
    done = tools_run("--smp", "2", "--disk", swap_disk, "--add",
                     f"{program}:/t", command=[
                         "sh", "-ec", "mkswap -q /dev/vda; swapon /dev/vda; "
                         "/t; vmstat; cat /proc/audit"])
    out = done.stdout.decode().splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    row = dict(zip(VMSTAT, map(int, out[-2].split())))
    assert row["si"] > 0 and row["so"] > 0 and out[-1] == "ok"
