"""What a student handed in, read once and with care: it is hostile.

Of a folder or an archive only the files that the lab allows are taken, as
bytes in memory. Links, devices and huge files are not, so that nothing of the
grader's machine comes in, and what is graded is what was read, whatever
becomes of the folder meanwhile.
"""

import hashlib
import os
import shutil
import stat

from . import sandbox, spec, unpack

ARCHIVE_BYTES = 64 << 20
LONGEST = 200         # bytes of a name, which is to be one of a folder
UNPACKING, UNPACKING_BYTES = 60, 1 << 30  # seconds, memory


class Submission:
    """What a student handed in: a folder or an archive."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        name = os.path.basename(self.path)
        for suffix in (".tar.gz", ".tgz", ".tar", ".zip"):
            name = name.removesuffix(suffix)
        # A name need not be text; what is written of it has to be.
        self.name = os.fsencode(name).decode(errors="backslashreplace")
        if len(self.name.encode()) > LONGEST:
            digest = hashlib.sha256(self.name.encode()).hexdigest()[:8]
            self.name = f"{self.name[:LONGEST // 4]}-{digest}"

    def read(self, lab, work):
        """({name: bytes} of the files that the lab allows, names of those that
        are not taken all the same); `work`: an empty folder."""
        if os.path.isdir(self.path):
            return _read_folder(lab, self.path)
        return _read_folder(lab, self._unpack(lab, work))

    def _unpack(self, lab, work):
        if os.path.getsize(self.path) > ARCHIVE_BYTES:
            raise spec.LabError("the archive is too large")
        files = os.path.join(work, "files")
        os.makedirs(files)
        shutil.copyfile(self.path, os.path.join(work, "archive"))
        shutil.copyfile(unpack.__file__, os.path.join(work, "unpack.py"))
        done = sandbox.run(
            ["python3", "-I", os.path.join(work, "unpack.py"),
             os.path.join(work, "archive"), files, *lab.change, *lab.new],
            work, UNPACKING, UNPACKING_BYTES)
        if done.failed:
            raise spec.LabError((done.output.strip() or "the archive cannot be "
                                 "unpacked").splitlines()[-1])
        return files


def _read_folder(lab, folder):
    taken, left_out = {}, []
    for where, folders, files, fd in os.fwalk(folder, onerror=_stop):
        folders[:] = sorted(f for f in folders if f not in (".git", "build"))
        for file in sorted(files):
            name = os.path.relpath(os.path.join(where, file), folder)
            if not unpack.matches(name, lab.change + lab.new):
                continue
            data = _read_file(file, fd)
            if data is None:
                left_out.append(name)
            else:
                taken[name] = data
    return taken, left_out


def _stop(err):
    raise err


def _read_file(name, folder):
    """The bytes of a regular file that is not too large, or None."""
    if not stat.S_ISREG(os.stat(name, dir_fd=folder,
                                follow_symlinks=False).st_mode):
        return None
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK,
                 dir_fd=folder)
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        data = file.read(unpack.LARGEST + 1)
    return data if len(data) <= unpack.LARGEST else None
