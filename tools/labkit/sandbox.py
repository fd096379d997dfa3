"""Running what a student wrote on the host: the compiler, and QEMU.

Limits of time, memory, processes and file size for the whole family of
processes; with bubblewrap (if it is there and may be used) also a file system
in which only the tree can be written, other labs cannot be seen, and without
a network.
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
    """How a command ended."""

    def __init__(self, code, output):
        self.code, self.output = code, output


@functools.cache
def bubblewrap():
    """Can bwrap make a sandbox here?"""
    try:
        return subprocess.run(
            [*SANDBOX, "--", "sh", "-c", "echo > /dev/null"], check=False,
            capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _wrap(command, folder):
    if not bubblewrap():
        return command  # docs/CAVEATS.md: what a compiler may then read
    return [*SANDBOX, "--bind", folder, folder, "--chdir", folder, "--",
            *command]


def _limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setsid()


def run(command, folder, seconds):
    """Run it in a folder; output and errors together, cut in the middle."""
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C",
                   "HOME": folder}
    with tempfile.TemporaryFile() as out:
        # pylint: disable-next=subprocess-popen-preexec-fn
        with subprocess.Popen(_wrap(command, folder), cwd=folder, stdout=out,
                              stderr=subprocess.STDOUT, env=environment,
                              stdin=subprocess.DEVNULL,
                              preexec_fn=_limit) as process:
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        out.seek(0)
        text = out.read(OUTPUT).decode(errors="replace")
    if code is None:
        text += f"\nended after {seconds} s"
    return Outcome(code, text)
