/*
 * fs/tmpfs.c - a file system whose directories and bytes live in memory only.
 *
 * 1 Idea.  A directory is a tree of entries by (hash, name) for lookup, and a
 *   list of the same entries in order of creation for readdir.  A regular
 *   file's bytes are its mapping's frames; a page that was never written is a
 *   hole and reads as zeroes.  A link's target is a string.
 * 2 Invariants.  An entry holds one reference on its inode, and stands on the
 *   inode's list of names.  Its cookie is larger than those of all entries
 *   made before in the directory; readdir continues at the first cookie not
 *   below the position, so that files removed or added while a directory is
 *   read neither repeat nor hide others.  A directory with entries is never
 *   freed: it cannot be removed, and its own entry holds it.
 * 3 Locking.  Tree and order: the directory's inode->lock, which the caller
 *   of every op holds.  Lists of names: names_lock, a leaf, so that a path can
 *   be made while an address space is locked (/proc/PID/maps).
 * 4 Failure.  rename allocates the new entry before it changes anything.
 * 5 Linux's tmpfs also has limits per mount, can push its pages out to swap,
 *   and leaves names to the dentry cache.
 *
 * Locks: see 3.  Next: fs/page_file.c (reading and writing), fs/initrd.c.
 */
#include "fs/tmpfs.h"

#include "abi/dirent.h"
#include "abi/errno.h"
#include "abi/limits.h"
#include "base/string.h"
#include "base/tree.h"
#include "core/panic.h"
#include "fs/file.h"
#include "fs/page_file.h"
#include "mem/slab.h"

enum { COOKIE_SELF = 0, COOKIE_PARENT = 1, COOKIE_FIRST = 2 };

/* Lock key: [I] set at creation  [D] lock of dir  [N] names_lock */
struct tmpfs_entry {
    struct tree_node by_name;    /* [D] in dir's children */
    struct list_node by_order;   /* [D] in dir's order */
    struct list_node names_link; /* [N] in inode's names */
    struct inode *dir;           /* [I] */
    struct inode *inode;         /* [D] with reference */
    uint64_t cookie;             /* [D] */
    uint32_t hash;               /* [I] */
    uint32_t length;             /* [I] of name, without terminator */
    char name[];                 /* [I] */
};

/* inode->private.  Lock key: [L] inode->lock  [N] names_lock  [I] */
struct tmpfs_node {
    struct list_node names; /* [N] entries of this inode */
    struct tree children;   /* [L] of a directory */
    struct list_node order; /* [L] the same */
    uint64_t next_cookie;   /* [L] */
    char *target;           /* [I] of a link */
};

static struct slab_cache node_cache;
static struct spinlock names_lock = SPINLOCK_INIT("tmpfs_names", RANK_FS_LEAF);
static const struct inode_ops tmpfs_ops;
static const struct file_ops tmpfs_directory_fops;

static struct tmpfs_node *node_of(const struct inode *inode)
{
    return inode->private;
}

/* ---- entries ----------------------------------------------------------- */

/* FNV-1a: one multiplication per byte, and names are short. */
static uint32_t name_hash(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return hash;
}

static int entry_compare(const struct tmpfs_entry *entry, uint32_t hash,
                         const char *name, size_t length)
{
    if (hash != entry->hash)
        return hash < entry->hash ? -1 : 1;
    if (length != entry->length)
        return length < entry->length ? -1 : 1;
    return memcmp(name, entry->name, length);
}

static struct tmpfs_entry *entry_find(struct inode *dir, const char *name,
                                      size_t length)
{
    uint32_t hash = name_hash(name, length);
    struct tree_node *node = node_of(dir)->children.root;

    while (node != NULL) {
        struct tmpfs_entry *entry =
            tree_entry(node, struct tmpfs_entry, by_name);
        int order = entry_compare(entry, hash, name, length);
        if (order == 0)
            return entry;
        node = order < 0 ? node->left : node->right;
    }
    return NULL;
}

static struct tmpfs_entry *entry_create(const char *name, size_t length)
{
    struct tmpfs_entry *entry = kmalloc(sizeof(*entry) + length + 1);

