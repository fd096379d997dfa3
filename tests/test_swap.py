"""Swap: memory smaller than the work, on disks that are good and bad.

Programs of tests/user do the work: paging-keeps-every-byte (everything that
can happen to a page), swap-holds-memory (memory goes out and comes back),
swap-arguments (makes calls and compares what they give).
"""

import os
import random
import re
import struct
import subprocess

import pytest

import harness
import test_disk

PAGE = 4096
MIB = 1 << 20
EBUSY, EINVAL = 16, 22
# The kernel of `make lockcheck` takes its time.
SECONDS = 900 if os.path.basename(harness.BUILD) == "lockcheck" else 600
LONG = int(os.environ.get("LONG_SEEDS", "0"))  # set by tools/test-long
POLICIES = ["clock", "fifo", "genlru", "lfu", "lru", "nru", "random",
            "wsclock"]
WORK = "/t/swap-holds-memory -l -m 10 -c 8"  # 80 MiB, in 64
PROGRAMS = ["madvise-frees-what-stays-unwritten", "paging-keeps-every-byte", "paging-survives-failures",
            "swap-holds-memory", "swap-arguments", "ptrace-memory"]


def image(path, size, last=None, version=1, magic=b"SWAPSPACE2", bad=(),
          bad_count=None, start=0, page_size=PAGE):
    """A disk with a swap area from `start`, as mkswap makes it; its path."""
    pages = (size - start) // page_size
    with open(path, "wb") as file:
        file.truncate(size)
        file.seek(start + 1024)
        file.write(struct.pack("<III", version,
                               pages - 1 if last is None else last,
                               len(bad) if bad_count is None else bad_count))
        file.seek(start + 1536)
        file.write(b"".join(struct.pack("<I", page) for page in bad))
        file.seek(start + page_size - len(magic))
        file.write(magic[:size - start])
        file.truncate(size)
    return str(path)


def options_of(words, tmp_path):
    """Options of tools/run that every machine here has."""
    files = []
    for name in PROGRAMS:
        built = os.path.join(harness.BUILD, "tests", "user", name)
        copy = os.path.join(tmp_path, name)
        if not os.path.exists(copy):
            subprocess.run(["strip", "-o", copy, built], check=True)
        files += ["--add", f"{copy}:/t/{name}"]
    return files + ["--status", os.path.join(tmp_path, "status")] + words


def run(tmp_path, script, *words, disks=(), smp=1, mem="64M",
        seconds=SECONDS):
    """Standard output of a script in a machine with these disks.

    It must end with 0, and the auditor must find every frame and slot.
    """
    options = ["--smp", str(smp), "--mem", mem, *words]
    for disk in disks:
        options += ["--disk", disk]
    done = harness.tools_run(*options_of(options, tmp_path),
                             command=["sh", "-ec", script], timeout=seconds)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, out[-3000:] + err[-3000:]
    status = harness.read_status(os.path.join(tmp_path, "status"))
    assert status["audit"] == ["ok"], out[-3000:] + err[-3000:]
    return out


def areas(text):
    """All tables of /proc/swaps in a text: {path: (kib, used, priority)}."""
    tables = []
    for line in text.splitlines():
        if line.startswith("Filename"):
            tables.append({})
        match = re.match(r"(/\S+)\s+(?:partition|file)\s+(\d+)\s+(\d+)\s+"
                         r"(-?\d+)$", line)
        if match and tables:
            tables[-1][match[1]] = tuple(int(n) for n in match.groups()[1:])
    return tables


def count(text, name):
    """A counter of /proc/vmstat."""
    return int(re.search(rf"^{name} (\d+)$", text, re.M)[1])


def ends(text):
    """What swap-holds-memory says at the end."""
    match = re.search(r"^good (\d+) bus (\d+) killed (\d+) wrong (\d+)$", text,
                      re.M)
    return dict(zip(("good", "bus", "killed", "wrong"),
                    map(int, match.groups())))


# -- areas ---------------------------------------------------------------------

