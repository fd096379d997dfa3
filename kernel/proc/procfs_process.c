/*
 * proc/procfs_process.c - the files of /proc/PID and /proc/PID/task/TID: names,
 * links and the tables of all.
 *
 * Idea:   a link is followed to an inode, and its text is the inode's path.
 * Locks:  process_tree_lock, inside it process->lock.
 * Next:   procfs_status.c, procfs_space.c, procfs_memory.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/procfs.h"

enum { PATH_BYTES = 512 };

/* ---- names --------------------------------------------------------------- */

static int show_comm(const struct proc_ref *ref, struct text *out)
{
    char name[16];
    int err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p) {
        spin_lock(&p->lock);
        struct thread *t = proc_ref_thread_locked(ref, p);
        if (t) {
            memcpy(name, t->name, sizeof(name));
            err = 0;
        }
        spin_unlock(&p->lock);
    }
    spin_unlock(&process_tree_lock);
    if (err == 0)
        text_printf(out, "%.15s\n", name);
    return err;
}

static int store_comm(const struct proc_ref *ref, char *line)
{
    int err = -ESRCH;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p && p != process_current())
        err = -EINVAL;
    if (p && p == process_current()) {
        spin_lock(&p->lock);
        struct thread *t = proc_ref_thread_locked(ref, p);
        if (t) {
            strlcpy(t->name, line, sizeof(t->name));
            err = 0;
        }
        if (t == p->leader)
            strlcpy(p->name, line, sizeof(p->name));
        spin_unlock(&p->lock);
    }
    spin_unlock(&process_tree_lock);
    return err;
}

/* ---- links --------------------------------------------------------------- */

static int show_path(struct inode *inode, struct text *out)
{
    char path[PATH_BYTES];
    int64_t length = vfs_path_of(inode, path, sizeof(path));

    if (length == -ENOENT && S_ISFIFO(inode->mode))
        text_printf(out, "pipe:[%lu]", inode->ino);
    else if (length == -ENOENT)
        text_printf(out, "(deleted)");
    else if (length >= 0)
        text_append(out, path, (size_t)length);
    return length < 0 && length != -ENOENT ? (int)length : 0;
}

/* Text of a link from what it follows to. */
static int show_followed(const struct proc_ref *ref, struct text *out)
{
    struct inode *inode;
    int err = ref->entry->follow(ref, &inode);

    if (err != 0)
        return err;
    err = show_path(inode, out);
    inode_put(inode);
    return err;
}

static int follow_exe(const struct proc_ref *ref, struct inode **out)
{
    *out = NULL;
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p) {
        spin_lock(&p->lock);
        *out = p->executable ? inode_get(p->executable) : NULL;
        spin_unlock(&p->lock);
    }
    spin_unlock(&process_tree_lock);
    return *out ? 0 : -ENOENT;
}

/* The fs context of the process meant, with a reference, or NULL. */
static struct fs_context *ref_context(const struct proc_ref *ref)
{
    struct fs_context *fs = NULL;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p) {
        spin_lock(&p->lock);
        fs = p->fs ? fs_context_get(p->fs) : NULL;
        spin_unlock(&p->lock);
    }
    spin_unlock(&process_tree_lock);
    return fs;
}

static int follow_cwd(const struct proc_ref *ref, struct inode **out)
{
    struct fs_context *fs = ref_context(ref);

    if (!fs)
        return -ENOENT;
    *out = fs_context_cwd(fs);
    fs_context_put(fs);
    return 0;
}

static int follow_root(const struct proc_ref *ref, struct inode **out)
{
    struct fs_context *fs = ref_context(ref);

    if (!fs)
        return -ENOENT;
    *out = inode_get(fs->root);
    fs_context_put(fs);
    return 0;
}

static int follow_fd(const struct proc_ref *ref, struct inode **out)
{
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    struct fd_table *files = p ? process_get_files(p) : NULL;
    spin_unlock(&process_tree_lock);
    struct file *file = files ? fd_table_lookup(files, ref->fd) : NULL;

    *out = file && file->inode ? inode_get(file->inode) : NULL;
    if (file)
        file_put(file);
    if (files)
        fd_table_return(files);
    return *out ? 0 : -ENOENT;
}