    if (entry == NULL)
        return NULL;
    entry->hash = name_hash(name, length);
    entry->length = (uint32_t)length;
    memcpy(entry->name, name, length);
    entry->name[length] = '\0';
    return entry;
}

/* Make `entry` the name of `inode` (whose reference it takes over) in `dir`,
 * which has no such name. */
static void entry_attach(struct inode *dir, struct tmpfs_entry *entry,
                         struct inode *inode)
{
    struct tmpfs_node *node = node_of(dir);
    struct tree_node **link = &node->children.root;
    struct tree_node *parent = NULL;

    while (*link != NULL) {
        parent = *link;
        struct tmpfs_entry *other =
            tree_entry(parent, struct tmpfs_entry, by_name);
        int order =
            entry_compare(other, entry->hash, entry->name, entry->length);
        assert(order != 0);
        link = order < 0 ? &parent->left : &parent->right;
    }
    tree_insert_at(&node->children, &entry->by_name, parent, link);
    list_add_tail(&node->order, &entry->by_order);
    entry->cookie = node->next_cookie++;
    entry->dir = dir;
    entry->inode = inode;
    spin_lock(&names_lock);
    list_add_head(&node_of(inode)->names, &entry->names_link);
    spin_unlock(&names_lock);
}

/* Take the name away and free the entry; its reference is the caller's. */
static struct inode *entry_detach(struct tmpfs_entry *entry)
{
    struct inode *inode = entry->inode;

    tree_remove(&node_of(entry->dir)->children, &entry->by_name);
    list_remove(&entry->by_order);
    spin_lock(&names_lock);
    list_remove(&entry->names_link);
    spin_unlock(&names_lock);
    kfree(entry);
    return inode;
}

/* ---- inodes ------------------------------------------------------------ */

static const struct file_ops *fops_for(uint32_t mode)
{
    if (S_ISREG(mode))
        return &page_file_ops;
    if (S_ISDIR(mode))
        return &tmpfs_directory_fops;
    return NULL; /* links are followed; devices: vfs_device_ops at open */
}

static struct inode *make_inode(uint64_t dev, uint32_t mode, uint64_t rdev)
{
    struct inode *inode = inode_create(&tmpfs_ops, fops_for(mode), dev, mode);

    if (inode == NULL)
        return NULL;
    struct tmpfs_node *node = slab_alloc_zeroed(&node_cache);
    inode->private = node;
    if (node == NULL) {
        inode_put(inode);
        return NULL;
    }
    inode->rdev = rdev;
    list_init(&node->names);
    list_init(&node->order);
    node->next_cookie = COOKIE_FIRST;
    return inode;
}

static void tmpfs_release(struct inode *inode)
{
    struct tmpfs_node *node = node_of(inode);

    if (node == NULL)
        return;
    assert(tree_is_empty(&node->children) && list_is_empty(&node->names));
    kfree(node->target);
    slab_free(&node_cache, node);
}

/* Give a new inode its name; takes over the reference, also on failure. */
static int add_name(struct inode *dir, const char *name, size_t length,
                    struct inode *inode) MUST_HOLD(dir->lock)
{
    struct tmpfs_entry *entry = entry_create(name, length);

    if (entry == NULL) {
        inode_put(inode);
        return -ENOMEM;
    }
    if (S_ISDIR(inode->mode)) {
        inode->parent = inode_get(dir);
        dir->nlink++;
    }
    entry_attach(dir, entry, inode);
    inode_note_change(dir);
    return 0;
}

/* ---- inode operations -------------------------------------------------- */

static int tmpfs_lookup(struct inode *dir, const char *name, size_t length,
                        struct inode **out)
{
    struct tmpfs_entry *entry = entry_find(dir, name, length);

    if (entry == NULL)
        return -ENOENT;
    *out = inode_get(entry->inode);
    return 0;
}