def test_signatures(tmp_path):
    """Only an area that the device has is taken, less its bad pages."""
    size = 32 * PAGE
    kinds = [
        ({}, 0), ({"last": 2}, 0), ({"bad": (3, 5)}, 0),
        ({"version": 2}, EINVAL), ({"version": 0}, EINVAL),
        ({"last": 0}, EINVAL), ({"last": 32}, EINVAL),
        ({"last": 0xffffffff}, EINVAL), ({"magic": b"SWAP-SPACE"}, EINVAL),
        ({"bad": (0,)}, EINVAL), ({"bad": (32,)}, EINVAL),
        ({"bad": tuple(range(1, 32))}, EINVAL), ({"bad_count": 638}, EINVAL),
        ({"page_size": 8192}, EINVAL)]
    disks = [image(tmp_path / f"{i}", size, **kind)
             for i, (kind, _) in enumerate(kinds)]
    names = ["/dev/vd" + chr(ord("a") + i) for i in range(len(kinds))]
    calls = [f"on:{name}={error}" for name, (_, error) in zip(names, kinds)]
    good = [name for name, (_, error) in zip(names, kinds) if not error]
    table, empty = areas(run(
        tmp_path, "/t/swap-arguments " + " ".join(calls) + "; "
        "/t/swap-arguments " + " ".join(f"off:{name}=0" for name in good),
        disks=disks))
    assert table == {"/dev/vda": (124, 0, -2), "/dev/vdb": (8, 0, -3),
                     "/dev/vdc": (116, 0, -4)}
    assert not empty


def test_small_disk_is_none(tmp_path):
    path = image(tmp_path / "small", 2048, last=1)
    run(tmp_path, f"/t/swap-arguments on:/dev/vda={EINVAL}", disks=[path])


def test_hosts_mkswap_makes_an_area(tmp_path):
    path = tmp_path / "disk"
    with open(path, "wb") as file:
        file.truncate(64 * MIB)
    try:
        subprocess.run(["/usr/sbin/mkswap", "-L", "a-label", path], check=True,
                       capture_output=True)
    except OSError:
        pytest.skip("the host has no mkswap")
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              f"{WORK}; /t/swap-arguments off:/dev/vda=0",
              disks=[str(path)])
    assert areas(out)[0]["/dev/vda"][:2] == (65532, 0)
    assert areas(out)[1]["/dev/vda"][1] >= 14 << 10
    assert ends(out)["good"] == 8


def test_area_is_used_once(tmp_path):
    out = run(tmp_path, "/t/swap-arguments "
              f"off:/dev/vda={EINVAL} on:/dev/vda=0 on:/dev/vda={EBUSY} "
              f"off:/dev/vda=0 off:/dev/vda={EINVAL} on-7:/dev/vda=0 "
              "off:/dev/vda=0 on-32767:/dev/vda=0; "
              "/t/swap-arguments off:/dev/vda=0; cat /proc/audit",
              disks=[image(tmp_path / "disk", MIB)])
    assert areas(out)[0]["/dev/vda"] == (1020, 0, 32767)


