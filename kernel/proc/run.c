/*
 * proc/run.c - report of a command that tools/run asked for.
 *
 * Idea:  pid 1's first child is the command.  Its real wait status is kept here
 *        at its exit and leaves the machine in the one frame that no program can
 *        write; before it goes the verdict of the memory auditor, which looks at
 *        a quiet system.
 * Locks: none; written under process_tree_lock, read when nothing else runs.
 */
#include "proc/run.h"

#include "base/format.h"
#include "dev/channel.h"
#include "vm/address_space.h"

static int32_t command_pid;    /* 0: no child yet */
static int32_t command_status;
static bool command_ended;

void run_note_child(int32_t pid)
{
    if (command_pid == 0)
        command_pid = pid;
}

void run_note_exit(int32_t pid, int32_t status)
{
    if (pid != command_pid || command_ended)
        return;
    command_status = status;
    command_ended = true;
}
