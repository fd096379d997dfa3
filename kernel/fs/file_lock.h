/*
 * fs/file_lock.h - locks on files: flock() on the whole, fcntl() on ranges.
 */
#pragma once

#include "abi/fcntl.h"
#include "fs/file.h"

/* Last byte of a range "to the end of the file, however long it gets". */
#define FILE_LOCK_END ((uint64_t)INT64_MAX)

/* l_pid of a lock that an open file owns, not a process. */
#define FILE_LOCK_NO_PID (-1)

/* A lock on a range, or a request for one.  Its owner is the descriptor table
 * of a process or, for the F_OFD_ commands, the open file. */
struct file_lock {
    struct list_node link;     /* on its inode's list */
    struct list_node all_link; /* of all locks */
    struct inode *inode;       /* which has it; without reference */
    const void *owner;
    int32_t pid;         /* that asked for it, or FILE_LOCK_NO_PID */
    bool is_whole;       /* of flock() */
    short type;          /* F_RDLCK, F_WRLCK, F_UNLCK */
    uint64_t start, end; /* first and last byte */
};

void file_lock_init(void); /* boot */

/*
 * flock(): let the open file have its inode as F_RDLCK (shared), F_WRLCK
 * (alone) or F_UNLCK (not at all).  Going from one to the other gives up the
 * first in between, also where the second is refused.  `pid`: who asks.
 * Returns 0, -EAGAIN (not `wait`), -ERESTARTSYS, -ENOLCK.
 */
__must_check int file_lock_whole(struct file *file, short type, int32_t pid,
                                 bool wait);

/*
 * fcntl(): make the range of `want` what it says, for its owner: parts of its
 * older locks there are replaced, and neighbours of one type merged.  The older
 * locks stay until nobody else's is in the way.
 * Returns 0, -EAGAIN (not `wait`), -EDEADLK (processes would wait in a circle),
 * -ERESTARTSYS, -ENOLCK.
 */
__must_check int file_lock_set(struct inode *inode, struct file_lock *want,
                               bool wait);

/* Replace `want` by the first lock that stands in its way, or its type by
 * F_UNLCK if there is none. */
void file_lock_test(struct inode *inode, struct file_lock *want);

/* A descriptor of `table` for the file is closed: the locks that the process
 * has on the inode go, through whichever descriptor they came. */
void file_lock_closed(struct file *file, const struct fd_table *table);

/* The last reference to the open file goes, and with it what it owns. */
void file_lock_file_gone(struct file *file);

/* The inode is freed. */
void file_lock_inode_gone(struct inode *inode);

/* Call show for each lock, and after it with `waits` for each request that it
 * is in the way of.  Nothing may be locked in show.  Locks: takes locks_mutex. */
void file_lock_for_each(void (*show)(const struct file_lock *lock, bool waits,
                                     void *arg),
                        void *arg);