def test_partition_is_an_area(tmp_path):
    """The second one of a disk with an MBR; what is outside stays."""
    path = image(tmp_path / "disk", 72 * MIB, start=2 * MIB)
    with open(path, "r+b") as file:
        file.seek(446)
        for first, sectors in ((2048, 2048), (4096, 131072)):
            file.write(struct.pack("<8B2I", 0, 0, 0, 0, 0x82, 0, 0, 0, first,
                                   sectors))
        file.seek(510)
        file.write(b"\x55\xaa")
        file.seek(66 * MIB)
        file.write(b"outside")
    with open(path, "r+b") as file:
        before = file.read(2 * MIB)
        file.seek(2 * MIB + 1028)
        file.write(struct.pack("<I", 64 * MIB // PAGE - 1))
    out = run(tmp_path, f"/t/swap-arguments on:/dev/vda={EINVAL} "
              f"on:/dev/vda1={EINVAL} on:/dev/vda2=0;"
              f"{WORK}; /t/swap-arguments off:/dev/vda2=0", disks=[path])
    assert areas(out)[1]["/dev/vda2"][1] >= 14 << 10
    assert ends(out)["good"] == 8
    with open(path, "rb") as file:
        assert file.read(2 * MIB) == before
        file.seek(66 * MIB)
        assert file.read(6 * MIB) == b"outside" + bytes(6 * MIB - 7)




def test_higher_priority_fills_first(tmp_path):
    disks = [image(tmp_path / "a", 64 * MIB), image(tmp_path / "b", 8 * MIB),
             image(tmp_path / "c", 64 * MIB)]
    out = run(tmp_path, "/t/swap-arguments on-1:/dev/vda=0 on-9:/dev/vdb=0 "
              f"on-5:/dev/vdc=0; {WORK}; /t/swap-arguments off:/dev/vda=0 "
              "off:/dev/vdb=0 off:/dev/vdc=0", disks=disks)
    used = areas(out)[1]
    assert used["/dev/vdb"][1] >= 8188 - 512
    assert used["/dev/vdc"][1] >= 6 << 10
    assert used["/dev/vda"][1] == 0
    assert ends(out)["good"] == 8


def test_equal_priorities_take_turns(tmp_path):
    disks = [image(tmp_path / name, 64 * MIB) for name in ("a", "b", "c")]
    out = run(tmp_path, "/t/swap-arguments on-5:/dev/vda=0 on-5:/dev/vdb=0 "
              f"on-1:/dev/vdc=0; {WORK}", disks=disks)
    used = {path: row[1] for path, row in areas(out)[1].items()}
    assert used["/dev/vda"] + used["/dev/vdb"] >= 14 << 10
    assert min(used["/dev/vda"], used["/dev/vdb"]) >= \
        max(used["/dev/vda"], used["/dev/vdb"]) / 4
    assert used["/dev/vdc"] == 0


@pytest.mark.parametrize("kind", ["", "-s"])
def test_swapoff_brings_back_what_is_out(tmp_path, kind):
    """There is room for all of it when another one has ended."""
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              f"/t/swap-holds-memory {kind} -l -m 6 -c 3 -e 56 -o /dev/vda",
              disks=[image(tmp_path / "disk", 64 * MIB)])
    assert areas(out)[1]["/dev/vda"][1] >= 8 << 10
    assert "swapoff gave 0\n" in out
    assert not areas(out)[2]
    assert ends(out)["good"] == 3


def test_swapoff_moves_to_another_area(tmp_path):
    """More than fits into memory: the other area takes it."""
    disks = [image(tmp_path / name, 96 * MIB) for name in ("a", "b")]
    out = run(tmp_path, "/t/swap-arguments on-5:/dev/vda=0 on-1:/dev/vdb=0;"
              f"{WORK} -o /dev/vda", disks=disks)
    assert "swapoff gave 0\n" in out
    assert ends(out)["good"] == 8


def test_swapoff_without_room_fails_or_kills(tmp_path):
    """With nowhere to go the memory stays out, or some process is killed."""
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              f"{WORK} -o /dev/vda",
              disks=[image(tmp_path / "disk", 96 * MIB)])
    end = ends(out)
    if "swapoff gave 0\n" not in out:
        assert "swapoff gave -12\n" in out
    assert end["good"] + end["killed"] == 8 and end["good"] >= 1


# -- work ------------------------------------------------------------------------

@pytest.mark.parametrize("smp, size", [(1, 80), (2, 70), (4, 60)])
def test_every_policy_keeps_every_byte(tmp_path, smp, size):
    """One after the other in the same machine, changed while pages are out."""
    path = image(tmp_path / "disk", 128 * MIB)
    script = "".join(
        f"echo {policy} > /proc/sys/vm/replacement;"
        f"/t/paging-keeps-every-byte {size} 1 {smp}; cat /proc/audit;"
        for policy in POLICIES)
    out = run(tmp_path, f"/t/swap-arguments on:/dev/vda=0; {script}"
              "/t/swap-arguments off:/dev/vda=0; cat /proc/vmstat",
              disks=[path], smp=smp)
    assert out.count("\nok\n") == len(POLICIES)
    # Other CPUs are interrupted for a batch of pages, not for each.
    assert count(out, "nr_tlb_remote_flush") < count(out, "pswpout") / 4


@pytest.mark.parametrize("smp", [1, 2])
def test_failed_allocations_lose_nothing(tmp_path, smp):
    """Each of the first allocations of a fault fails once."""
    path = image(tmp_path / "disk", 16 * MIB)
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              "/t/paging-survives-failures; cat /proc/audit;"
              "grep pswpout /proc/vmstat;"
              "/t/swap-arguments off:/dev/vda=0", disks=[path], smp=smp)
    assert "1..4\nok\n" in out
    assert count(out, "pswpout") >= 64


def test_freed_pages_go_without_being_written(tmp_path):
    """What MADV_FREE frees stays until memory is short, and needs no slot."""
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              "/t/madvise-frees-what-stays-unwritten; cat /proc/vmstat",
              disks=[image(tmp_path / "disk", 16 * MIB)])
    assert count(out, "pglazyfree") >= 128
    assert 64 <= count(out, "pglazyfreed") <= count(out, "pglazyfree") - 64
    assert count(out, "pswpout") <= 64 + 128 + 16


