/*
 * proc/process.c - the process table: making, linking and freeing processes.
 *
 * 1 Idea      A process is what fork makes and wait reaps.  It refers to counted
 *             objects (address space, descriptor table, fs context, handlers),
 *             which clone's flags may share, and to its threads, which sched/
 *             runs without knowing processes.
 * 2 States    NEW while being put together, known to nobody; ALIVE from
 *             process_link_locked(); ZOMBIE when its last thread has given
 *             everything up but thread structure, number and accounting;
 *             freed by whoever reaps it.  The textbook's further states are
 *             derived from the threads: process_facts.c.  How threads come and
 *             go is told in threads.c.
 * 3 Locking   process_tree_lock guards parents, children, lists and numbers, and
 *             keeps every process found under it from being freed.  It nests
 *             outside process->lock and process->signal_lock.  A zombie's
 *             thread may still be leaving its stack on another CPU:
 *             thread_destroy() waits for that.
 * 4 Failure   Everything that can fail comes before process_link_locked().
 * 5 Elsewhere Linux has no process structure: threads that share a
 *             signal_struct and a tgid are what we call one.
 *
 * Next: fork.c, exec.c, exit.c, wait.c in this folder, in that order.
 */
#include "proc/process.h"

#include "base/string.h"
#include "mem/slab.h"
#include "proc/group.h"
#include "proc/hooks.h"
#include "proc/itimer.h"
#include "proc/limits.h"
#include "proc/oom.h"
#include "proc/pid.h"
#include "proc/ptrace.h"
#include "proc/threads.h"
#include "x86/clock.h"

struct spinlock process_tree_lock =
    SPINLOCK_INIT("process tree", RANK_PROCESS_TREE);
struct list_node process_list = LIST_INIT(process_list);
struct process *init_process;

static struct slab_cache process_cache;

void process_init(void)
{
    slab_cache_init(&process_cache, "process", sizeof(struct process));
    pid_init();
    signal_init();
    group_init();
    itimer_boot();
    oom_init();
    ptrace_init();
    limits_init();
    hooks_init();
}

struct process *process_alloc(const struct process *model)
{
    struct process *p = slab_alloc_zeroed(&process_cache);

    if (!p)
        return NULL;
    list_init(&p->children);
    list_init(&p->sibling_link);
    list_init(&p->group_link);
    list_init(&p->session_link);
    list_init(&p->all_link);
    list_init(&p->threads);
    list_init(&p->departed);
    list_init(&p->tracees);
    wait_queue_init(&p->thread_left);
    wait_queue_init(&p->child_exited);
    wait_queue_init(&p->continued);
    wait_queue_init(&p->resumed);
    spinlock_init(&p->lock, "process", RANK_PROCESS);
    spinlock_init(&p->signal_lock, "signals", RANK_SIGNAL);
    itimer_init(p);
    p->life = PROCESS_NEW;
    p->exit_signal = SIGCHLD;
    p->start_ns = clock_now_ns();
    if (model) {
        p->credentials = model->credentials;
        memcpy(p->limits, model->limits, sizeof(p->limits));
        memcpy(p->name, model->name, sizeof(p->name));
        oom_inherit(p, model);
        p->undumpable = model->undumpable;
    } else {
        memcpy(p->limits, limits_default, sizeof(p->limits));
    }
    return p;
}

/* Take `*field`, leaving NULL, so that no one else finds it any more. */
static void *detach_part(struct process *p, void *field)
{
    void **part = field;

    spin_lock(&p->lock);
    void *taken = *part;
    *part = NULL;
    spin_unlock(&p->lock);
    return taken;
}

static void release_files(struct process *p)
{
    struct fd_table *files = detach_part(p, &p->files);
    struct fs_context *fs = detach_part(p, &p->fs);
    struct inode *executable = detach_part(p, &p->executable);

    if (files)
        fd_table_put(files);
    if (fs)
        fs_context_put(fs);
    if (executable)
        vfs_exec_close(executable);
}

void process_release_parts(struct process *p)
{
    struct address_space *space;

    assert(p == process_current());
    p->peak_rss = MAX(p->peak_rss, as_peak_rss(p->space));
    space = detach_part(p, &p->space);
    /* The CPU keeps the tables loaded until as_put() or another thread makes
     * it load others; nothing user is touched from here on. */
    thread_current()->space = NULL;
    process_release_vfork(p);
    as_put(space);
    release_files(p);
}

void process_free(struct process *p)
{
    struct thread *t, *next;

    signal_flush(p);
    threads_free_departed(p);
    list_for_each_safe (t, next, &p->threads, process_link)
        thread_destroy(t);
    if (p->space)
        as_put(p->space);
    release_files(p);
    if (p->handlers)
        signal_handlers_put(p->handlers);
    slab_free(&process_cache, p);
}

void process_adopt_thread(struct process *p, struct thread *t)
{
    assert(p->thread_count == 0);
    t->process = p;
    t->space = p->space;
    list_add_tail(&p->threads, &t->process_link);
    p->thread_count = 1;
    p->leader = t;
}

void process_link_locked(struct process *p, struct pid *pid,
                         struct process *parent)
{
    p->pid_entry = pid;
    p->pid = pid->number;
    p->leader->tid = pid->number;
    pid->process = p;
    p->parent = parent;
    p->parent_pid = parent ? parent->pid : 0;
    p->parent_tid = parent ? thread_current()->tid : 0;
    if (parent) {
        list_add_tail(&parent->children, &p->sibling_link);
        p->group = pid_get_locked(parent->group);
        p->session_entry = pid_get_locked(parent->session_entry);
        p->terminal = parent->terminal;
    } else {
        p->group = pid_get_locked(&pid_zero);
        p->session_entry = pid_get_locked(&pid_zero);
    }
    list_add_tail(&p->group->group, &p->group_link);
    list_add_tail(&p->session_entry->session, &p->session_link);
    list_add_tail(&process_list, &p->all_link);
    p->life = PROCESS_ALIVE;
}

void process_unlink_locked(struct process *p)
{
    assert_eq(p->life, PROCESS_ZOMBIE);
    ptrace_forget_locked(p->leader);
    list_remove(&p->sibling_link);
    list_remove(&p->group_link);
    list_remove(&p->session_link);
    list_remove(&p->all_link);
    p->pid_entry->process = NULL;
    pid_put_locked(p->group);
    pid_put_locked(p->session_entry);
    pid_put_locked(p->pid_entry);
}

void process_release_vfork(struct process *p)
{
    if (!p->vfork_waiting)
        return;
    spin_lock(&process_tree_lock);
    p->vfork_waiting = false;
    wake_up_all(&p->parent->child_exited);
    spin_unlock(&process_tree_lock);
}

struct process *process_find_locked(int32_t pid)
{
    struct pid *entry = pid_find_locked(pid);

    return entry ? entry->process : NULL;
}

int32_t process_group_of(const struct process *p)
{
    return p->group->number;
}

int32_t process_session_of(const struct process *p)
{
    return p->session_entry->number;
}

struct address_space *process_get_space(struct process *p)
{
    spin_lock(&p->lock);
    struct address_space *space = p->space ? as_get(p->space) : NULL;
    spin_unlock(&p->lock);
    return space;
}

struct fd_table *process_get_files(struct process *p)
{
    spin_lock(&p->lock);
    struct fd_table *files = p->files ? fd_table_borrow(p->files) : NULL;
    spin_unlock(&p->lock);
    return files;
}
