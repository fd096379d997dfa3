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

#include "abi/wait.h"
#include "base/format.h"
#include "base/string.h"
#include "dev/channel.h"
#include "proc/process.h"
#include "proc/wait.h"
#include "vm/address_space.h"

static int32_t command_pid; /* 0: no child yet */
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

/* Everybody but the caller, pid 1, is killed and reaped. */
static void end_all_others(void)
{
    const struct child_request any = { .which = P_ALL,
                                       .options = WEXITED | (int)__WALL };
    struct child_result unused;
    int result = signal_kill(-1, SIGKILL);

    (void)result; /* -ESRCH: there is nobody */
    while (process_wait(&any, &unused) > 0)
        ;
}

static void send_audit(void)
{
    char line[64];
    unsigned complaints = vm_audit();

    if (complaints == 0)
        strlcpy(line, "ok", sizeof(line));
    else
        base_snprintf(line, sizeof(line), "%u complaints, see the kernel log",
                      complaints);
    channel_write('a', line, strlen(line));
}

void run_report(void)
{
    if (!channel_is_enabled())
        return;
    end_all_others();
    send_audit();
    if (command_ended)
        channel_send_exit(command_status);
}