static int tmpfs_create(struct inode *dir, const char *name, size_t length,
                        uint32_t mode, uint64_t rdev, struct inode **out)
    MUST_HOLD(dir->lock)
{
    struct inode *inode = make_inode(dir->dev, mode, rdev);

    if (inode == NULL)
        return -ENOMEM;
    int err = add_name(dir, name, length, inode);
    if (err == 0)
        *out = inode_get(inode);
    return err;
}

static int tmpfs_symlink(struct inode *dir, const char *name, size_t length,
                         const char *target) MUST_HOLD(dir->lock)
{
    size_t target_length = strlen(target);
    struct inode *inode = make_inode(dir->dev, S_IFLNK | 0777, 0);

    if (inode == NULL)
        return -ENOMEM;
    char *copy = kmalloc(target_length + 1);
    if (copy == NULL) {
        inode_put(inode);
        return -ENOMEM;
    }
    memcpy(copy, target, target_length + 1);
    node_of(inode)->target = copy;
    inode->mapping.size = target_length;
    return add_name(dir, name, length, inode);
}

static int tmpfs_link(struct inode *dir, const char *name, size_t length,
                      struct inode *inode) MUST_HOLD(dir->lock)
{
    struct tmpfs_entry *entry = entry_create(name, length);

    if (entry == NULL)
        return -ENOMEM;
    rwlock_write_lock(&inode->lock);
    if (inode->nlink == 0) {
        rwlock_write_unlock(&inode->lock);
        kfree(entry);
        return -ENOENT;
    }
    inode->nlink++;
    inode->ctime = vfs_now();
    rwlock_write_unlock(&inode->lock);
    entry_attach(dir, entry, inode_get(inode));
    inode_note_change(dir);
    return 0;
}

/* Count down for one name that goes away; -ENOTEMPTY for directories that
 * have entries.  From here on an emptied directory takes no new ones. */
static int drop_link(struct inode *dir, struct inode *inode)
{
    int err = 0;

    rwlock_write_lock_nested(&inode->lock); /* below the directory */
    if (!S_ISDIR(inode->mode)) {
        inode->nlink--;
    } else if (tree_is_empty(&node_of(inode)->children)) {
        inode->nlink = 0;
        dir->nlink--;
    } else {
        err = -ENOTEMPTY;
    }
    if (err == 0)
        inode->ctime = vfs_now();
    rwlock_write_unlock(&inode->lock);
    return err;
}

static int tmpfs_unlink(struct inode *dir, const char *name, size_t length,
                        bool directory) MUST_HOLD(dir->lock)
{
    struct tmpfs_entry *entry = entry_find(dir, name, length);

    if (entry == NULL)
        return -ENOENT;
    if (S_ISDIR(entry->inode->mode) != directory)
        return directory ? -ENOTDIR : -EISDIR;
    int err = drop_link(dir, entry->inode);
    if (err != 0)
        return err;
    inode_put(entry_detach(entry));
    inode_note_change(dir);
    return 0;
}

/* A directory moves to another parent. */
static void change_parent(struct inode *child, struct inode *from,
                          struct inode *to)
{
    rwlock_write_lock_nested(&child->lock); /* below both directories */
    assert(child->parent == from);
    child->parent = inode_get(to);
    rwlock_write_unlock(&child->lock);
    from->nlink--;
    to->nlink++;
    inode_put(from); /* the child's reference; the caller has another */
}

/* The caller has compared the types of what moves and what is replaced, and
 * has made sure that neither directory lies inside what moves. */
static int tmpfs_rename(struct inode *old_dir, const char *old_name,
                        size_t old_length, struct inode *new_dir,
                        const char *new_name, size_t new_length, unsigned flags)
    MUST_HOLD(old_dir->lock, new_dir->lock)
{
    struct tmpfs_entry *from = entry_find(old_dir, old_name, old_length);
    struct tmpfs_entry *victim = entry_find(new_dir, new_name, new_length);
    struct tmpfs_entry *to = entry_create(new_name, new_length);
    int err = 0;

    if (to == NULL || from == NULL)
        err = to == NULL ? -ENOMEM : -ENOENT;
    else if (victim != NULL)
        err = drop_link(new_dir, victim->inode);
    if (err != 0) {
        kfree(to);
        return err;
    }
    /* Nothing fails from here on. */
    if (victim != NULL)
        inode_put(entry_detach(victim));
    struct inode *moved = entry_detach(from);
    entry_attach(new_dir, to, moved);
    if (S_ISDIR(moved->mode) && old_dir != new_dir)
        change_parent(moved, old_dir, new_dir);
    inode_note_change(old_dir);
    inode_note_change(new_dir);
    return 0;
}

