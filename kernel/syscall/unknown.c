/*
 * syscall/unknown.c - system calls that are not there: a line in the log.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "core/printk.h"
#include "sched/thread.h"
#include "syscall/syscalls.h"

enum { UNKNOWN_LOGGED_MAX = 64 };

/* One log line per program and number; the set is small and lossy: when it is
 * full, older ones are forgotten. */
int64_t syscall_unknown(uint64_t number)
{
    static struct {
        char name[16];
        uint64_t number;
    } logged[UNKNOWN_LOGGED_MAX];
    static unsigned next;
    static struct spinlock lock = SPINLOCK_INIT("unknown calls", RANK_FS_LEAF);
    const struct thread *t = thread_current();
    bool seen = false;

    spin_lock(&lock);
    for (unsigned i = 0; i < UNKNOWN_LOGGED_MAX && !seen; i++)
        seen = logged[i].number == number + 1 &&
               strcmp(logged[i].name, t->name) == 0;
    if (!seen) {
        unsigned slot = next++ % UNKNOWN_LOGGED_MAX;
        logged[slot].number = number + 1;
        strlcpy(logged[slot].name, t->name, sizeof(logged[slot].name));
    }
    spin_unlock(&lock);
    if (!seen)
        printk("%s[%d]: unknown system call %ld\n", t->name, t->tid,
               (int64_t)number);
    return -ENOSYS;
}