/* ---- tables -------------------------------------------------------------- */

const struct proc_entry proc_fd_entry = {
    .name = "", /* its number */
    .mode = S_IFLNK | 0700,
    .owner_only = true,
    .show = show_followed,
    .follow = follow_fd,
};

// clang-format off
const struct proc_entry proc_thread_entries[] = {
    { .name = "comm", .mode = S_IFREG | 0644, .show = show_comm,
      .store = store_comm },
    { .name = "sched", .mode = S_IFREG | 0444,
      .show = proc_show_thread_sched },
    { .name = "schedstat", .mode = S_IFREG | 0444,
      .show = proc_show_schedstat },
    { .name = "stat", .mode = S_IFREG | 0444, .show = proc_show_stat },
    { .name = "status", .mode = S_IFREG | 0444, .show = proc_show_status },
    { .name = NULL },
};

const struct proc_entry proc_process_entries[] = {
    { .name = "cmdline", .mode = S_IFREG | 0444, .show = proc_show_cmdline },
    { .name = "comm", .mode = S_IFREG | 0644, .show = show_comm,
      .store = store_comm },
    { .name = "cwd", .mode = S_IFLNK | 0777, .owner_only = true,
      .show = show_followed, .follow = follow_cwd },
    { .name = "environ", .mode = S_IFREG | 0400, .owner_only = true,
      .show = proc_show_environ },
    { .name = "exe", .mode = S_IFLNK | 0777, .owner_only = true,
      .show = show_followed, .follow = follow_exe },
    { .name = "fd", .mode = S_IFDIR | 0500, .owner_only = true,
      .dynamic = PROC_FDS },
    { .name = "limit_frames", .mode = S_IFREG | 0644,
      .show = proc_show_frame_limit, .store = proc_store_frame_limit },
    { .name = "limits", .mode = S_IFREG | 0444, .show = proc_show_limits },
    { .name = "maps", .mode = S_IFREG | 0444, .owner_only = true,
      .show = proc_show_maps },
    { .name = "oom_score", .mode = S_IFREG | 0444,
      .show = proc_show_oom_score },
    { .name = "oom_score_adj", .mode = S_IFREG | 0644,
      .show = proc_show_oom_adjust, .store = proc_store_oom_adjust },
    { .name = "pagemap", .mode = S_IFREG | 0400, .owner_only = true,
      .read = proc_read_pagemap },
    { .name = "replacement", .mode = S_IFREG | 0444,
      .show = proc_show_pool },
    { .name = "root", .mode = S_IFLNK | 0777, .owner_only = true,
      .show = show_followed, .follow = follow_root },
    { .name = "sched", .mode = S_IFREG | 0444,
      .show = proc_show_thread_sched },
    { .name = "schedstat", .mode = S_IFREG | 0444,
      .show = proc_show_schedstat },
    { .name = "smaps", .mode = S_IFREG | 0444, .owner_only = true,
      .show = proc_show_smaps },
    { .name = "smaps_rollup", .mode = S_IFREG | 0444, .owner_only = true,
      .show = proc_show_smaps_rollup },
    { .name = "stat", .mode = S_IFREG | 0444, .show = proc_show_stat },
    { .name = "statm", .mode = S_IFREG | 0444, .show = proc_show_statm },
    { .name = "status", .mode = S_IFREG | 0444, .show = proc_show_status },
    { .name = "suspend", .mode = S_IFREG | 0644, .show = proc_show_suspend,
      .store = proc_store_suspend },
    { .name = "task", .mode = S_IFDIR | 0555, .dynamic = PROC_TIDS },
    { .name = "used_pages", .mode = S_IFREG | 0400, .owner_only = true,
      .show = proc_show_used_pages },
    { .name = "vmtrace", .mode = S_IFREG | 0644, .owner_only = true,
      .show = proc_show_vmtrace, .store = proc_store_vmtrace },
    { .name = NULL },
};
// clang-format on
