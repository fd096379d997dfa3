"""bt-thread, user: stacks of threads that do not run, and of programs."""

import gdb

from . import base, names, symbols, unwind
from .base import Command, Trouble, command, number


@command
class BtThread(Command):
    """bt-thread TID [OPTIONS]: backtrace of a thread, also of one that does
    not run. Shows its stack in the kernel. TID may be the address of a struct
    thread, as kernel threads have no number. OPTIONS are those of backtrace:
    a count, full, -frame-arguments all. Neither registers nor the selected
    frame change."""

    name = "bt-thread"
    kind = gdb.COMMAND_STACK

    def run(self, argument):
        tid, _, options = argument.partition(" ")
        if not tid:
            raise Trouble("bt-thread TID; `threads` lists them")
        thread = base.thread_by_tid(number(tid))
        print(unwind.backtrace(thread, options), end="")

    def completions(self, words):
        return [] if words else [str(int(t["tid"])) for t in
                                 base.all_threads() if int(t["tid"])]


INSPECTING = ("backtrace bt where print p x info list l printf output ptype "
              "disassemble explore whatis echo").split()


@command
class User(Command):
    """user PID [COMMAND]: the program of a process, as if it ran here. Loads
    its symbols and shows its stack, from the kernel into the program, in one
    backtrace. With a COMMAND that only looks (print, x, info, list, backtrace
    ...) runs that in the innermost frame of the program instead. The page
    tables of the process are loaded for this long only. A TID serves for a
    thread that is not the first."""

    name = "user"
    kind = gdb.COMMAND_STACK

    def run(self, argument):
        pid, _, action = argument.partition(" ")
        thread = base.thread_by_tid(number(pid)) if pid else \
            base.current_thread()
        if number(thread["process"]) == 0:
            raise Trouble("a kernel thread has no program")
        if action and action.split()[0].split("/")[0] not in INSPECTING:
            raise Trouble(f"{action.split()[0]} may let the machine run: "
                          "only commands that look, please")
        path = symbols.path_of_process(thread["process"])
        with symbols.only(path):
            self.look(thread, path, action)

    def look(self, thread, path, action):
        """On its CPU, or as it was when it lost it."""
        cpu = unwind.running_on(thread)
        if cpu:
            cpu.switch()
            self.show(thread, path, action, "running")
        else:
            with unwind.in_space(thread["process"]["space"]), \
                    unwind.as_if(unwind.switched_registers(thread),
                                 stop_at_user=False):
                self.show(thread, path, action, "as it was switched away")

    def show(self, thread, path, action, how):
        """The registers are those of the thread."""
        mine = [f for f in unwind.frames_of_thread()
                if not base.is_kernel_address(f.pc())]
        if action:
            if not mine:
                raise Trouble("it has no frame in user mode")
            mine[0].select()
            gdb.execute("set may-call-functions off")
            try:
                gdb.execute(action)
            finally:
                gdb.execute("set may-call-functions on")
            return
        space = thread["process"]["space"]
        tables = f"page tables {number(space['pml4']):#x}" \
            if number(space) else "no address space any more"
        print(f"process {names.process_name(thread['process'])}, {how}; "
              f"{tables}; symbols of "
              f"{path or 'none of our programs'}")
        print(unwind.tidy_backtrace(), end="")

    def completions(self, words):
        return INSPECTING if words else base.pid_completions()
