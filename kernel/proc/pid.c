/*
 * proc/pid.c - allocation and lookup of process numbers.
 *
 * Idea:  a bitmap says which numbers are taken, a hash table finds the entry of
 *        a taken one.  The search for a free number starts behind the last one
 *        given and wraps to PID_FIRST_AFTER_WRAP, leaving the low numbers to
 *        what was started at boot.
 * Locks: process_tree_lock guards everything here.
 * Next:  proc/process.c, proc/group.c.
 */
#include "proc/pid.h"

#include "abi/errno.h"
#include "base/bitmap.h"
#include "mem/slab.h"

enum { PID_HASH_BUCKETS = 256, PID_FIRST_AFTER_WRAP = 300 };

static uint64_t taken[BITMAP_WORDS(CONFIG_PID_MAX)]; /* [T] */
static int32_t last_given;                           /* [T] */
static unsigned count;                               /* [T] */
static uint64_t given;                               /* [T] since boot */
static struct list_node buckets[PID_HASH_BUCKETS];   /* [T] */
static struct slab_cache pid_cache;

/* Group and session of pid 1 until it makes its own; nobody's number. */
struct pid pid_zero = { .refs = 1,
                        .group = LIST_INIT(pid_zero.group),
                        .session = LIST_INIT(pid_zero.session) };

static struct list_node *bucket_of(int32_t number)
{
    return &buckets[(uint32_t)number % PID_HASH_BUCKETS];
}

void pid_init(void)
{
    slab_cache_init(&pid_cache, "pid", sizeof(struct pid));
    for (unsigned i = 0; i < PID_HASH_BUCKETS; i++)
        list_init(&buckets[i]);
    bitmap_set(taken, 0); /* kill(0) and wait(0) mean something else */
    list_add_head(bucket_of(0), &pid_zero.hash_link);
}

/* A free number, marked as taken, or -1. */
static int32_t take_number_locked(void) MUST_HOLD(process_tree_lock);
static int32_t take_number_locked(void)
{
    size_t number = bitmap_find_first_zero_from(taken, CONFIG_PID_MAX,
                                                (size_t)last_given + 1);
    if (number >= CONFIG_PID_MAX)
        number = bitmap_find_first_zero_from(taken, CONFIG_PID_MAX,
                                             PID_FIRST_AFTER_WRAP);
    if (number >= CONFIG_PID_MAX)
        return -1;
    bitmap_set(taken, number);
    last_given = (int32_t)number;
    count++;
    given++;
    return last_given;
}

int pid_alloc(struct pid **out)
{
    struct pid *pid = slab_alloc(&pid_cache);

    *out = NULL;
    if (!pid)
        return -ENOMEM;
    pid->refs = 1;
    pid->process = NULL;
    pid->thread = NULL;
    list_init(&pid->group);
    list_init(&pid->session);
    spin_lock(&process_tree_lock);
    pid->number = take_number_locked();
    if (pid->number >= 0)
        list_add_head(bucket_of(pid->number), &pid->hash_link);
    spin_unlock(&process_tree_lock);
    if (pid->number < 0) {
        slab_free(&pid_cache, pid);
        return -EAGAIN;
    }
    *out = pid;
    return 0;
}

struct pid *pid_find_locked(int32_t number)
{
    struct pid *pid;

    list_for_each (pid, bucket_of(number), hash_link)
        if (pid->number == number)
            return pid;
    return NULL;
}

struct thread *thread_find_locked(int32_t tid)
{
    struct pid *pid = pid_find_locked(tid);

    if (!pid)
        return NULL;
    return pid->process ? pid->process->leader : pid->thread;
}

void pid_put_locked(struct pid *pid)
{
    assert(pid->refs > 0);
    if (--pid->refs > 0)
        return;
    assert(list_is_empty(&pid->group) && list_is_empty(&pid->session));
    list_remove(&pid->hash_link);
    bitmap_clear(taken, (size_t)pid->number);
    count--;
    slab_free(&pid_cache, pid);
}

void pid_put(struct pid *pid)
{
    spin_lock(&process_tree_lock);
    pid_put_locked(pid);
    spin_unlock(&process_tree_lock);
}

unsigned pid_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

uint64_t pid_given(int32_t *last)
{
    *last = __atomic_load_n(&last_given, __ATOMIC_RELAXED);
    return __atomic_load_n(&given, __ATOMIC_RELAXED);
}