@pytest.mark.parametrize("smp", [1, 2])
def test_limit_counts_what_is_there_already(tmp_path, smp):
    """A shell with few frames runs programs; those it shares pages with keep
    them, and nobody is killed for what is busy only."""
    path = image(tmp_path / "disk", 16 * MIB)
    script = "".join(
        f"sh -c 'echo {n} > /proc/self/limit_frames; ls / | head -1; "
        "cat /proc/self/replacement | tail -3';" for n in [20, 8, 6, 5] * 3)
    out = run(tmp_path, f"/t/swap-arguments on:/dev/vda=0; {script}"
              "/t/swap-arguments off:/dev/vda=0", disks=[path], smp=smp)
    assert out.count("bin\n") == 12
    frames = [int(n) for n in re.findall(r"^resident (\d+)$", out, re.M)]
    assert all(n <= limit for n, limit in zip(frames, [20, 8, 6, 5] * 3)), out
    assert len(frames) == 12


def check_300_mib(tmp_path, policy, smp, seed=1):
    """A machine of 128 MiB with 300 MiB of live data."""
    path = image(tmp_path / "disk", 512 * MIB)
    run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
        f"/t/paging-keeps-every-byte 300 1 {seed} 12;"
        "/t/swap-arguments off:/dev/vda=0",
        "--append", f"replacement={policy}", disks=[path], smp=smp,
        mem="128M", seconds=1000 if LONG else 3 * SECONDS)


def test_300_mib_in_128(tmp_path):
    check_300_mib(tmp_path, POLICIES[0], 1)


def test_300_mib_in_128_on_two_cpus(tmp_path):
    """Each time another policy and other data; test-long has all."""
    seed = int(os.environ.get("SWAP_SEED", random.randint(1, 9999)))
    print(f"SWAP_SEED={seed}")
    check_300_mib(tmp_path, random.Random(seed).choice(POLICIES), 2, seed)


@pytest.mark.skipif(not LONG, reason="make test-long")
@pytest.mark.parametrize("seed", range(1, LONG + 1))
@pytest.mark.parametrize("smp", [1, 2, 4])
@pytest.mark.parametrize("policy", POLICIES)
def test_long_300_mib_in_128(tmp_path, policy, smp, seed):
    check_300_mib(tmp_path, policy, smp, seed)


# -- bad disks ---------------------------------------------------------------------

def node(path, *drivers):
    """QEMU's options for a virtio disk behind these block drivers."""
    words = ["-blockdev", f"driver=file,filename={path},node-name=n0"]
    for number, driver in enumerate(drivers):
        words += ["-blockdev", f"{driver},node-name=n{number + 1}"]
    words += ["-device", f"virtio-blk-pci,drive=n{len(drivers)},"
              "werror=report,rerror=report"]
    return [f"--qemu={word}" for word in words]


def faulty(kind, sectors=None):
    """blkdebug that fails these sectors (or all) for reads or writes."""
    text = "driver=blkdebug,image=n0"
    for number, sector in enumerate(sectors or [None]):
        rule = f",inject-error.{number}."
        text += (rule + "event=none" + rule + f"iotype={kind}" + rule +
                 "errno=5")
        if sector is not None:
            text += rule + f"sector={sector}"
    return text


def test_unreadable_slots_end_their_owners_only(tmp_path):
    path = image(tmp_path / "disk", 64 * MIB)
    # The first slots get the files of the initrd, which nobody reads again.
    bad = [8 * page for page in (2500, 3100, 3101, 4000)]
    out = run(tmp_path, f"/t/swap-arguments on:/dev/vda=0; {WORK}",
              *node(path, faulty("read", bad)))
    end = ends(out)
    assert end["killed"] == 0 and 1 <= end["bus"] <= 4, end
    assert end["good"] == 8 - end["bus"]


@pytest.mark.parametrize("sectors", [None, range(40, 32000, 800)])
def test_what_cannot_be_written_stays(tmp_path, sectors):
    path = image(tmp_path / "disk", 64 * MIB)
    work = WORK if sectors else "/t/swap-holds-memory -l -m 6 -c 7"
    out = run(tmp_path, f"/t/swap-arguments on:/dev/vda=0; {work}; "
              "cat /proc/audit; /t/swap-arguments off:/dev/vda=0",
              *node(path, faulty("write", sectors)))
    assert ends(out)["good"] == (8 if sectors else 7)


def test_unwritable_disk_and_no_memory_kills_some(tmp_path):
    """As if there were no disk: progress is made by killing."""
    path = image(tmp_path / "disk", 256 * MIB)
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              "/t/swap-holds-memory -l -m 20 -c 4; cat /proc/audit",
              *node(path, faulty("write")))
    end = ends(out)
    assert end["killed"] >= 1 and end["good"] == 4 - end["killed"]


