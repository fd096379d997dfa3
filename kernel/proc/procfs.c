/*
 * proc/procfs.c - names, directories and open files of /proc.
 *
 * Idea:   nothing is stored.  A lookup makes an inode that holds a struct
 *         proc_ref: which table entry, of which process.  Reading a file from
 *         offset 0 builds its whole text and keeps it with the open file, so
 *         that a reader who takes it in pieces sees one moment.
 * Gone processes: a ref does not keep the process; directories of it then have
 *         no entries (-ENOENT) and its files give -ESRCH.
 * Locks:  process_tree_lock while processes are looked at; proc_text_lock
 *         guards the pointer from an open file to its text.
 * Read next: procfs_dir.c, procfs_process.c, procfs_space.c, procfs_system.c.
 */
#include "proc/procfs.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/limits.h"
#include "abi/statfs.h"
#include "base/format.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/system_facts.h"

enum {
    STORE_BYTES = 128, /* longest line that may be written */
};

/* Text of an open file; counted, because reads may overlap. */
struct proc_text {
    uint32_t refs; /* [a] */
    struct text text;
};

static struct spinlock proc_text_lock =
    SPINLOCK_INIT("proc text", RANK_FS_LEAF);
static uint64_t proc_dev; /* [I] */

static int64_t proc_readlink(struct inode *inode, char *buf, size_t size);
static int proc_follow(struct inode *link, struct inode **out);
static int proc_name_of(struct inode *inode, char *buf, struct inode **dir);
static void proc_inode_release(struct inode *inode);
static int proc_open(struct inode *inode, struct file *file);
static int64_t proc_read(struct file *file, struct uio *uio, uint64_t *offset);
static int64_t proc_write(struct file *file, struct uio *uio, uint64_t *offset);
static void proc_release(struct file *file);

static const struct inode_ops proc_dir_ops = {
    .lookup = proc_lookup,
    .name_of = proc_name_of,
    .release = proc_inode_release,
};
static const struct inode_ops proc_file_inode_ops = {
    .release = proc_inode_release,
};
static const struct inode_ops proc_link_ops = {
    .readlink = proc_readlink,
    .release = proc_inode_release,
};
static const struct inode_ops proc_magic_link_ops = {
    .readlink = proc_readlink,
    .follow = proc_follow,
    .release = proc_inode_release,
};
static const struct file_ops proc_dir_file_ops = {
    .readdir = proc_readdir,
    .seekable = true,
};
static const struct file_ops proc_file_ops = {
    .open = proc_open,
    .read = proc_read,
    .write = proc_write,
    .release = proc_release,
    .seekable = true,
};

static const struct proc_entry root_entry = {
    .name = "",
    .mode = S_IFDIR | 0555,
    .dynamic = PROC_PIDS,
    .children = proc_system_entries,
};
/* ---- what a ref means ---------------------------------------------------- */

static const struct proc_ref *ref_of(const struct inode *inode)
{
    return inode->private;
}

bool proc_parse_number(const char *text, size_t length, int32_t *out)
{
    int64_t value = 0;

    if (length == 0 || length > 10)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = (int32_t)value;
    return value <= INT32_MAX;
}

struct process *proc_ref_find_locked(const struct proc_ref *ref)
{
    struct process *p = process_find_locked(ref->pid);

    return p && p->start_ns == ref->start_ns ? p : NULL;
}

int proc_check_access(const struct proc_ref *ref)
{
    int err = 0;

    if (!ref->entry->owner_only)
        return 0;
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (!p)
        err = -ESRCH;
    else if (!process_may_inspect(p))
        err = -EACCES;
    spin_unlock(&process_tree_lock);
    return err;
}

/* ---- inodes -------------------------------------------------------------- */

/* FNV hash. */
uint64_t proc_make_ino(const struct proc_ref *ref, const char *name,
                       size_t length)
{
    uint64_t hash =
        0xcbf29ce484222325ul + (uint64_t)ref->pid * 65537 + (uint64_t)ref->tid;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3ul;
    return (hash >> 16) | 1;
}

static void set_owner(struct inode *inode, const struct proc_ref *ref)
{
    inode->uid = inode->gid = 0;
    if (ref->pid == 0)
        return;
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p) {
        inode->uid = p->credentials.euid;
        inode->gid = p->credentials.egid;
    }
    spin_unlock(&process_tree_lock);
}

int proc_make_inode(struct inode *dir, const struct proc_ref *ref,
                    const char *name, size_t length, struct inode **out)
{
    const struct proc_entry *entry = ref->entry;
    const struct inode_ops *ops = &proc_file_inode_ops;
    struct proc_ref *copy = kmalloc(sizeof(*copy));

    if (!copy)
        return -ENOMEM;
    if (S_ISDIR(entry->mode))
        ops = &proc_dir_ops;
    else if (S_ISLNK(entry->mode))
        ops = entry->follow ? &proc_magic_link_ops : &proc_link_ops;
    struct inode *inode = inode_create(
        ops, S_ISDIR(entry->mode) ? &proc_dir_file_ops : &proc_file_ops,
        proc_dev, entry->mode);
    if (!inode) {
        kfree(copy);
        return -ENOMEM;
    }
    *copy = *ref;
    inode->private = copy;
    inode->magic = PROC_SUPER_MAGIC;
    inode->ino = proc_make_ino(ref, name, length);
    if (S_ISDIR(entry->mode) && dir)
        inode->parent = inode_get(dir);
    set_owner(inode, ref);
    *out = inode;
    return 0;
}

