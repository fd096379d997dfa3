"""Take a student's files out of an archive: a program of its own.

    python3 unpack.py ARCHIVE FOLDER PATTERN...

Whoever made the archive may want to fill memory, disk or time, so this runs
with limits (labkit/sandbox.py) and alone: the modules that read archives
believe what stands in them. Members whose path, without up to two folders above
it, matches one of the patterns come into the folder.
"""

import fnmatch
import os
import stat
import sys
import tarfile
import zipfile

MEMBERS = 20_000      # looked at
LARGEST = 1 << 20     # bytes of one file


def matches(path, patterns):
    """Is this a file that a student may hand in?"""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def inside(name, patterns):
    """The path in the tree of an archive's member; None: not wanted."""
    parts = name.split("/")
    if ".." in parts or "" in parts or "\0" in name:
        return None
    for start in range(min(3, len(parts))):
        path = "/".join(parts[start:])
        if matches(path, patterns):
            return path
    return None


def zip_members(path):
    """(name, function that opens it) of the regular files of a zip."""
    archive = zipfile.ZipFile(path)
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not info.is_dir() and kind in (0, stat.S_IFREG):
            yield info.filename, lambda i=info: archive.open(i)


def tar_members(path):
    """The same of a tar, as it is or through gzip."""
    with open(path, "rb") as file:
        mode = "r:gz" if file.read(2) == b"\x1f\x8b" else "r:"
    archive = tarfile.open(path, mode)
    for member in archive:
        if member.size < 0:
            raise ValueError("a file of less than nothing")
        if member.isreg():
            yield member.name, lambda m=member: archive.extractfile(m)


def main(path, folder, *patterns):
    """Unpack."""
    members = zip_members if zipfile.is_zipfile(path) else tar_members
    for number, (name, opened) in enumerate(members(path)):
        if number == MEMBERS:
            raise ValueError("too many files")
        wanted = inside(name, patterns)
        if not wanted:
            continue
        with opened() as file:
            data = file.read(LARGEST + 1)
        target = os.path.join(folder, wanted)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as err:  # pylint: disable=broad-except
        # Whatever is wrong with an archive is its maker's affair.
        sys.exit("not a folder, .tar.gz or .zip: "
                 f"{(str(err) or type(err).__name__).splitlines()[0]}")
