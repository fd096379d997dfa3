/*
 * fs/file_lock.c - locks on files, which bind only those who ask for them.
 *
 * 1 Idea.  An inode that was ever locked has two lists: locks of flock(), each
 *   on the whole file, and locks of fcntl() on ranges of bytes.  The two kinds
 *   do not see each other.  Locks of two owners conflict if their ranges meet
 *   and one of them is a write lock.  The owner is what makes the kinds
 *   differ: flock() and the F_OFD_ commands lock for the open file, which
 *   fork() and dup() share, and which ends with its last close; the other
 *   commands of fcntl() for the descriptor table, that is for the process:
 *   fork() copies the table, so a child has none of these locks.
 * 2 Invariants.  Ranges of one owner on one inode never overlap, and those of
 *   one type do not touch.  Two locks of different owners never conflict.
 *   An owner has the file open for as long as it has a lock: closing any
 *   descriptor of a process takes all its ranges on that inode (POSIX says so;
 *   it surprises libraries that open a file which their caller has locked).
 * 3 Waiting.  A sleeper waits on its inode's queue until no conflict is left,
 *   and is woken when a lock is given up or becomes a read lock.  Before it
 *   sleeps for a process, would_deadlock() follows who waits for whom: edges
 *   are not stored, but found from the lists, so they are never out of date.
 *   A circle can only be closed by someone who begins to wait, so looking then
 *   is enough.  A loop through flock() or F_OFD_ locks is not found, as on
 *   Linux: an open file does not wait, and may have several processes.
 * 4 Locking.  locks_mutex for everything here, since a circle may lead over
 *   many files; it is held for a look at short lists.  inode->locks is made
 *   once and freed with the inode; closing looks at it without the lock, so
 *   that files never locked cost nothing.  A lock set while another thread
 *   closes the descriptor is taken back by the system call, which looks again.
 * 5 Failure.  What a change needs is allocated first; FILE_LOCKS_MAX bounds
 *   how much memory locks can take.
 * 6 Elsewhere.  Linux has a lock for each inode and another for the waiters,
 *   and keeps for each waiter the lock it waits for.
 *
 * Locks: see 4.  Next: syscall/sys_lock.c.
 */
#include "fs/file_lock.h"

#include "abi/errno.h"
#include "core/panic.h"
#include "core/restart.h"
#include "mem/slab.h"
#include "sched/wait.h"

enum { FILE_LOCKS_MAX = 65536 }; /* of the whole system */

/* Lock key: [M] locks_mutex */
struct file_locks {
    struct list_node wholes;   /* [M] of flock() */
    struct list_node ranges;   /* [M] of fcntl() */
    struct wait_queue changed; /* sleepers of both kinds */
};

/* Who sleeps for a lock.  Lock key: [I] while it sleeps  [M] */
struct lock_waiter {
    struct list_node link;               /* [M] in waiting */
    const struct list_node *list;        /* [I] it wants to be on */
    const struct file_lock *want;        /* [I] */
    enum { UNSEEN, REACHED, DONE } mark; /* [M] for would_deadlock */
};

static struct mutex locks_mutex;
static struct list_node waiting = LIST_INIT(waiting);     /* [M] lock_waiters */
static struct list_node all_locks = LIST_INIT(all_locks); /* [M] */
static uint32_t lock_count;                               /* [M] */
static struct slab_cache lock_cache;

void file_lock_init(void)
{
    mutex_init(&locks_mutex, "file_locks", RANK_FILE_LOCK);
    slab_cache_init(&lock_cache, "file_lock", sizeof(struct file_lock));
}

/* The lists of an inode, made on first use; NULL: no memory. */
static struct file_locks *locks_of(struct inode *inode) MUST_HOLD(locks_mutex)
{
    struct file_locks *locks = inode->locks;

    if (locks)
        return locks;
    locks = kmalloc(sizeof(*locks));
    if (!locks)
        return NULL;
    list_init(&locks->wholes);
    list_init(&locks->ranges);
    wait_queue_init(&locks->changed);
    __atomic_store_n(&inode->locks, locks, __ATOMIC_RELEASE);
    return locks;
}

static struct file_lock *lock_create(void) MUST_HOLD(locks_mutex)
{
    struct file_lock *lock = NULL;

    if (lock_count < FILE_LOCKS_MAX)
        lock = slab_alloc(&lock_cache);
    if (lock)
        lock_count++;
    return lock;
}

static void lock_free(struct file_lock *lock) MUST_HOLD(locks_mutex)
{
    slab_free(&lock_cache, lock);
    lock_count--;
}

static void lock_add(struct list_node *list, struct file_lock *lock)
    MUST_HOLD(locks_mutex)
{
    list_add_tail(list, &lock->link);
    list_add_tail(&all_locks, &lock->all_link);
}