static int64_t tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
    return (int64_t)MIN(strlcpy(buf, node_of(inode)->target, size), size - 1);
}

static int tmpfs_name_of(struct inode *inode, char *buf, struct inode **dir)
{
    struct tmpfs_node *node = node_of(inode);
    int err = -ENOENT;

    spin_lock(&names_lock);
    if (!list_is_empty(&node->names)) {
        struct tmpfs_entry *entry =
            list_first_entry(&node->names, struct tmpfs_entry, names_link);
        memcpy(buf, entry->name, entry->length + 1);
        *dir = inode_get(entry->dir);
        err = 0;
    }
    spin_unlock(&names_lock);
    return err;
}

static const struct inode_ops tmpfs_ops = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create,
    .symlink = tmpfs_symlink,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rename = tmpfs_rename,
    .readlink = tmpfs_readlink,
    .name_of = tmpfs_name_of,
    .release = tmpfs_release,
};

/* ---- reading directories ----------------------------------------------- */

static uint64_t parent_ino(const struct inode *dir)
{
    const struct inode *place = dir->covers != NULL ? dir->covers : dir;

    return place->parent != NULL ? place->parent->ino : dir->ino;
}

static int tmpfs_readdir(struct file *file, struct dir_emit *ctx)
{
    struct inode *dir = file->inode;
    struct tmpfs_entry *entry;

    if (file->offset == COOKIE_SELF) {
        if (!ctx->emit(ctx, ".", 1, dir->ino, DT_DIR, COOKIE_PARENT))
            return 0;
        file->offset = COOKIE_PARENT;
    }
    if (file->offset == COOKIE_PARENT) {
        if (!ctx->emit(ctx, "..", 2, parent_ino(dir), DT_DIR, COOKIE_FIRST))
            return 0;
        file->offset = COOKIE_FIRST;
    }
    list_for_each (entry, &node_of(dir)->order, by_order) {
        if (entry->cookie < file->offset)
            continue;
        if (!ctx->emit(ctx, entry->name, entry->length, entry->inode->ino,
                       IFTODT(entry->inode->mode), entry->cookie + 1))
            return 0;
        file->offset = entry->cookie + 1;
    }
    return 0;
}

static const struct file_ops tmpfs_directory_fops = {
    .readdir = tmpfs_readdir,
    .seekable = true,
};

/* ---- for the kernel itself --------------------------------------------- */

void tmpfs_init(void)
{
    slab_cache_init(&node_cache, "tmpfs_node", sizeof(struct tmpfs_node));
}

struct inode *tmpfs_create_root(uint64_t dev)
{
    return make_inode(dev, S_IFDIR | 0755, 0);
}

int tmpfs_add_node(struct inode *dir, const char *name, uint32_t mode,
                   uint64_t rdev, const struct file_ops *fops,
                   struct inode **out)
{
    size_t length = strlen(name);
    struct inode *inode;

    rwlock_write_lock(&dir->lock);
    int err = entry_find(dir, name, length) != NULL
                  ? -EEXIST
                  : tmpfs_create(dir, name, length, mode, rdev, &inode);
    if (err == 0 && fops != NULL)
        inode->fops = fops;
    rwlock_write_unlock(&dir->lock);
    if (err != 0)
        return err;
    if (out != NULL)
        *out = inode;
    else
        inode_put(inode);
    return 0;
}

int tmpfs_create_nameless(uint32_t mode, struct inode **out)
{
    struct inode *inode = make_inode(vfs_root->dev, S_IFREG | mode, 0);

    if (inode == NULL)
        return -ENOMEM;
    inode->nlink = 0;
    *out = inode;
    return 0;
}
