"""cpio newc archives as the kernel likes them.

The data of every file starts on a page boundary, so that the kernel can take
over the frames of the initrd instead of copying them. The format has no
padding between members; instead the name field is filled with further NULs.
Every field that could differ between two runs (times, inodes, owners) is set
here, so that equal input gives equal bytes.
"""

import os
import stat

PAGE = 4096
MTIME = 1704067200  # 2024-01-01 00:00:00 UTC, as the clock under --icount
HEADER_BYTES = 110
TRAILER = b"TRAILER!!!"


class CpioWriter:
    """Writes one archive to a binary file object; starts page-aligned."""

    def __init__(self, out):
        self.out = out
        self.offset = 0
        self.inode = 0
        self.known = set()

    def directory(self, name, mode=0o755):
        """Add a directory and the folders above it, each once."""
        name = _clean(name)
        if not name or name in self.known:
            return
        self.directory(os.path.dirname(name))
        self._member(name, stat.S_IFDIR | mode)

    def symlink(self, name, target):
        """Add a symbolic link that says `target`."""
        data = _bytes(target)
        name = self._place(name)
        self._member(name, stat.S_IFLNK | 0o777, len(data))
        self._write(data)
        self._align(4)

    def data(self, name, data, mode=0o644):
        """Add a file that holds `data`."""
        name = self._place(name)
        self._member(name, stat.S_IFREG | mode, len(data))
        self._write(data)
        self._align(4)

    def file(self, name, host_path):
        """Add a host file, read piece by piece; keeps the permission bits."""
        name = self._place(name)
        with open(host_path, "rb") as source:
            info = os.fstat(source.fileno())
            size = info.st_size
            if size > 0xFFFFFFFF:
                raise ValueError(f"{host_path}: larger than 4 GiB")
            self._member(name, stat.S_IFREG | stat.S_IMODE(info.st_mode), size)
            left = size
            while left:
                piece = source.read(min(left, 1 << 20))
                if not piece:
                    raise ValueError(f"{host_path}: shrank while it was read")
                self._write(piece)
                left -= len(piece)
        self._align(4)

    def tree(self, name, host_path):
        """Add a host file, link or whole folder under the name `name`."""
        if os.path.islink(host_path):
            self.symlink(name, os.readlink(os.fsencode(host_path)))
        elif os.path.isdir(host_path):
            mode = stat.S_IMODE(os.stat(host_path).st_mode)
            self.directory(name, mode)
            for entry in sorted(os.listdir(host_path)):
                self.tree(os.path.join(os.fsdecode(name), entry),
                          os.path.join(host_path, entry))
        elif os.path.isfile(host_path):
            self.file(name, host_path)
        else:
            raise ValueError(f"{host_path}: neither file, folder nor link")

    def close(self):
        """End the archive and fill up its last page."""
        self._member(TRAILER, 0)
        self._align(PAGE)

    def _place(self, name):
        name = _clean(name)
        self.directory(os.path.dirname(name))
        return name

    def _member(self, name, mode, size=0):
        if name != TRAILER:
            self.known.add(name)
            self.inode += 1
        name_size = len(name) + 1
        if size:
            name_size += -(self.offset + HEADER_BYTES + name_size) % PAGE
        fields = (self.inode if name != TRAILER else 0, mode, 0, 0,
                  2 if stat.S_ISDIR(mode) else 1,
                  MTIME if mode else 0, size, 0, 0, 0, 0, name_size, 0)
        self._write(b"070701" + b"".join(b"%08X" % f for f in fields))
        self._write(name.ljust(name_size, b"\0"))
        self._align(4)

    def _align(self, unit):
        self._write(b"\0" * (-self.offset % unit))

    def _write(self, data):
        self.out.write(data)
        self.offset += len(data)


def _bytes(text):
    return os.fsencode(text)


def _clean(name):
    return os.path.normpath(b"/" + _bytes(name)).lstrip(b"/")


def members(data):
    """Yield (name, mode, data offset, size) of concatenated archives."""
    at = 0
    while at < len(data):
        if data[at:at + 1] == b"\0":
            at += 1
            continue
        if data[at:at + 6] != b"070701":
            raise ValueError(f"no member at offset {at}")
        fields = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                  for i in range(13)]
        name_at = at + HEADER_BYTES
        name = data[name_at:name_at + fields[11]].split(b"\0", 1)[0]
        start = -(-(name_at + fields[11]) // 4) * 4
        at = -(-(start + fields[6]) // 4) * 4
        if name != TRAILER:
            yield name, fields[1], start, fields[6]
