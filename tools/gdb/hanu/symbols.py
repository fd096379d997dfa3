"""The symbols of programs: loaded when they exec, for the one looked at.

Idea:   programs are linked to the same addresses, so gdb should know one at a
        time. When a program execs, an internal breakpoint in exec_commit()
        loads its symbols and drops those of the others; a stop in another
        process changes them again. A program stays loaded as long as a
        breakpoint is in it, for the breakpoint would go with it; and as other
        programs have code at the same address, the breakpoint gets the
        condition $_in_program("NAME").
Off:    set hanu-symbols off
"""

import contextlib
import os
import re
import subprocess

import gdb

from . import base, names
from .base import Command, Trouble, command, number

FOLDERS = ("user", os.path.join("tests", "user"))
KNOWN = {}    # (inode, its number, build folder) -> path or None
LOADED = {}   # path -> address of .text, in the order loaded


def build_folder():
    """Where the kernel that is looked at was built."""
    return os.environ.get("B") or \
        os.path.dirname(gdb.current_progspace().filename or "build/x")


def program_path(name):
    """The file with symbols of the program called `name`, or None."""
    build = os.path.abspath(build_folder())
    for folder in FOLDERS:
        for place in (build, os.path.dirname(build)):   # build/debug, too
            path = os.path.join(place, folder, name)
            if name and os.path.isfile(path):
                return os.path.realpath(path)   # as gdb will call it
    return None


def text_address(path):
    """Address of .text; user programs are linked where they run."""
    done = subprocess.run(["readelf", "-SW", path], capture_output=True,
                          text=True, check=False)
    for line in done.stdout.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 3 and words[1] == ".text":
            return int(words[3], 16)
    raise Trouble(f"{path}: no .text section")


def quoted(path):
    """As an argument of a gdb command; a path may have blanks."""
    return '"' + re.sub(r'([\\"])', r"\\\1", path) + '"'


def load(path):
    """Add the symbols of a program, once."""
    if path not in LOADED:
        LOADED[path] = text_address(path)
        gdb.execute(f"add-symbol-file {quoted(path)} {LOADED[path]:#x}",
                    to_string=True)


def unload(path):
    """Drop them. No command may fail here: while a breakpoint is looked at,
    gdb would come back to its prompt although the machine runs."""
    LOADED.pop(path)
    if any(objfile.filename == path for objfile in gdb.objfiles()):
        gdb.execute(f"remove-symbol-file {quoted(path)}", to_string=True)


def is_in(point, path):
    """Is a breakpoint in the sources of this program?"""
    name = os.path.basename(path)
    sources = [place.fullname or ""
               for place in getattr(point, "locations", None) or ()]
    return any(f"/{name}.c" in source or f"/{name}/" in source
               for source in sources)


def bind_breakpoints(path):
    """Breakpoints in this program stop in no other one."""
    for point in gdb.breakpoints():
        own = point.condition or ""
        if is_in(point, path) and "$_in_program(" not in own:
            point.condition = f'$_in_program("{os.path.basename(path)}")' + \
                (own and f" && ({own})")


def focus(path):
    """Have the symbols of this program, and no others but those needed."""
    LAST[0] = None
    for other in list(LOADED):
        if other != path and \
                not any(is_in(point, other) for point in gdb.breakpoints()):
            unload(other)
    if path:
        load(path)
        bind_breakpoints(path)


@contextlib.contextmanager
def only(path):
    """With no symbols but those of this program: two programs have code at
    the same address. Breakpoints in the others wait for theirs meanwhile."""
    before = list(LOADED)
    focus(path)
    others = [other for other in LOADED if other != path]
    for other in others:
        unload(other)
    try:
        yield
    finally:
        if path in LOADED and path not in before:
            unload(path)
        for other in others:
            load(other)
        focus_here()


def path_of_process(process):
    """The file with the symbols of what a process executes, or None."""
    return path_of_inode(process["executable"]) or \
        program_path(base.text(process["name"]))


def path_of_inode(inode):
    """The file with the symbols of the program in a struct inode, or None."""
    if number(inode) == 0:
        return None
    key = (number(inode), number(inode["ino"]), build_folder())
    if key not in KNOWN:
        path = names.inode_path(inode.dereference())
        KNOWN[key] = program_path(os.path.basename(path))
    return KNOWN[key]


class Switch(gdb.Parameter):
    """Whether symbols of programs load by themselves when they exec."""

    set_doc = "Load the symbols of programs when they exec."
    show_doc = "Show whether symbols of programs load when they exec."

    def __init__(self):
        super().__init__("hanu-symbols", gdb.COMMAND_FILES,
                         gdb.PARAM_BOOLEAN)
        self.value = True

    def get_set_string(self):
        EXEC.enabled = self.value
        return ""


class ExecPoint(gdb.Breakpoint):
    """Stops for a moment when a program is about to replace another."""

    def __init__(self):
        super().__init__("exec_commit", internal=True)
        self.silent = True

    def stop(self):
        try:
            focus(path_of_inode(gdb.parse_and_eval("x->file")))
        except (gdb.error, gdb.GdbError):
            pass   # no reason to stop anybody's session
        return False


LAST = [None]   # (process, executable) at the last stop


def on_stop(event):
    """Another process may be in front of us now."""
    if SWITCH.value:
        focus_here()


def focus_here():
    """Symbols of the program that runs on the CPU looked at."""
    try:
        base.require_kernel()
        process = base.current_process()
        now = (number(process.address), number(process["executable"]))
        if now != LAST[0]:
            path = path_of_process(process)
            if path:
                focus(path)
            LAST[0] = now
    except (gdb.error, gdb.GdbError, ValueError):
        pass   # no process, or no kernel yet


def on_new_breakpoint(point):
    """The user has set one."""
    for path in LOADED:
        if point.type == gdb.BP_BREAKPOINT and point.visible and \
                is_in(point, path):
            bind_breakpoints(path)


class InProgram(gdb.Function):
    """$_in_program("NAME"): does the process that runs here execute it?"""

    def __init__(self):
        super().__init__("_in_program")

    def invoke(self, name):
        try:
            path = path_of_process(base.current_process()) or ""
            return os.path.basename(path) == name.string()
        except (gdb.error, gdb.GdbError):
            return False


class CurrentPid(gdb.Function):
    """$_pid(): the number of the process that runs here, 0 if none does."""

    def __init__(self):
        super().__init__("_pid")

    def invoke(self):
        try:
            return int(base.current_process()["pid"])
        except (gdb.error, gdb.GdbError):
            return 0


@command
class UserSymbols(Command):
    """user-symbols NAME: add the symbols of a program in user/ or tests/user,
    so that `break main` or `break NAME.c:10` stops in the program. They load
    by themselves when it execs, unless `set hanu-symbols off` says no."""

    name = "user-symbols"
    kind = gdb.COMMAND_FILES
    needs_machine = False

    def run(self, argument):
        path = program_path(argument) or \
            (os.path.realpath(argument) if os.path.isfile(argument) else None)
        if not path:
            raise Trouble(f"no program {argument!r} under {build_folder()}/"
                          "user or tests/user")
        focus(path)
        print(f"symbols of {path}")

    def completions(self, words):
        found = []
        for folder in FOLDERS:
            path = os.path.join(build_folder(), folder)
            found += os.listdir(path) if os.path.isdir(path) else []
        return [] if words else found


EXEC = ExecPoint()
SWITCH = Switch()
InProgram()
CurrentPid()
gdb.events.stop.connect(on_stop)
gdb.events.breakpoint_created.connect(on_new_breakpoint)
gdb.execute("set breakpoint pending on")
