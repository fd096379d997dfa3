"""gdb: from the first instruction, in the fault handler, in a program."""

from gdb_session import ask, gdb, machine


def test_first_instruction_fault_handler_and_program():
    with machine(["--append", "norandom"], ["echo", "hello"]) as port:
        output = gdb(port, "printf \"first %#lx\\n\", $pc", "break vm_fault",
                     "continue", "printf \"in handler\\n\"", "backtrace 3",
                     "delete", "user-symbols echo", "break echo.c:main",
                     "continue", "printf \"in program\\n\"", "backtrace 1",
                     "kill")
    assert "first 0xfff0" in output or "first 0x" in output
    handler, _, program = output.partition("in program")
    assert "in handler" in handler and "vm_fault" in handler
    assert "main" in program and "echo.c" in program, output


def test_frame_that_is_swapped(tmp_path):
    """A page of a process that swaps: its frame, its slot, its policy."""
    disk = tmp_path / "disk"
    with open(disk, "wb") as file:
        file.truncate(16 << 20)
    script = ("mkswap -q /dev/vda; swapon /dev/vda; "
              "echo 20 > /proc/self/limit_frames; "
              "x=$(yes | head -c 200000); echo here; y=$x")
    with machine(["--disk", str(disk)], ["sh", "-c", script]) as port:
        answers = ask(port, "break swap_write", "continue",
                      "frame f", "delete", "break syscall_dispatch",
                      "continue", "frame pfn 0", "frame user frame->rip")
    assert "flags    swap-cache dirty" in answers["frame f"], answers.text
    assert " of vda (" in answers["frame f"], answers.text
    assert "kind     reserved" in answers["frame pfn 0"], answers.text
    user = answers["frame user frame->rip"]
    assert "policy clock" in user and "mapped   0x4" in user, answers.text