def test_full_area_kills_some(tmp_path):
    path = image(tmp_path / "disk", 16 * MIB)
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              "/t/swap-holds-memory -l -m 20 -c 6; cat /proc/audit;"
              "/t/swap-holds-memory -m 2 -c 3; /t/swap-arguments "
              "off:/dev/vda=0", disks=[path])
    first, second = out.split("\nok\n")[:2]
    assert ends(first)["killed"] >= 1
    assert ends(first)["good"] == 6 - ends(first)["killed"]
    assert ends(second)["good"] == 3


def test_slow_disk_delays_only(tmp_path):
    path = image(tmp_path / "disk", 128 * MIB)
    out = run(tmp_path, f"/t/swap-arguments on:/dev/vda=0; {WORK}",
              "--qemu=-object", "--qemu=throttle-group,id=slow,"
              "x-iops-total=2000",
              *node(path, "driver=throttle,throttle-group=slow,file=n0"))
    assert ends(out)["good"] == 8


def run_until_unplugged(tmp_path):
    """How work ended whose disk has been taken away in the midst of it."""
    path = image(tmp_path / "disk", 128 * MIB)
    control = str(tmp_path / "monitor")
    words = ["--mem", "64M", "--smp", "2", "--timeout", str(SECONDS),
             "--qemu=-global", "--qemu=ICH9-LPC.acpi-pci-hotplug-with-bridge-"
             "support=off", "--qemu=-device", "--qemu=pcie-root-port,id=port0",
             "--qemu=-drive", f"--qemu=if=none,id=d,format=raw,file={path}",
             "--qemu=-device", "--qemu=virtio-blk-pci,drive=d,bus=port0,id=disk",
             "--qemu=-monitor", f"--qemu=unix:{control},server,nowait"]
    with subprocess.Popen(
            [harness.RUN, *options_of(words, tmp_path), "--", "sh", "-ec",
             f"/t/swap-arguments on:/dev/vda=0;exec {WORK} -k -r 60"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as machine:
        for _ in range(2):  # the area, empty; and then with pages
            line = b" "
            while line and not line.startswith(b"/dev/vda"):
                line = machine.stdout.readline()
        test_disk.monitor(control, "device_del disk")
        out, err = machine.communicate(timeout=SECONDS + 60)
    assert machine.returncode == 0, out + err
    status = harness.read_status(os.path.join(tmp_path, "status"))
    assert status["audit"] == ["ok"], err
    return ends(out.decode())


def test_disk_is_unplugged_while_pages_are_out(tmp_path):
    """Who has lost pages gets SIGBUS, the rest goes on."""
    for _ in range(5):  # the disk may go when the work is done
        end = run_until_unplugged(tmp_path)
        assert end["wrong"] == 0, end
        if end["bus"] >= 1:
            return
    raise AssertionError(end)


FAIL = "/proc/sys/dev/disk/fail"


def test_single_pages_that_cannot_be_read(tmp_path):
    path = image(tmp_path / "disk", 64 * MIB)
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              f"echo vda read 2 skip 300 > {FAIL}; {WORK};"
              f"echo vda read 0 > {FAIL}; cat /proc/audit; {WORK};"
              "/t/swap-arguments off:/dev/vda=0", disks=[path])
    first, second = out.split("\nok\n")[:2]
    assert ends(first)["killed"] == 0 and 1 <= ends(first)["bus"] <= 2
    assert ends(first)["good"] == 8 - ends(first)["bus"]
    assert ends(second)["good"] == 8


def test_single_pages_that_cannot_be_written(tmp_path):
    path = image(tmp_path / "disk", 64 * MIB)
    out = run(tmp_path, "/t/swap-arguments on:/dev/vda=0;"
              f"echo vda write 20 skip 300 > {FAIL}; {WORK}; cat /proc/audit;"
              f"echo vda write 2000 skip 300 > {FAIL}; {WORK}", disks=[path])
    first, second = out.split("\nok\n")[:2]
    assert ends(first)["good"] == 8 and ends(second)["good"] == 8


def test_tracer_reads_pages_that_are_out(tmp_path):
    disk = image(tmp_path / "swap", 8 * MIB)
    out = run(tmp_path, "swapon /dev/vda; /t/ptrace-memory; "
                        "grep pswpout /proc/vmstat", disks=[disk])
    assert int(re.search(r"pswpout (\d+)", out).group(1)) >= 32
