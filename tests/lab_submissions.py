"""Submissions of every kind for the lab cow: right, wrong, hanging, hostile."""

import io
import os
import shutil
import struct
import sys
import tarfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from labkit import cut, spec  # noqa: E402

FILE = "kernel/vm/cow.c"
LAST = "void cow_take_back(struct address_space *as, vaddr_t va, pte_t *pte)\n{"

# name: text put at the start of cow_take_back, or of the file
IN_FUNCTION = {
    "hangs": "    for (;;)\n        cpu_invlpg(va);\n",
    "panics": "    panic(\"the student's kernel\");\n",
    "resets": "    __asm__ volatile(\"lidt (0)\\n int3\");\n",
    "prints-for-ever": "    for (;;)\n        printk(\"ok 100/100\\n\");\n",
    "eats-memory": "    while (frame_alloc(0, FRAME_ANON))\n        ;\n",
    "forges-ok": "    for (int i = 0; i < 1000; i++)\n        printk(\"1 ok\\n"
                 "ok  15/15  fork-shares-frames\\n\");\n    *pte = 0;\n",
    "suspends": "    __asm__ volatile(\"outw %0, %1\" ::\n"
                "        \"a\"((uint16_t)0x2400), \"Nd\"((uint16_t)0x604));\n",
    "leaves-qemu": "    __asm__ volatile(\"outb %0, %1\" ::\n"
                   "        \"a\"((uint8_t)0x10), \"Nd\"((uint16_t)0xf4));\n",
}
AT_TOP = {
    "does-not-compile": "int broken(\n",
    "includes-itself": f'#include "{os.path.basename(FILE)}"\n',
    "includes-hidden-tests": '#include "../../labs/cow/hidden.py"\n',
    "includes-shadow": '#include "/etc/shadow"\n',
    "embeds-hidden-tests":
        f'__asm__(".incbin \\"{ROOT}/labs/cow/hidden.py\\"");\n',
    "compiles-for-ever":
        "#define A B B B B B B B B\n#define B C C C C C C C C\n"
        "#define C D D D D D D D D\n#define D E E E E E E E E\n"
        "#define E F F F F F F F F\n#define F G G G G G G G G\n"
        "#define G H H H H H H H H\n#define H I I I I I I I I\n"
        "#define I 1;\nvoid f(void);\nvoid f(void)\n{\n    A A A A A A A A\n}\n",
    "fills-the-disk": "char huge[1ul << 40] = { 1 };\n",
}


def solution():
    """The kernel's own text."""
    with open(os.path.join(ROOT, FILE), encoding="utf-8") as file:
        return file.read()


def put(folder, name, text):
    """A submission of one file."""
    path = os.path.join(folder, name, FILE)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return os.path.join(folder, name)


def hostile(folder, names=None):
    """{name: path} of submissions that must get less than full marks."""
    made = {}
    for name, text in {**IN_FUNCTION, **AT_TOP}.items():
        if names and name not in names:
            continue
        whole = text + solution() if name in AT_TOP else \
            solution().replace(LAST, LAST + "\n" + text, 1)
        made[name] = put(folder, name, whole)
    return made


def harmless(folder):
    """A right one that tries to bring more than it may: full marks."""
    path = put(folder, "brings-a-makefile", solution())
    for name, text in (("Makefile", "all kernel:\n\techo full marks\n"),
                       ("tools/run", "#!/bin/sh\necho '1 ok'\n"),
                       ("labs/cow/tests.py", "raise SystemExit(0)\n"),
                       ("kernel/vm/cow.h", "#error mine\n")):
        full = os.path.join(path, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
    os.symlink("/etc", os.path.join(path, "kernel", "mem"))
    return path


def link(folder):
    """The file is a link to a file of the grader's: not taken."""
    path = put(folder, "is-a-link", "")
    os.remove(os.path.join(path, FILE))
    os.symlink(os.path.join(ROOT, FILE), os.path.join(path, FILE))
    return path


def _zip(path, text="int broken(\n", name="mine/" + FILE):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    return data, data.find(b"PK\1\2")  # its one file, and the directory


def _tar(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _less_than_nothing():
    """A tar whose second member has -512 bytes: the third one is the second."""
    header = bytearray(tarfile.TarInfo("a").tobuf())
    whole = bytes(header)
    header[124:136] = b"\xff" * 4 + struct.pack(">q", -512)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return whole + bytes(header) + bytes(1024)


def archives(folder):
    """{name: path} of archives that nobody can unpack: damaged ones and
    traps."""
    made = {}

    def write(name, data):
        made[os.path.splitext(name)[0]] = path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(data)

    data, entry = _zip(os.path.join(folder, "plain.zip"))
    os.remove(os.path.join(folder, "plain.zip"))
    locked, other = bytearray(data), bytearray(data)
    locked[6] |= 1
    locked[entry + 8] |= 1
    write("locked.zip", locked)
    other[8] = other[entry + 10] = 9
    write("unknown-method.zip", other)
    data[14] ^= 1
    data[entry + 16] ^= 1
    write("wrong-sum.zip", data)
    write("empty.zip", b"")
    write("no-tar.tar", os.urandom(2000))
    write("less-than-nothing.tar", _less_than_nothing())
    made["too-many"] = os.path.join(folder, "too-many.tgz")
    _tar(made["too-many"], *((f"f{n}", b"") for n in range(20_001)))
    return made


def unbalanced(folder):
    """A file in which comments seem to begin and never end."""
    return put(folder, "comments", f'int broken(char *s = "{"/*a" * 300_000}')


def packed(folder):
    """{name: path} of archives that are right, of a file that does not
    compile."""
    _zip(os.path.join(folder, "a-zip.zip"))
    _tar(os.path.join(folder, "a-tar.tar.gz"),
         ("one/two/" + FILE, b"int broken(\n"))
    return {name.partition(".")[0]: os.path.join(folder, name)
            for name in ("a-zip.zip", "a-tar.tar.gz")}


def mutants(folder, count):
    """Wrong solutions of the lab itself."""
    made = {}
    for mutant in spec.Lab("cow").mutants()[:count]:
        path = put(folder, mutant.name, solution())
        cut.replace(path, FILE, cut.definitions(mutant.path))
        made[mutant.name] = path
    return made


def right(folder, count):
    """Right ones, with comments of their own."""
    return {f"right-{i}": put(folder, f"right-{i}",
                              f"/* student {i} */\n" + solution())
            for i in range(count)}


if __name__ == "__main__":
    OUT = sys.argv[1]
    shutil.rmtree(OUT, ignore_errors=True)
    hostile(OUT)
    harmless(OUT)
    link(OUT)
    mutants(OUT, 99)
    right(OUT, 20)
    archives(OUT)
    packed(OUT)
    unbalanced(OUT)
    shutil.make_archive(os.path.join(OUT, "zipped"), "zip",
                        os.path.join(OUT, "right-0"))
    shutil.make_archive(os.path.join(OUT, "tarred"), "gztar", OUT, "right-1")
    print("\n".join(sorted(os.listdir(OUT))))
