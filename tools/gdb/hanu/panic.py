"""A stop in every panic, while everything still is as it was."""

import gdb


class PanicPoint(gdb.Breakpoint):
    """Where a panic waits for the debugger."""

    def __init__(self):
        super().__init__("panic_wait_for_debugger", internal=True)

    def stop(self):
        print("the kernel panics: backtrace, locks and dmesg say why")
        return True


PanicPoint()
