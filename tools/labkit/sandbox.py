"""Running on the host what works on a student's files: a compiler, an unpacker.

Limits of time for the whole family of processes, of memory and file size for
each of them; with bubblewrap (if it is there and may be used) also a file
system in which only the tree can be written, other labs cannot be seen, and
without a network. The machine itself runs outside (labkit/guest.py): what it
may use of the host is what QEMU gives it.
"""

import functools
import os
import resource
import signal
import subprocess
import tempfile

FILE_BYTES = 1 << 28
MEMORY_BYTES = 4 << 30
OUTPUT = 100_000
SANDBOX = ("bwrap --ro-bind /usr /usr --symlink usr/lib /lib "
           "--symlink usr/lib64 /lib64 --symlink usr/bin /bin "
           "--symlink usr/sbin /sbin --proc /proc --dev /dev --tmpfs /tmp "
           "--ro-bind-try /etc/alternatives /etc/alternatives "
           "--unshare-all --die-with-parent").split()


class Outcome:
    """How a command ended: with a code, or None when its time was over."""

    def __init__(self, code, output):
        self.code, self.output = code, output

    @property
    def failed(self):
        """Did it not come to a good end?"""
        return self.code != 0


@functools.cache
def bubblewrap():
    """Can bwrap make a sandbox here?"""
    try:
        return subprocess.run(
            [*SANDBOX, "--", "sh", "-c", "echo > /dev/null"], check=False,
            capture_output=True, timeout=300).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _wrap(command, folder):
    if not bubblewrap():
        return command  # docs/CAVEATS.md: what a compiler may then read
    return [*SANDBOX, "--bind", folder, folder, "--chdir", folder, "--",
            *command]


def _limit(memory):
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setsid()


_running = set()  # leaders of families that work


def _kill(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_all():
    """End all that is running."""
    for leader in list(_running):
        _kill(leader)


def _text_of(file):
    """All of it, or its beginning and its end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size <= OUTPUT:
        return file.read().decode(errors="replace")
    head = file.read(OUTPUT // 2).decode(errors="replace")
    file.seek(-OUTPUT // 2, os.SEEK_END)
    return f"{head}\n...\n{file.read().decode(errors='replace')}"


def run(command, folder, seconds, memory=MEMORY_BYTES):
    """Run it in a folder; output and errors together, cut in the middle."""
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C",
                   "HOME": folder}
    with tempfile.TemporaryFile() as out:
        # pylint: disable-next=subprocess-popen-preexec-fn
        with subprocess.Popen(_wrap(command, folder), cwd=folder, stdout=out,
                              stderr=subprocess.STDOUT, env=environment,
                              stdin=subprocess.DEVNULL,
                              preexec_fn=lambda: _limit(memory)) as process:
            _running.add(process.pid)
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _running.discard(process.pid)
                _kill(process.pid)
                process.wait()
        text = _text_of(out)
    if code is None:
        text += f"\nended after {seconds} s"
    return Outcome(code, text)