static void lock_remove(struct file_lock *lock) MUST_HOLD(locks_mutex)
{
    list_remove(&lock->link);
    list_remove(&lock->all_link);
    lock_free(lock);
}

/* ---- conflicts --------------------------------------------------------- */

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
    return a->start <= b->end && b->start <= a->end;
}

/* Overlap, or nothing between them. */
static bool touch(const struct file_lock *a, const struct file_lock *b)
{
    return a->start <= b->end + 1 && b->start <= a->end + 1;
}

static bool conflict(const struct file_lock *a, const struct file_lock *b)
{
    return a->owner != b->owner && overlap(a, b) &&
           (a->type == F_WRLCK || b->type == F_WRLCK);
}

/* The first lock, by start, that stands in the way of `want`, or NULL. */
static struct file_lock *find_conflict(const struct list_node *list,
                                       const struct file_lock *want)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock, *first = NULL;

    list_for_each (lock, list, link)
        if (conflict(lock, want) && (!first || lock->start < first->start))
            first = lock;
    return first;
}

/* ---- deadlock ---------------------------------------------------------- */

/* Locks of open files have no process that could be waited for. */
static bool is_of_process(const struct file_lock *lock)
{
    return !lock->is_whole && lock->pid != FILE_LOCK_NO_PID;
}

/* Mark those who wait and own locks in the way of `want`; true if `owner` has
 * one itself. */
static bool reach_blockers(const struct list_node *list,
                           const struct file_lock *want, const void *owner)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock;
    struct lock_waiter *other;

    list_for_each (lock, list, link) {
        if (!conflict(lock, want))
            continue;
        if (lock->owner == owner)
            return true;
        list_for_each (other, &waiting, link)
            if (is_of_process(other->want) &&
                other->want->owner == lock->owner && other->mark == UNSEEN)
                other->mark = REACHED;
    }
    return false;
}

/* Would the owner of `want`, waiting for it, in the end wait for itself? */
static bool would_deadlock(const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct lock_waiter *waiter;
    bool found = true;

    list_for_each (waiter, &waiting, link)
        waiter->mark = UNSEEN;
    reach_blockers(list, want, want->owner);
    while (found) {
        found = false;
        list_for_each (waiter, &waiting, link) {
            if (waiter->mark != REACHED)
                continue;
            waiter->mark = DONE;
            found = true;
            if (reach_blockers(waiter->list, waiter->want, want->owner))
                return true;
        }
    }
    return false;
}

/* Sleep until nothing stands in the way of `want` on `list`: 0, -EDEADLK,
 * -ERESTARTSYS. */
static int wait_until_free(struct file_locks *locks,
                           const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct lock_waiter waiter = { .list = list, .want = want };

    if (is_of_process(want) && would_deadlock(list, want))
        return -EDEADLK;
    list_add_tail(&waiting, &waiter.link);
    int err = wait_event(&locks->changed, !find_conflict(list, want),
                         &locks_mutex, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    list_remove(&waiter.link);
    return err == 0 ? 0 : -ERESTARTSYS;
}

/* ---- changing ---------------------------------------------------------- */

/* A lock of the same owner that goes on at both sides of `want`, and is of
 * another type: it will be two. */
static struct file_lock *find_around(const struct list_node *list,
                                     const struct file_lock *want)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock;

    list_for_each (lock, list, link)
        if (lock->owner == want->owner && lock->type != want->type &&
            lock->start < want->start && lock->end > want->end)
            return lock;
    return NULL;
}

/* Take the range of `want` out of its owner's locks of other types, none of
 * which goes on at both sides; swallow those of its own type that touch. */
static void clear_range(struct list_node *list, struct file_lock *want)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock, *next;

    list_for_each_safe (lock, next, list, link) {
        if (lock->owner != want->owner)
            continue;
        if (lock->type == want->type) {
            if (!touch(lock, want))
                continue;
            want->start = MIN(want->start, lock->start);
            want->end = MAX(want->end, lock->end);
            lock_remove(lock);
        } else if (overlap(lock, want)) {
            if (lock->start < want->start)
                lock->end = want->start - 1;
            else if (lock->end > want->end)
                lock->start = want->end + 1;
            else
                lock_remove(lock);
        }
    }
}

/* Make the range what `want` says; nothing is in the way.  0 or -ENOLCK. */
static int replace(struct file_locks *locks, struct list_node *list,
                   const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct file_lock *around = find_around(list, want);
    struct file_lock *right = around ? lock_create() : NULL;
    struct file_lock *fresh = NULL, change = *want;

    if (around && !right)
        return -ENOLCK;
    if (want->type != F_UNLCK && !(fresh = lock_create())) {
        if (right)
            lock_free(right);
        return -ENOLCK;
    }
    if (around) {
        *right = *around;
        right->start = want->end + 1;
        around->end = want->end;
        lock_add(list, right);
    }
    clear_range(list, &change);
    if (fresh) {
        *fresh = change;
        lock_add(list, fresh);
    }
    if (want->type != F_WRLCK)
        wake_up_all(&locks->changed);
    return 0;
}

