"""The machine that QEMU builds: its command line, initrd and boot medium."""

import ctypes
import os
import re
import shutil
import signal
import subprocess

from .cpio import CpioWriter

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FIRMWARE = ("/usr/share/ovmf/OVMF.fd", "/usr/share/qemu/OVMF.fd",
            "/usr/share/edk2/x64/OVMF.fd", "/usr/share/edk2/x64/OVMF.4m.fd",
            "/usr/share/edk2/ovmf/OVMF_CODE.fd",
            "/usr/share/edk2-ovmf/x64/OVMF.fd")
KERNEL_ROOM = 16 << 20  # what the machine needs beside the initrd
FINISHED = 33           # isa-debug-exit: the guest says that it is done


class HostError(Exception):
    """Something on this side of the machine failed (exit code 125)."""


def build_path(*names):
    """A file of the build folder, which B= may have moved."""
    folder = os.path.join(ROOT, os.environ.get("B", "build"))
    return os.path.join(folder, *names)


def memory_bytes(text):
    """256M, 1G, 512 (MiB) as bytes."""
    match = re.fullmatch(r"(\d+)([kKmMgG]?)[iI]?[bB]?", text)
    if not match:
        raise HostError(f"--mem {text}: not a size such as 256M or 1G")
    shift = {"k": 10, "m": 20, "": 20, "g": 30}[match[2].lower()]
    return int(match[1]) << shift


def request_bytes(argv, environment, on_console, no_input):
    """The contents of /.hanu/request."""
    strings = [b"A" + os.fsencode(a) for a in argv]
    strings += [b"E" + os.fsencode(e) for e in environment]
    strings += [b"T"] if on_console else []
    strings += [b"N"] if no_input else []
    return b"".join(s + b"\0" for s in strings)


def write_initrd(path, added, request, stdin=None):
    """The base initrd followed by the added files, the request and what a
    recorded command reads."""
    with open(path, "wb") as out:
        try:
            with open(build_path("initrd.cpio"), "rb") as base:
                shutil.copyfileobj(base, out, 1 << 20)
        except FileNotFoundError as err:
            raise HostError(f"{err.filename} is missing: run make") from err
        archive = CpioWriter(out)
        try:
            for host, guest in added:
                archive.tree(guest, host)
            if request is not None:
                archive.data(".hanu/request", request, 0o400)
            if stdin is not None:
                archive.data(".hanu/stdin", stdin, 0o444)
        except (OSError, ValueError) as err:
            raise HostError(f"--add: {err}") from err
        archive.close()