static void proc_inode_release(struct inode *inode)
{
    kfree(inode->private);
}

bool proc_ref_is_alive(const struct proc_ref *ref)
{
    if (ref->pid == 0)
        return true;
    spin_lock(&process_tree_lock);
    bool alive = proc_ref_find_locked(ref) != NULL;
    spin_unlock(&process_tree_lock);
    return alive;
}

static int proc_name_of(struct inode *inode, char *buf, struct inode **dir)
{
    const struct proc_ref *ref = ref_of(inode);

    if (!proc_ref_is_alive(ref))
        return -ENOENT;
    if (ref->entry == &proc_process_entry)
        base_snprintf(buf, NAME_MAX + 1, "%d", ref->tid ? ref->tid : ref->pid);
    else if (ref->entry == &proc_thread_entry)
        base_snprintf(buf, NAME_MAX + 1, "%d", ref->tid);
    else
        strlcpy(buf, ref->entry->name, NAME_MAX + 1);
    *dir = inode_get(inode->parent);
    return 0;
}

/* ---- links --------------------------------------------------------------- */

static int64_t proc_readlink(struct inode *inode, char *buf, size_t size)
{
    const struct proc_ref *ref = ref_of(inode);
    struct text text = { 0 };
    int err = proc_check_access(ref);

    if (err == 0)
        err = ref->entry->show(ref, &text);
    if (err == 0)
        err = text_error(&text);
    int64_t length = (int64_t)MIN(text.length, size - 1);
    if (err == 0) {
        memcpy(buf, text.bytes, (size_t)length);
        buf[length] = '\0';
    }
    text_free(&text);
    return err != 0 ? err : length;
}

static int proc_follow(struct inode *link, struct inode **out)
{
    const struct proc_ref *ref = ref_of(link);
    int err = proc_check_access(ref);

    return err != 0 ? err : ref->entry->follow(ref, out);
}

/* ---- files --------------------------------------------------------------- */

static int proc_open(struct inode *inode, struct file *file)
{
    const struct proc_entry *entry = ref_of(inode)->entry;

    if ((file->flags & O_ACCMODE) != O_RDONLY && !entry->store)
        return -EACCES;
    if ((file->flags & O_ACCMODE) != O_WRONLY && !entry->show && !entry->read)
        return -EACCES;
    return proc_check_access(ref_of(inode));
}

static void text_put(struct proc_text *t)
{
    if (!t || __atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    text_free(&t->text);
    kfree(t);
}

/* Build the text anew and keep it with the open file. */
static int refresh(struct file *file)
{
    const struct proc_ref *ref = ref_of(file->inode);
    struct proc_text *fresh = kmalloc_zeroed(sizeof(*fresh));

    if (!fresh)
        return -ENOMEM;
    fresh->refs = 1;
    int err = ref->entry->show(ref, &fresh->text);
    if (err == 0)
        err = text_error(&fresh->text);
    if (err != 0) {
        text_put(fresh);
        return err;
    }
    spin_lock(&proc_text_lock);
    struct proc_text *old = file->private;
    file->private = fresh;
    spin_unlock(&proc_text_lock);
    text_put(old);
    return 0;
}

static struct proc_text *text_of(struct file *file)
{
    spin_lock(&proc_text_lock);
    struct proc_text *t = file->private;
    if (t)
        __atomic_fetch_add(&t->refs, 1, __ATOMIC_RELAXED);
    spin_unlock(&proc_text_lock);
    return t;
}

static int64_t proc_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    const struct proc_ref *ref = ref_of(file->inode);

    if (ref->entry->read)
        return ref->entry->read(ref, uio, offset);
    if (*offset == 0 || !file->private) {
        int err = refresh(file);
        if (err != 0)
            return err;
    }
    struct proc_text *t = text_of(file);
    size_t left = *offset < t->text.length ? t->text.length - *offset : 0;
    size_t n = MIN(left, uio->left);
    size_t done = n == 0 ? 0 : uio_copy_to(uio, t->text.bytes + *offset, n);
    text_put(t);
    *offset += done;
    return done == 0 && n != 0 ? -EFAULT : (int64_t)done;
}

/* One line per write, as Linux takes it. */
static int64_t proc_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    const struct proc_ref *ref = ref_of(file->inode);
    char line[STORE_BYTES];
    size_t n = uio->left;

    if (n >= sizeof(line))
        return -EINVAL;
    if (uio_copy_from(uio, line, n) != n)
        return -EFAULT;
    size_t length = n;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == 0))
        length--;
    line[length] = '\0';
    int err = ref->entry->store(ref, line);
    if (err != 0)
        return err;
    *offset += n;
    return (int64_t)n;
}

static void proc_release(struct file *file)
{
    text_put(file->private);
}

struct inode *procfs_root(void)
{
    struct proc_ref ref = { .entry = &root_entry };
    struct inode *root;

    system_facts_init();
    proc_dev = vfs_new_dev();
    if (proc_make_inode(NULL, &ref, "", 0, &root) != 0)
        panic("no memory for /proc");
    return root;
}
