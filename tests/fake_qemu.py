#!/usr/bin/python3
"""A stand-in for QEMU and the guest: speaks the run protocol, boots nothing.

It reads the request from the initrd like init would and acts on its first
word. Used by test_run_host.py to check tools/run without a kernel.
"""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tools"))

from hanu.cpio import members  # noqa: E402
from hanu.frames import READY, encode  # noqa: E402


def chardev(name):
    """The value after `id=NAME,` of that -chardev option."""
    for arg in sys.argv:
        if f",id={name}," in arg:
            return arg.rsplit("=", 1)[1]
    raise SystemExit(9)


def request():
    """The request's strings."""
    with open(sys.argv[sys.argv.index("-initrd") + 1], "rb") as file:
        data = file.read()
    for name, _mode, start, size in members(data):
        if name == b".hanu/request":
            return data[start:start + size].split(b"\0")[:-1]
    raise SystemExit(8)


def read_exactly(channel, count):
    data = b""
    while len(data) < count:
        data += channel.recv(count - len(data))
    return data


def stdin_pieces(channel):
    """Payloads of 'i' frames until the end of file."""
    while True:
        head = read_exactly(channel, 3)
        assert head[:1] == b"i", head
        length = int.from_bytes(head[1:], "little")
        if not length:
            return
        yield read_exactly(channel, length)


def finish(channel, status):
    channel.sendall(encode(b"x", status.to_bytes(4, "little")))
    channel.sendall(encode(b"a", b"ok"))
    sys.exit(33)


def main():
    channel = socket.socket(fileno=int(chardev("run")))
    strings = request()
    words = [s[1:] for s in strings if s[:1] == b"A"]
    channel.sendall(b"BdsDxe: o\xff\xff firmware text r\x04")
    time.sleep(0.05)
    channel.sendall(READY)
    if words[0] == b"cat":
        for piece in stdin_pieces(channel):
            channel.sendall(encode(b"o", piece))
    elif words[0] == b"words":
        channel.sendall(encode(b"o", b"\0".join(strings)))
    elif words[0] == b"both":
        channel.sendall(encode(b"o", b"out") + encode(b"e", b"err"))
    elif words[0] == b"yes":
        while True:
            channel.sendall(encode(b"o", b"y\n" * 1000))
    elif words[0] == b"hang":
        time.sleep(600)
    elif words[0] == b"reset":
        sys.exit(0)
    elif words[0] == b"panic":
        channel.sendall(encode(b"p", b"panic: wrong\n  [<ffffffff80100000>]\n"))
        sys.exit(33)
    elif words[0] == b"log-panic":
        with open(chardev("log"), "w", encoding="utf-8") as log:
            log.write("boot\npanic: only in the log\n")
        sys.exit(33)
    elif words[0] == b"chatter":
        while True:
            channel.sendall(encode(b"v", b"not ok") * 1000)
    elif words[0] == b"complaint":
        with open(chardev("log"), "w", encoding="utf-8") as log:
            log.write("boot\n[    1.000000] audit: refs of frame 12\n")
        channel.sendall(encode(b"a", b"1 complaints, see the kernel log"))
    elif words[0] == b"garbage":
        channel.sendall(b"?????")
        time.sleep(60)
    elif words[0] == b"verdicts":
        for line in (b"1..2", b"ok one", b"not ok two: why"):
            channel.sendall(encode(b"v", line))
        sys.exit(33)
    elif words[0] == b"status":
        finish(channel, int(words[1], 0))
    finish(channel, 0)


main()