def write_iso(folder, initrd, append):
    """A bootable ISO (BIOS and UEFI) in `folder`; returns its path."""
    if not shutil.which("grub-mkrescue"):
        raise HostError("grub-mkrescue is missing: see make doctor")
    tree = os.path.join(folder, "iso")
    os.makedirs(os.path.join(tree, "boot", "grub"))
    os.link(initrd, os.path.join(tree, "boot", "initrd.cpio"))
    shutil.copy(build_path("kernel.elf"), os.path.join(tree, "boot"))
    words = " ".join("'" + w.replace("'", "'\\''") + "'"
                     for w in append.split())
    with open(os.path.join(tree, "boot", "grub", "grub.cfg"), "w",
              encoding="utf-8") as config:
        config.write("set timeout=0\nset default=0\nmenuentry hanu {\n"
                     f"    multiboot2 /boot/kernel.elf {words}\n"
                     "    module2 /boot/initrd.cpio\n}\n")
    iso = os.path.join(folder, "hanu.iso")
    made = subprocess.run(
        ["grub-mkrescue", "-o", iso, tree, "--", "-volid", "HANU"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    if made.returncode:
        raise HostError("grub-mkrescue failed:\n" +
                        made.stdout.decode(errors="replace"))
    return iso


def check_memory(initrd, memory):
    """Explain an initrd that is too big, before QEMU or GRUB trips over it."""
    size = os.path.getsize(initrd)
    if size + KERNEL_ROOM > memory_bytes(memory):
        need = (size + KERNEL_ROOM + (1 << 20) - 1) >> 20
        raise HostError(
            f"the initrd with the added files has {size >> 20} MiB and does "
            f"not fit into --mem {memory}: give --mem {need}M or more")


def qemu_command(options, initrd, folder):
    """QEMU's arguments up to the serial ports, which the caller adds."""
    command = [os.environ.get("QEMU", "qemu-system-x86_64"),
               "-machine", "q35", "-cpu", options.cpu,
               "-accel", os.environ.get("ACCEL", "tcg"),
               "-global", "apic-common.vapic=off",
               "-m", str(memory_bytes(options.mem) >> 20) + "M",
               "-smp", str(options.smp),
               "-nodefaults", "-vga", "none", "-display", "none",
               "-no-reboot",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    append = options.append
    recording = getattr(options, "recording", None)
    kernel = build_path("kernel.elf")
    if options.gdb and not recording:
        append = (append + " panic=wait").strip()
    if options.icount or recording:
        append = (append + " norandom").strip()
        command += ["-seed", "1",
                    "-rtc", "base=2024-01-01T00:00:00,clock=vm"]
    if recording:
        command += recording.arguments()
        kernel = recording.path("kernel.elf")
    elif options.icount:
        command += ["-icount", "shift=0,sleep=off"]
    command += boot_arguments(options.boot, kernel, initrd, append, folder)
    disks = [disk_arguments(n, spec, recording is not None)
             for n, spec in enumerate(options.disk)]
    if sum("piix3-ide,id=ide" in arguments for arguments in disks) > 1:
        raise HostError("--disk: only one can be an ide disk")
    command += sum(disks, [])
    if options.gdb:
        command += ["-gdb", f"tcp:127.0.0.1:{options.gdb}", "-S"]
    return command + options.qemu


DISK_WORDS = {
    "ro": ("readonly=on", ""),
    "temp": ("snapshot=on", ""),
    "modern": ("", "disable-legacy=on,disable-modern=off"),
    "legacy": ("", "disable-legacy=off,disable-modern=on"),
    "ide": ("", ""),
}


def parse_disk(spec):
    """--disk FILE[,WORD]...: words from the end on, as FILE may have commas."""
    path, words = spec, []
    while not os.path.exists(path) and "," in path:
        path, _, word = path.rpartition(",")
        if word not in DISK_WORDS:
            raise HostError(f"--disk {spec}: no such file, and {word} is none "
                            "of " + ", ".join(DISK_WORDS))
        words.append(word)
    if not os.path.exists(path):
        raise HostError(f"--disk {spec}: no such file")
    return path, words


def disk_arguments(number, spec, recorded):
    """The arguments for a disk; one that is recorded is a qcow2 file."""
    path, words = parse_disk(spec)
    name = "layer" if recorded else "disk"
    extra = []
    drive = ["if=none", f"id={name}{number}", "file=" + option_value(path),
             "format=qcow2" if recorded else "format=raw"]
    device = ["virtio-blk-pci", f"drive=disk{number}"]
    if "ide" in words:
        device = ["ide-hd", f"drive=disk{number}", "bus=ide.0"]
        extra = ["-device", "piix3-ide,id=ide"]
    for word in words:
        drive.append(DISK_WORDS[word][0])
        device.append(DISK_WORDS[word][1])
    extra += ["-drive", ",".join(filter(None, drive))]
    if recorded:
        extra += ["-drive", f"driver=blkreplay,if=none,id=disk{number},"
                            f"image=layer{number}"]
    return extra + ["-device", ",".join(filter(None, device))]


def boot_arguments(boot, kernel, initrd, append, folder):
    """The part of the command line that says what is booted, and how."""
    if not os.path.exists(kernel):
        raise HostError(f"{kernel} is missing: run make")
    if boot == "direct":
        return ["-kernel", kernel, "-initrd", initrd, "-append", append]
    arguments = ["-cdrom", write_iso(folder, initrd, append)]
    if boot == "uefi":
        firmware = [f for f in (os.environ.get("OVMF", ""),) + FIRMWARE
                    if f and os.path.exists(f)]
        if not firmware:
            raise HostError("no UEFI firmware (OVMF): see make doctor")
        arguments += ["-bios", firmware[0]]
    return arguments


def option_value(text):
    """Text as part of a QEMU option, where a comma stands for itself."""
    return text.replace(",", ",,")


def die_with_parent():
    """Between fork and exec: on Linux QEMU ends when tools/run is killed."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        pass
