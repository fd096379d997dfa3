/*
 * proc/procfs_locks.c - /proc/locks: who has locked which files, and who waits.
 *
 * Idea:   Linux's format.  A request that waits stands below the lock that is
 *         in its way, with the same number and an arrow.
 * Locks:  none of its own; file_lock_for_each takes one.
 * Next:   fs/file_lock.c.
 */
#include "fs/file_lock.h"
#include "fs/vfs.h"
#include "proc/procfs.h"

struct listing {
    struct text *out;
    unsigned number; /* of the lock shown last */
};

static const char *kind_of(const struct file_lock *lock)
{
    if (lock->is_whole)
        return "FLOCK  ADVISORY  ";
    return lock->pid == FILE_LOCK_NO_PID ? "OFDLCK ADVISORY  "
                                         : "POSIX  ADVISORY  ";
}

static void show_lock(const struct file_lock *lock, bool waits, void *arg)
{
    struct listing *listing = arg;
    const struct inode *inode = lock->inode;

    if (!waits)
        listing->number++;
    text_printf(listing->out, "%u: %s%s%s %d %02lx:%02lx:%lu %lu ",
                listing->number, waits ? "-> " : "", kind_of(lock),
                lock->type == F_WRLCK ? "WRITE" : "READ", lock->pid,
                inode->dev >> 8, inode->dev & 0xff, inode->ino, lock->start);
    if (lock->end == FILE_LOCK_END)
        text_printf(listing->out, "EOF\n");
    else
        text_printf(listing->out, "%lu\n", lock->end);
}

int proc_show_locks(const struct proc_ref *ref, struct text *out)
{
    struct listing listing = { .out = out };

    file_lock_for_each(show_lock, &listing);
    return 0;
}