/* Wait if that is needed and wanted, then change. */
static int change_lock(struct file_locks *locks, struct list_node *list,
                       const struct file_lock *want, bool wait)
    MUST_HOLD(locks_mutex)
{
    if (want->type != F_UNLCK && find_conflict(list, want)) {
        if (!wait)
            return -EAGAIN;
        int err = wait_until_free(locks, list, want);
        if (err != 0)
            return err;
    }
    return replace(locks, list, want);
}

int file_lock_set(struct inode *inode, struct file_lock *want, bool wait)
{
    want->inode = inode;
    want->is_whole = false;
    mutex_lock(&locks_mutex);
    struct file_locks *locks = locks_of(inode);
    int err = locks ? change_lock(locks, &locks->ranges, want, wait) : -ENOLCK;
    mutex_unlock(&locks_mutex);
    return err;
}

void file_lock_test(struct inode *inode, struct file_lock *want)
{
    mutex_lock(&locks_mutex);
    struct file_lock *found =
        inode->locks ? find_conflict(&inode->locks->ranges, want) : NULL;
    if (found)
        *want = *found;
    else
        want->type = F_UNLCK;
    mutex_unlock(&locks_mutex);
}

/* Remove what `owner` has on `list`. */
static void drop_owner(struct file_locks *locks, struct list_node *list,
                       const void *owner) MUST_HOLD(locks_mutex)
{
    struct file_lock *lock, *next;
    bool removed = false;

    list_for_each_safe (lock, next, list, link) {
        if (lock->owner != owner)
            continue;
        lock_remove(lock);
        removed = true;
    }
    if (removed)
        wake_up_all(&locks->changed);
}

/* Does the file have a flock() lock of this type? */
static bool has_whole(const struct file_locks *locks, const struct file *file,
                      short type) MUST_HOLD(locks_mutex)
{
    struct file_lock *lock;

    list_for_each (lock, &locks->wholes, link)
        if (lock->owner == file)
            return lock->type == type;
    return false;
}

int file_lock_whole(struct file *file, short type, int32_t pid, bool wait)
{
    struct file_lock want = { .inode = file->inode,
                              .owner = file,
                              .pid = pid,
                              .is_whole = true,
                              .type = type,
                              .end = FILE_LOCK_END };
    int err = 0;

    mutex_lock(&locks_mutex);
    struct file_locks *locks = locks_of(file->inode);
    if (!locks) {
        err = -ENOLCK;
    } else if (!has_whole(locks, file, type)) {
        drop_owner(locks, &locks->wholes, file);
        if (type != F_UNLCK)
            err = change_lock(locks, &locks->wholes, &want, wait);
    }
    mutex_unlock(&locks_mutex);
    return err;
}

/* ---- the end of owners ------------------------------------------------- */

static bool ever_locked(const struct file *file)
{
    return file->inode &&
           __atomic_load_n(&file->inode->locks, __ATOMIC_ACQUIRE);
}

void file_lock_closed(struct file *file, const struct fd_table *table)
{
    if (!ever_locked(file))
        return;
    mutex_lock(&locks_mutex);
    struct file_locks *locks = file->inode->locks;
    drop_owner(locks, &locks->ranges, table);
    mutex_unlock(&locks_mutex);
}

void file_lock_file_gone(struct file *file)
{
    if (!ever_locked(file))
        return;
    mutex_lock(&locks_mutex);
    struct file_locks *locks = file->inode->locks;
    drop_owner(locks, &locks->ranges, file);
    drop_owner(locks, &locks->wholes, file);
    mutex_unlock(&locks_mutex);
}

void file_lock_inode_gone(struct inode *inode)
{
    assert(!inode->locks || (list_is_empty(&inode->locks->ranges) &&
                             list_is_empty(&inode->locks->wholes)));
    kfree(inode->locks);
}

/* ---- telling ----------------------------------------------------------- */

void file_lock_for_each(void (*show)(const struct file_lock *lock, bool waits,
                                     void *arg),
                        void *arg)
{
    struct file_lock *lock;
    struct lock_waiter *waiter;

    mutex_lock(&locks_mutex);
    list_for_each (lock, &all_locks, all_link) {
        show(lock, false, arg);
        list_for_each (waiter, &waiting, link)
            if (find_conflict(waiter->list, waiter->want) == lock)
                show(waiter->want, true, arg);
    }
    mutex_unlock(&locks_mutex);
}
