/*
 * proc/hooks.c - see hooks.h.
 *
 * Idea:  those layers cannot include proc/process.h, and have function pointers
 *        instead.  Kernel threads have no process: nothing, or the superuser.
 * Locks: the caller asks about itself.
 */
#include "proc/hooks.h"

#include "ipc/futex.h"
#include "ipc/sysv.h"
#include "net/unix.h"
#include "proc/process.h"
#include "proc/pid.h"
#include "proc/threads.h"

static struct fs_context *current_context(void)
{
    struct process *p = process_current();

    return p ? p->fs : NULL;
}

static void current_ids(uint32_t *uid, uint32_t *gid)
{
    struct process *p = process_current();

    *uid = p ? p->credentials.fsuid : 0;
    *gid = p ? p->credentials.fsgid : 0;
}

static void current_caller(struct sysv_caller *caller)
{
    struct process *p = process_current();

    caller->uid = p ? p->credentials.euid : 0;
    caller->gid = p ? p->credentials.egid : 0;
    caller->pid = p ? p->pid : 0;
}

static struct ucred current_ucred(void)
{
    struct process *p = process_current();
    struct ucred c = { 0 };

    if (p)
        c = (struct ucred){ p->pid, p->credentials.euid, p->credentials.egid };
    return c;
}

static struct fd_table *current_files(void)
{
    struct process *p = process_current();

    return p ? p->files : NULL;
}

static uint64_t current_fd_limit(void)
{
    struct process *p = process_current();

    return p ? p->limits[RLIMIT_NOFILE].rlim_cur : 0;
}

static void with_thread(int32_t tid, void (*act)(struct thread *, void *),
                        void *argument)
{
    spin_lock(&process_tree_lock);
    act(thread_find_locked(tid), argument);
    spin_unlock(&process_tree_lock);
}

void hooks_init(void)
{
    vfs_current_context = current_context;
    vfs_current_ids = current_ids;
    unix_current_credentials = current_ucred;
    unix_init();
    fd_current_table = current_files;
    fd_current_limit = current_fd_limit;
    sysv_current_caller = current_caller;
    sysv_init();
    futex_with_thread = with_thread;
}
