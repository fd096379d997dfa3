/*
 * proc/procfs_dir.c - finding and listing names in /proc.
 *
 * Idea:   a directory has the names of its table and, by its kind, numbers:
 *         processes, threads or descriptors.  A listing shows the table first,
 *         then the numbers in rising order; the position of number n is
 *         DYNAMIC_OFFSET + n, so that a listing in several calls misses nothing
 *         that stays, whatever comes and goes meanwhile.
 * Locks:  process_tree_lock, inside it process->lock.
 */
#include "abi/dirent.h"
#include "abi/errno.h"
#include "base/format.h"
#include "base/string.h"
#include "proc/pid.h"
#include "proc/procfs.h"
#include "sched/sched.h"

enum {
    NUMBER_TEXT = 12,      /* room for a 32-bit number */
    DYNAMIC_OFFSET = 1024, /* readdir position of number 0 */
};

const struct proc_entry proc_process_entry = {
    .name = "", /* its number */
    .mode = S_IFDIR | 0555,
    .children = proc_process_entries,
};
const struct proc_entry proc_thread_entry = {
    .name = "", /* its number */
    .mode = S_IFDIR | 0555,
    .children = proc_thread_entries,
};

static bool has_thread(struct process *p, int32_t tid)
{
    struct thread *t;
    bool found = false;

    spin_lock(&p->lock);
    list_for_each (t, &p->threads, process_link)
        found |= t->tid == tid;
    spin_unlock(&p->lock);
    return found;
}

/* Descriptor table of the process meant, with a reference, or NULL. */
static struct fd_table *ref_files(const struct proc_ref *ref)
{
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    struct fd_table *files = p ? process_get_files(p) : NULL;
    spin_unlock(&process_tree_lock);
    return files;
}

static bool has_fd(const struct proc_ref *ref, int fd)
{
    struct fd_table *files = ref_files(ref);
    bool found = files && fd_table_next(files, fd) == fd;

    if (files)
        fd_table_return(files);
    return found;
}

/* ---- lookup -------------------------------------------------------------- */

/* As on Linux a thread's number is found, too, though it is not listed: what is
 * there tells of the thread in `stat` and `status`, else of its process. */
static int lookup_pid(struct proc_ref *ref, int32_t number)
{
    spin_lock(&process_tree_lock);
    const struct thread *t = thread_find_locked(number);
    if (t) {
        ref->entry = &proc_process_entry;
        ref->pid = t->process->pid;
        ref->tid = number == ref->pid ? 0 : number;
        ref->start_ns = t->process->start_ns;
    }
    spin_unlock(&process_tree_lock);
    return t ? 0 : -ENOENT;
}

static int lookup_tid(struct proc_ref *ref, int32_t number)
{
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    bool found = p && has_thread(p, number);
    spin_unlock(&process_tree_lock);
    if (!found)
        return -ENOENT;
    ref->entry = &proc_thread_entry;
    ref->tid = number;
    return 0;
}

static int lookup_fd(struct proc_ref *ref, int32_t number)
{
    int err = proc_check_access(ref);

    if (err != 0)
        return err;
    if (!has_fd(ref, number))
        return -ENOENT;
    ref->entry = &proc_fd_entry;
    ref->fd = number;
    return 0;
}

static int lookup_number(struct proc_ref *ref, int32_t number)
{
    switch (ref->entry->dynamic) {
    case PROC_PIDS:
        return lookup_pid(ref, number);
    case PROC_TIDS:
        return lookup_tid(ref, number);
    case PROC_FDS:
        return lookup_fd(ref, number);
    case PROC_STATIC:
        break;
    }
    return -ENOENT;
}

int proc_lookup(struct inode *dir, const char *name, size_t length,
                struct inode **out)
{
    struct proc_ref ref = *(const struct proc_ref *)dir->private;
    const struct proc_entry *e = ref.entry->children;
    int32_t number;

    if (!proc_ref_is_alive(&ref))
        return -ENOENT;
    for (; e && e->name; e++) {
        if (strlen(e->name) != length || memcmp(e->name, name, length) != 0)
            continue;
        ref.entry = e;
        return proc_make_inode(dir, &ref, name, length, out);
    }
    if (!proc_parse_number(name, length, &number))
        return -ENOENT;
    int err = lookup_number(&ref, number);
    return err != 0 ? err : proc_make_inode(dir, &ref, name, length, out);
}

