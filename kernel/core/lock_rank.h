/*
 * core/lock_rank.h - the order in which locks nest, outermost first.
 *
 * A thread that holds a lock may take only locks of a higher rank.  Sleeping
 * locks (mutexes) come first: a spinlock holder never sleeps.  Two locks of
 * one rank are never held together, except where the line says how.
 */
#pragma once

enum lock_rank {
    /* Sleeping locks. */
    RANK_FILE_POS = 1,        /* struct file: offset, taken around read/write */
    RANK_RENAME,              /* vfs: one rename of directories at a time */
    RANK_INODE_DIR,           /* directory inode; parent before child */
    RANK_INODE,               /* regular inode: size and data consistency */
    RANK_TTY,                 /* line discipline readers take turns */
    RANK_PIPE,                /* pipe buffer: copied to user space without it */
    RANK_FILE_LOCK,           /* locks of all files; no other mutex inside */
    RANK_EVICTION,            /* pages chosen by who wants them to go */
    RANK_FORK,                /* address space copied: parent before child */
    RANK_ADDRESS_SPACE,       /* as->lock: page faults come while the above are
                           held only through *_nofault copies */
    RANK_ADDRESS_SPACE_CHILD, /* the child's, taken inside the parent's */
    RANK_SYSV, /* System V objects: the last unmapping ends a shared segment */
    RANK_RECLAIM,    /* choosing pages to go: other locks are only tried */
    RANK_MAPPING,    /* page cache index of one file */
    RANK_OOM,        /* choosing whom to kill when memory is out */
    RANK_TRACE,      /* settings of tracing, and its rings */
    RANK_FIRST_SPIN, /* those above sleep, those below spin */
    /* Spinlocks. */
    RANK_FD_TABLE,     /* descriptors -> files */
    RANK_SOCKET,       /* all Unix-domain sockets: states and queues */
    RANK_PROCESS_TREE, /* parents, children, groups, sessions, pid table */
    RANK_PROCESS,      /* one process: threads, limits, accounting */
    RANK_SIGNAL,       /* handlers and pending sets of one process */
    RANK_FS_LEAF,      /* small leaf locks of file systems */
    RANK_TTY_LINE,     /* line discipline, frames: echo inside it */
    RANK_DEVICE,       /* uart, tty buffers: taken in interrupts */
    RANK_CHANNEL,      /* input ring of the run channel */
    RANK_FAMILY,       /* members of a fork family; list of all spaces */
    RANK_SWAP_IO,      /* free requests of swap; who waits for pages */
    RANK_FUTEX,        /* who waits at the words of one hash value; two: in
                        the order of their addresses */
    RANK_FUTEX_PI,     /* owners of locks that pass priorities on */
    RANK_DISK,         /* requests of one disk: taken in interrupts */
    RANK_DISK_TRACE,   /* the ring of disk events: a leaf */
    RANK_VM_TRACE,     /* the ring of recorded references */
    RANK_WAIT_QUEUE,   /* waiters; inside it only a run queue is taken */
    RANK_TIMER,        /* software timers of one CPU */
    RANK_RUN_QUEUE,    /* ready threads of one CPU */
    RANK_KSTACK,       /* kernel stack slots, kernel page tables */
    RANK_SWAP,         /* swap areas, slots, swap cache */
    RANK_POOL,         /* which frames may be replaced, in which order */
    RANK_SLAB,         /* one object cache; takes frames inside */
    RANK_FRAME,        /* buddy free lists */
    RANK_TLB,          /* one shootdown request at a time */
    RANK_PRINTK,       /* the log is reachable from everywhere */
};
