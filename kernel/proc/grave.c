/*
 * proc/grave.c - zombies that nobody waits for: a kernel thread frees them.
 *
 * Idea:  the last thread of a process cannot free the stack it stands on, and an
 *        interrupt or another process that ends must not wait for it.
 * Locks: process_tree_lock for the list.
 */
#include "proc/grave.h"

#include "core/panic.h"
#include "proc/process.h"

/* Dead processes that no parent reaps. */
static struct list_node graves = LIST_INIT(graves); /* [T] by sibling_link */
static struct wait_queue graves_filled;

static struct process *take_grave_locked(void) MUST_HOLD(process_tree_lock);
static struct process *take_grave_locked(void)
{
    if (list_is_empty(&graves))
        return NULL;
    struct process *p = list_first_entry(&graves, struct process, sibling_link);
    list_remove(&p->sibling_link);
    return p;
}

static void dig_graves(void *unused)
{
    for (;;) {
        spin_lock(&process_tree_lock);
        /* Uninterruptible: kernel threads get no signals. */
        (void)wait_event(&graves_filled, !list_is_empty(&graves),
                         &process_tree_lock, WAIT_UNINTERRUPTIBLE,
                         WAIT_FOREVER);
        struct process *p = take_grave_locked();
        spin_unlock(&process_tree_lock);
        process_free(p);
    }
}

void grave_start_digger(void)
{
    wait_queue_init(&graves_filled);
    if (!thread_create_kernel("grave-digger", dig_graves, NULL))
        panic("no memory for the grave digger");
}

void grave_add_locked(struct process *p)
{
    process_unlink_locked(p);
    list_add_tail(&graves, &p->sibling_link);
    wake_up_all(&graves_filled);
}