/* ---- readdir ------------------------------------------------------------- */

/* Smallest pid from `from` on, -1 if there is none. */
static int32_t next_pid(int32_t from)
{
    struct process *p;
    int32_t best = -1;

    spin_lock(&process_tree_lock);
    list_for_each (p, &process_list, all_link)
        if (p->pid >= from && (best < 0 || p->pid < best))
            best = p->pid;
    spin_unlock(&process_tree_lock);
    return best;
}

static int32_t next_tid(const struct proc_ref *ref, int32_t from)
{
    struct thread *t;
    int32_t best = -1;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p) {
        spin_lock(&p->lock);
        list_for_each (t, &p->threads, process_link)
            if (t->tid >= from && (best < 0 || t->tid < best))
                best = t->tid;
        spin_unlock(&p->lock);
    }
    spin_unlock(&process_tree_lock);
    return best;
}

static int32_t next_fd(const struct proc_ref *ref, int32_t from)
{
    struct fd_table *files = ref_files(ref);
    int32_t fd = files ? fd_table_next(files, from) : -1;

    if (files)
        fd_table_return(files);
    return fd;
}

static int32_t next_number(const struct proc_ref *ref, int32_t from)
{
    switch (ref->entry->dynamic) {
    case PROC_PIDS:
        return next_pid(from);
    case PROC_TIDS:
        return next_tid(ref, from);
    case PROC_FDS:
        return proc_check_access(ref) == 0 ? next_fd(ref, from) : -1;
    case PROC_STATIC:
        break;
    }
    return -1;
}

/* Number `n` as the directory entry that its lookup would make. */
static bool emit_number(const struct proc_ref *dir, struct dir_emit *ctx,
                        int32_t n, uint64_t next_offset)
{
    struct proc_ref ref = *dir;
    char name[NUMBER_TEXT];
    int length = base_snprintf(name, sizeof(name), "%d", n);

    if (dir->entry->dynamic == PROC_PIDS)
        ref.pid = n;
    else if (dir->entry->dynamic == PROC_TIDS)
        ref.tid = n;
    return ctx->emit(
        ctx, name, (size_t)length, proc_make_ino(&ref, name, (size_t)length),
        dir->entry->dynamic == PROC_FDS ? DT_LNK : DT_DIR, next_offset);
}

/* ".", ".." and the table; false: the buffer is full. */
static bool emit_table(struct inode *dir, const struct proc_ref *ref,
                       struct file *file, struct dir_emit *ctx)
{
    const struct proc_entry *e = ref->entry->children;
    uint64_t at = 0;

    for (; at < 2; at++) {
        if (file->offset > at)
            continue;
        const struct inode *shown = at == 1 && dir->parent ? dir->parent : dir;
        if (!ctx->emit(ctx, "..", at + 1, shown->ino, DT_DIR, at + 1))
            return false;
        file->offset = at + 1;
    }
    for (; e && e->name; e++, at++) {
        size_t length = strlen(e->name);
        if (file->offset > at)
            continue;
        if (!ctx->emit(ctx, e->name, length,
                       proc_make_ino(ref, e->name, length), IFTODT(e->mode),
                       at + 1))
            return false;
        file->offset = at + 1;
    }
    return true;
}

int proc_readdir(struct file *file, struct dir_emit *ctx)
{
    const struct proc_ref *ref = file->inode->private;

    if (!proc_ref_is_alive(ref))
        return -ENOENT;
    if (file->offset < DYNAMIC_OFFSET) {
        if (!emit_table(file->inode, ref, file, ctx))
            return 0;
        file->offset = DYNAMIC_OFFSET;
    }
    for (;;) {
        if (file->offset - DYNAMIC_OFFSET > INT32_MAX)
            return 0;
        int32_t n = next_number(ref, (int32_t)(file->offset - DYNAMIC_OFFSET));
        uint64_t next = DYNAMIC_OFFSET + (uint64_t)n + 1;
        if (n < 0 || !emit_number(ref, ctx, n, next))
            return 0;
        file->offset = next;
        sched_point();
    }
}
