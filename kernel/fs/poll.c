/*
 * fs/poll.c - waiting on several files: what poll() and select() share.
 *
 * 1 Idea      Look at all files, standing on the queues of each on the way; if
 *             none is ready, sleep until one of the queues is woken; leave all
 *             queues and look again.
 * 2 States    A table's entries are the places on queues.  Each holds a
 *             reference on its file, so the queue stays while it is used.
 * 3 Locking   The woken flag makes up for the lock that wait_event() would
 *             have: it is cleared before the look, set by a waker, and tested
 *             after the thread is marked as going to sleep.  So a wake-up
 *             after a file was looked at ends the sleep that follows.
 * 4 Failure   No memory for an entry ends the call with ENOMEM; a few are
 *             part of the table, on the stack.
 * 5 Elsewhere The cost is one look at everything per wake-up; that is why
 *             Linux has epoll.
 */
#include "fs/poll.h"

#include "abi/errno.h"
#include "abi/poll.h"
#include "fs/file.h"
#include "mem/slab.h"
#include "sched/sched.h"

enum { INLINE_ENTRIES = 6, CHUNK_ENTRIES = 40 };

/* One place on one queue. */
struct poll_entry {
    struct waiter waiter;
    struct poll_table *table;
    struct file *file; /* with reference */
};

struct poll_chunk {
    struct poll_chunk *next;
    unsigned used;
    struct poll_entry entries[CHUNK_ENTRIES];
};

/* Lock key: [S] the polling thread only  [a] atomic */
struct poll_table {
    bool woken;                /* [a] a queue was woken since the last look */
    int error;                 /* [S] -ENOMEM, or 0 */
    struct thread *thread;     /* [I] */
    struct file *file;         /* [S] being looked at */
    unsigned used;             /* [S] inline entries */
    struct poll_chunk *chunks; /* [S] more of them, the newest first */
    struct poll_entry entries[INLINE_ENTRIES]; /* [S] */
};

/* A queue was woken.  Context: its lock is held. */
static void poll_wake(struct waiter *waiter)
{
    struct poll_table *table =
        container_of(waiter, struct poll_entry, waiter)->table;

    __atomic_store_n(&table->woken, true, __ATOMIC_SEQ_CST);
    sched_wake(table->thread);
}

static struct poll_entry *entry_alloc(struct poll_table *table)
{
    struct poll_chunk *chunk = table->chunks;

    if (table->used < INLINE_ENTRIES)
        return &table->entries[table->used++];
    if (!chunk || chunk->used == CHUNK_ENTRIES) {
        chunk = kmalloc(sizeof(*chunk));
        if (!chunk)
            return NULL;
        chunk->next = table->chunks;
        chunk->used = 0;
        table->chunks = chunk;
    }
    return &chunk->entries[chunk->used++];
}

void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
    if (!table)
        return;
    struct poll_entry *entry = entry_alloc(table);
    if (!entry) {
        table->error = -ENOMEM;
        return;
    }
    waiter_init(&entry->waiter);
    entry->waiter.wake = poll_wake;
    entry->table = table;
    entry->file = file_get(table->file);
    wait_enqueue(queue, &entry->waiter);
}

static void leave_queues(struct poll_entry *entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        wait_finish(&entries[i].waiter);
        file_put(entries[i].file);
    }
}

static void leave_all_queues(struct poll_table *table)
{
    struct poll_chunk *chunk;

    leave_queues(table->entries, table->used);
    table->used = 0;
    while ((chunk = table->chunks) != NULL) {
        leave_queues(chunk->entries, chunk->used);
        table->chunks = chunk->next;
        kfree(chunk);
    }
}

unsigned poll_descriptor(int fd, unsigned wanted, struct poll_table *table)
{
    struct file *file = fd_get(fd);
    unsigned events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

    if (!file || (file->flags & O_PATH)) {
        events = POLLNVAL;
    } else if (file->ops->poll) {
        if (table)
            table->file = file;
        events = file->ops->poll(file, table);
    }
    if (file)
        file_put(file);
    return events & (wanted | POLLERR | POLLHUP | POLLNVAL);
}

/* Sleep until a queue is woken.  0, -EINTR, -ETIMEDOUT. */
static int poll_sleep(struct poll_table *table, uint64_t deadline)
{
    struct waiter self;

    waiter_init(&self);
    int err = wait_prepare(NULL, &self, WAIT_INTERRUPTIBLE, deadline);
    if (__atomic_load_n(&table->woken, __ATOMIC_SEQ_CST))
        err = 0;
    else if (err == 0)
        wait_sleep(&self, deadline);
    wait_finish(&self);
    return err;
}

int poll_until(int (*scan)(void *set, struct poll_table *table), void *set,
               uint64_t deadline)
{
    struct poll_table table = { .thread = thread_current() };
    int err = 0;

    if (deadline == 0)
        return scan(set, NULL);
    for (;;) {
        __atomic_store_n(&table.woken, false, __ATOMIC_SEQ_CST);
        int ready = scan(set, &table);
        if (ready == 0 && table.error == 0 && err == 0)
            err = poll_sleep(&table, deadline);
        else if (ready == 0)
            ready = table.error != 0 ? table.error : err;
        leave_all_queues(&table);
        if (ready != 0)
            return ready == -ETIMEDOUT ? 0 : ready;
    }
}
