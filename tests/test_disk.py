"""Disks: what the guest reads is in the image, and the other way round."""

import binascii
import os
import re
import socket
import struct
import subprocess

import pytest

import harness

SECTOR = 512
MIB = 1 << 20
LINUX, EXTENDED, PROTECTIVE = 0x83, 0x05, 0xEE
PROGRAM = os.path.join(harness.BUILD, "tests", "user", "disk-is-a-file")


# -- images ------------------------------------------------------------------

def numbered(size):
    """A disk on which each sector begins with its number."""
    image = bytearray(size)
    for number in range(size // SECTOR):
        image[number * SECTOR:number * SECTOR + 8] = struct.pack("<Q", number)
    return image


def put_table(image, sector, entries):
    """A boot record: four of (type, first, count)."""
    block = bytearray(SECTOR)
    for i, (kind, first, count) in enumerate(entries):
        struct.pack_into("<B3xB3xII", block, 446 + 16 * i, 0, kind, first,
                         count)
    block[510:] = b"\x55\xaa"
    image[sector * SECTOR:(sector + 1) * SECTOR] = block


def put_gpt(image, parts):
    """A GUID partition table with these (first, last), at the start only."""
    entries = bytearray(128 * 128)
    for i, (first, last) in enumerate(parts):
        entries[128 * i:128 * i + 48] = struct.pack(
            "<16s16sQQ", b"type" * 4, bytes([i + 1] * 16), first, last)
    sectors = len(image) // SECTOR

    def header(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc,
                           0, 1, sectors - 1, 34, sectors - 34, b"disk" * 4, 2,
                           128, 128, binascii.crc32(entries))
    put_table(image, 0, [(PROTECTIVE, 1, sectors - 1)])
    image[SECTOR:SECTOR + 92] = header(binascii.crc32(header(0)))
    image[2 * SECTOR:2 * SECTOR + len(entries)] = entries


def write(path, data):
    path.write_bytes(data)
    return str(path)


def sh(script, *options, timeout=300):
    """The output of a script in the guest, which must end well."""
    done = harness.tools_run(*options, command=["sh", "-e", "-c", script],
                             timeout=timeout)
    text = done.stdout.decode(errors="replace")
    assert done.returncode == 0, text + done.stderr.decode(errors="replace")
    return text


def stats(text, name):
    """The figures of a line of /proc/diskstats."""
    fields = re.search(rf"^ *\d+ +\d+ {name} (.*)$", text, re.MULTILINE)
    names = ("reads reads_merged sectors_read read_ms writes writes_merged "
             "sectors_written write_ms in_flight busy_ms weighted_ms d0 d1 d2 "
             "d3 flushes flush_ms")
    return dict(zip(names.split(), map(int, fields[1].split())))


def work(text, name):
    """The figures of a line of /proc/diskwork."""
    fields = re.search(rf"^{name} (.*)$", text, re.MULTILINE)[1].split()
    return dict(zip(("driver", "chains", "requests", "notifications",
                     "interrupts", "port_words", "failed"), fields))


# -- files -------------------------------------------------------------------

@pytest.mark.parametrize("smp, kind", [(1, "legacy"), (2, "modern"), (4, "")])
def test_disk_is_a_file(tmp_path, smp, kind):
    size = MIB + 3 * SECTOR
    path = write(tmp_path / "d,i s.img", numbered(size))
    sh("/t /dev/vda; grep vda /proc/diskwork >&2", "--smp", str(smp), "--add",
       f"{PROGRAM}:/t", "--disk", path + ("," + kind if kind else ""))
    data = (tmp_path / "d,i s.img").read_bytes()
    assert len(data) == size
    expect = numbered(size)
    expect[5096:5196] = b"\xa5" * 100
    pattern = bytes((i * 7 + i // 256) & 255 for i in range(70000))
    expect[131067:131067 + 70000] = pattern
    expect[512 * 1024 + 300:512 * 1024 + 312] = b"shared store"
    expect[600 * 1024 + 5000:600 * 1024 + 5005] = b"store"
    expect[700 * 1024 + 1:700 * 1024 + 12] = b"after close"
    expect[-1000:] = pattern[:1000]
    wrong = [i for i in range(size) if data[i] != expect[i]]
    assert not wrong, wrong[:10]


@pytest.mark.parametrize("smp", [1, 4])
def test_errors_reach_the_caller(tmp_path, smp):
    path = write(tmp_path / "disk", numbered(MIB))
    sh("/t /dev/vda errors", "--smp", str(smp), "--add", f"{PROGRAM}:/t",
       "--disk", path)


@pytest.mark.parametrize("smp, rounds", [(1, 20), (4, 4)])
def test_disk_is_shared_by_many(tmp_path, smp, rounds):
    path = write(tmp_path / "disk", bytes(8 * MIB))
    program = os.path.join(harness.BUILD, "tests", "user",
                           "disk-shared-by-many")
    text = sh(f"/t /dev/vda {rounds}; cat /proc/audit", "--smp", str(smp),
              "--add", f"{program}:/t", "--disk", path + ",modern")
    assert text.endswith("ok\n")


def test_several_disks_and_words(tmp_path):
    paths = [write(tmp_path / name, name.encode() * SECTOR)
             for name in ("one", "two", "three")]
    text = sh("for d in a b c; do dd if=/dev/vd$d bs=8 count=1 status=none;"
              " echo; done; cat /proc/partitions;"
              "echo changed | dd of=/dev/vda status=none;"
              "! dd if=/dev/zero of=/dev/vdb bs=1 count=1 status=none;"
              "echo changed | dd of=/dev/vdc status=none; cat /proc/diskwork",
              "--disk", paths[0] + ",modern", "--disk", paths[1] + ",ro",
              "--disk", paths[2] + ",temp,legacy")
    assert text.startswith("oneoneon\ntwotwotw\nthreethr\n")
    assert re.findall(r"254 +(\d+) +(\d+) (vd.)", text) == [
        ("0", "1", "vda"), ("16", "1", "vdb"), ("32", "2", "vdc")]
    assert [work(text, n)["driver"] for n in ("vda", "vdb", "vdc")] == [
        "virtio-modern", "virtio-legacy", "virtio-legacy"]
    assert (tmp_path / "one").read_bytes().startswith(b"changed\neoneone")
    assert (tmp_path / "two").read_bytes().startswith(b"twotwo")
    assert (tmp_path / "three").read_bytes().startswith(b"threethree")


def test_disk_of_4096_byte_blocks(tmp_path):
    path = write(tmp_path / "disk", numbered(MIB))
    sh("dd if=/dev/vda bs=1 skip=512 count=1 status=none | hexdump;"
       "printf abc | dd of=/dev/vda bs=1 seek=5000 conv=notrunc status=none",
       "--qemu=-drive", f"--qemu=if=none,id=d,format=raw,file={path}",
       "--qemu=-device",
       "--qemu=virtio-blk-pci,drive=d,logical_block_size=4096,"
       "physical_block_size=4096")
    data = (tmp_path / "disk").read_bytes()
    expect = numbered(MIB)
    expect[5000:5003] = b"abc"
    assert data == expect


def test_wrong_words_are_refused(tmp_path):
    path = write(tmp_path / "disk", b"")
    for spec in (str(tmp_path / "none"), path + ",nonsense"):
        done = harness.tools_run("--disk", spec, command=["true"])
        assert done.returncode == 125
        assert b"--disk" in done.stderr


# -- partitions --------------------------------------------------------------

def partitions(tmp_path, image):
    """What the guest makes of it: {name: (KiB, first number)}."""
    path = write(tmp_path / "disk", image)
    text = sh("cat /proc/partitions; for p in /dev/vda*; do echo $p; "
              "dd if=$p bs=8 count=1 status=none | hexdump; done",
              "--disk", path)
    sizes = dict((n, int(k)) for k, n in re.findall(r" (\d+) (vda\d+)$", text,
                                                    re.MULTILINE))
    found = {}
    for name, row in re.findall(r"^/dev/(vda\d+)\n00000000 ((?: +[0-9a-f]{2})+)",
                                text, re.MULTILINE):
        number = int.from_bytes(bytes.fromhex(row.replace(" ", "")), "little")
        found[name] = (sizes[name], number)
    assert set(found) == set(sizes)
    return found


def test_mbr_with_logical_partitions(tmp_path):
    image = numbered(4 * MIB)
    put_table(image, 0, [(LINUX, 100, 200), (0, 0, 0), (EXTENDED, 1000, 5000),
                         (LINUX, 7000, 99999)])
    put_table(image, 1000, [(LINUX, 10, 100), (EXTENDED, 500, 300)])
    put_table(image, 1500, [(LINUX, 20, 50)])
    found = partitions(tmp_path, image)
    # A record's own sector holds no number; 4 is cut at the end.
    assert found.pop("vda3")[0] == 1
    assert found == {"vda1": (100, 100), "vda4": ((8192 - 7000) // 2, 7000),
                     "vda5": (50, 1010), "vda6": (25, 1520)}


def test_gpt(tmp_path):
    image = numbered(4 * MIB)
    put_gpt(image, [(64, 127), (2048, 4095), (5000, 4000), (6000, 99999)])
    assert partitions(tmp_path, image) == {"vda1": (32, 64),
                                           "vda2": (1024, 2048)}


# -- how they come and go ----------------------------------------------------

def test_neighbours_are_merged_and_tracing_shows_it(tmp_path):
    path = write(tmp_path / "disk", numbered(MIB))
    text = sh("echo 1 > /proc/sys/dev/disk/trace;"
              "dd if=/dev/vda of=/dev/null bs=65536 count=1 status=none;"
              "echo 0 > /proc/sys/dev/disk/trace;"
              "cat /proc/diskevents /proc/diskstats /proc/diskwork",
              "--disk", path)
    figures = stats(text, "vda")
    # One page at boot, for the partition table; then 16 pages as one.
    assert figures["reads"] == 2
    assert figures["reads_merged"] == 15
    assert figures["sectors_read"] == 129
    assert figures["in_flight"] == 0
    steps = [step for step in re.findall(r"^[\d.]+ vda (\w+)", text,
                                         re.MULTILINE)]
    assert steps == ["queue"] + ["merge"] * 15 + ["ring", "notify",
                                                  "interrupt"] + ["done"] * 16
    assert work(text, "vda")["notifications"] == "2"


def test_host_errors_are_eio(tmp_path):
    path = write(tmp_path / "disk", numbered(MIB))
    rules = tmp_path / "rules"
    rules.write_text('[inject-error]\nevent = "read_aio"\nerrno = "5"\n'
                     'sector = "800"\n[inject-error]\nevent = "write_aio"\n'
                     'errno = "5"\nsector = "1200"\n')
    text = sh("dd if=/dev/vda of=/dev/null bs=65536 2>&1 || true;"
              "dd if=/dev/vda of=/dev/null bs=4096 skip=101 status=none;"
              "dd if=/dev/zero of=/dev/vda bs=65536 seek=8 2>&1 || true;"
              "cat /proc/diskwork",
              "--qemu=-drive", f"--qemu=if=none,id=d,format=raw,"
              f"file=blkdebug:{rules}:{path},werror=report,rerror=report",
              "--qemu=-device", "--qemu=virtio-blk-pci,drive=d")
    assert f"{800 * SECTOR} bytes" in text
    assert text.count("Input/output error") == 2
    assert int(work(text, "vda")["failed"]) >= 2


# -- PIO against DMA ---------------------------------------------------------

def test_ide_moves_every_word_itself(tmp_path):
    paths = [write(tmp_path / name, numbered(MIB)) for name in ("v", "i")]
    text = sh("disktour -m 1; cat /proc/diskstats",
              "--disk", paths[0], "--disk", paths[1] + ",ide")
    costs = {name: list(map(float, row.split())) for name, row in re.findall(
        r"^(vda|hda) +\S+ +([\d. ]+)$", text, re.MULTILINE)}
    requests, _, interrupts, words, _ = costs["vda"]
    assert interrupts <= requests and words == 0
    assert costs["hda"][2:4] == [2048, MIB / 2]
    assert stats(text, "hda")["sectors_read"] == \
        stats(text, "vda")["sectors_read"]
    sh("dd if=/dev/vda of=/dev/hda bs=100000 status=none;"
       "dd if=/dev/vda of=/dev/hda bs=1000 skip=3 seek=7 conv=notrunc "
       "count=5 status=none", "--disk", paths[0], "--disk", paths[1] + ",ide")
    expect = numbered(MIB)
    expect[7000:12000] = expect[3000:8000]
    assert (tmp_path / "i").read_bytes() == expect


# -- a device that goes ------------------------------------------------------

def monitor(path, order):
    """Give QEMU's monitor an order and wait until it prompts for the next."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(300)
        connection.connect(path)
        connection.sendall(order.encode() + b"\n")
        answer = b""
        while answer.count(b"(qemu) ") < 2:
            piece = connection.recv(4096)
            assert piece, answer
            answer += piece


@pytest.mark.parametrize("smp", ["1", "2"])
def test_disk_is_unplugged_while_it_works(tmp_path, smp):
    path = write(tmp_path / "disk", numbered(8 * MIB))
    control = str(tmp_path / "monitor")
    once = ("dd if=/dev/zero of=/dev/vda bs=65536 count=128 conv=notrunc "
            "status=none")
    work_on = f"while {once}; do :; done; "
    with subprocess.Popen(
            [harness.RUN, "--timeout", "300", "--smp", smp,
             "--qemu=-global", "--qemu=ICH9-LPC.acpi-pci-hotplug-with-bridge-"
             "support=off", "--qemu=-device", "--qemu=pcie-root-port,id=port0",
             "--qemu=-drive", f"--qemu=if=none,id=d,format=raw,file={path}",
             "--qemu=-device", "--qemu=virtio-blk-pci,drive=d,bus=port0,id=disk",
             "--qemu=-monitor", f"--qemu=unix:{control},server,nowait",
             "--", "sh", "-c", f"{once}; echo up; {work_on} {work_on}"
             "dd if=/dev/vda of=/dev/null; cat /proc/diskwork; sync"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as run:
        assert run.stdout.readline() == b"up\n"
        monitor(control, "device_del disk")
        out, err = run.communicate(timeout=600)
    assert run.returncode == 0, err
    assert err.count(b"Input/output error") == 3, err
    assert b"virtio-modern" in out
