/*
 * fs/namei.c - path walk.
 *
 * 1 Idea.  A walk stands in a directory and has a rest of the path before it.
 *   Each step takes one name: "." stays, ".." goes up, any other is looked up
 *   in the directory.  A symbolic link in the way replaces the rest by its
 *   text; the old rest waits on a stack until the text is used up.
 * 2 Invariants.  `at` always carries a reference.  The walk stops before the
 *   last name, so that open, mkdir, unlink, rename... decide themselves what
 *   a missing or existing last name means.  At most SYMLOOP_MAX links are
 *   followed in one walk, so it ends.
 * 3 Locking.  One directory is read-locked for one lookup; between two steps no
 *   lock is held.  What a walk has passed may be renamed behind it: a walk
 *   sees each directory as it was at one moment, as on all Unix systems.
 * 4 Failure.  walk_end() frees everything, whatever happened before.
 * 5 Linux walks its cache of names under RCU without counting references and
 *   falls back to this way if anything changes meanwhile.
 *
 * Locks: inode->lock of one directory at a time.
 * Next:  fs/names.c (changing names), fs/open.c, fs/vfs.c.
 */
#include "fs/namei.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "base/string.h"
#include "mem/slab.h"

/* The text of a link that was followed, and what comes after it. */
struct walk_link {
    struct walk_link *outer;
    const char *outer_rest;
    char text[];
};

static void walk_move(struct path_walk *walk, struct inode *to)
{
    inode_put(walk->at);
    walk->at = to;
}

int walk_begin(struct path_walk *walk, struct inode *start, const char *path)
{
    struct fs_context *context =
        vfs_current_context != NULL ? vfs_current_context() : NULL;

    memset(walk, 0, sizeof(*walk));
    walk->rest = path;
    if (*path == '/' || (start == NULL && context == NULL))
        walk->at = inode_get(vfs_root);
    else if (start != NULL)
        walk->at = inode_get(start);
    else
        walk->at = fs_context_cwd(context);
    return *path == '\0' ? -ENOENT : 0;
}

void walk_end(struct path_walk *walk)
{
    while (walk->links != NULL) {
        struct walk_link *link = walk->links;
        walk->links = link->outer;
        kfree(link);
    }
    inode_put(walk->at);
    walk->at = NULL;
}

/* Bring walk->rest to the next name; false: there is none. */
static bool walk_skip_slashes(struct path_walk *walk)
{
    for (;;) {
        while (*walk->rest == '/')
            walk->rest++;
        if (*walk->rest != '\0')
            return true;
        struct walk_link *link = walk->links;
        if (link == NULL)
            return false;
        walk->rest = link->outer_rest;
        walk->links = link->outer;
        kfree(link);
    }
}

static bool has_name(const char *text)
{
    while (*text == '/')
        text++;
    return *text != '\0';
}

/* Behind the name just taken: is there another?  If not, notes whether slashes
 * follow: those that end a link's text stand between two names otherwise. */
static bool walk_has_more(struct path_walk *walk)
{
    const char *rest = walk->rest;
    const struct walk_link *link = walk->links;
    bool slash = false;

    for (;;) {
        if (has_name(rest))
            return true;
        slash = slash || *rest != '\0';
        if (link == NULL)
            break;
        rest = link->outer_rest;
        link = link->outer;
    }
    walk->trailing_slash = slash;
    return false;
}

struct inode *walk_mounts(struct inode *inode)
{
    struct inode *mounted;

    while ((mounted = __atomic_load_n(&inode->mounted, __ATOMIC_ACQUIRE)) !=
           NULL) {
        inode_get(mounted);
        inode_put(inode);
        inode = mounted;
    }
    return inode;
}

struct inode *walk_parent(struct inode *dir)
{
    while (dir->covers != NULL)
        dir = dir->covers;
    rwlock_read_lock(&dir->lock);
    struct inode *parent = inode_get(dir->parent != NULL ? dir->parent : dir);
    rwlock_read_unlock(&dir->lock);
    return parent;
}

static int lookup_child(struct inode *dir, const char *name, size_t length,
                        struct inode **out)
{
    int err = -ENOTDIR;

    if (dir->ops->lookup == NULL)
        return err;
    rwlock_read_lock(&dir->lock);
    err = dir->nlink == 0 ? -ENOENT : dir->ops->lookup(dir, name, length, out);
    rwlock_read_unlock(&dir->lock);
    if (err == 0)
        *out = walk_mounts(*out);
    return err;
}

/* Room for the text: links of /proc do not know how long they are. */
static size_t link_room(const struct inode *link)
{
    return link->mapping.size > 0 ? link->mapping.size + 1 : PATH_MAX;
}

static int push_text(struct path_walk *walk, struct inode *inode)
{
    size_t room = link_room(inode);
    struct walk_link *link = kmalloc(sizeof(*link) + room);

    if (link == NULL)
        return -ENOMEM;
    int64_t length = inode->ops->readlink == NULL
                         ? -EINVAL
                         : inode->ops->readlink(inode, link->text, room);
    if (length <= 0) {
        kfree(link);
        return length < 0 ? (int)length : -ENOENT;
    }
    link->text[length] = '\0';
    link->outer = walk->links;
    link->outer_rest = walk->rest;
    walk->links = link;
    walk->rest = link->text;
    if (link->text[0] == '/')
        walk_move(walk, inode_get(vfs_root));
    return 0;
}

int walk_follow(struct path_walk *walk, struct inode *link,
                struct inode **direct)
{
    int err = 0;

    *direct = NULL;
    if (++walk->link_count > SYMLOOP_MAX)
        err = -ELOOP;
    else if (link->ops->follow != NULL)
        err = link->ops->follow(link, direct);
    else
        err = push_text(walk, link);
    inode_put(link);
    return err;
}

/* Walk one name that is not the last. */
static int walk_step(struct path_walk *walk, const char *name, size_t length)
{
    struct inode *child;

    if (length == 1 && name[0] == '.')
        return 0;
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        walk_move(walk, walk_parent(walk->at));
        return 0;
    }
    int err = lookup_child(walk->at, name, length, &child);
    if (err == 0 && S_ISLNK(child->mode)) {
        err = walk_follow(walk, child, &child);
        if (err != 0 || child == NULL)
            return err;
    }
    if (err == 0)
        walk_move(walk, child);
    return err;
}

static void note_last(struct path_walk *walk, const char *name, size_t length)
{
    walk->last = name;
    walk->last_length = length;
    walk->last_kind = LAST_NAME;
    if (length == 1 && name[0] == '.')
        walk->last_kind = LAST_DOT;
    else if (length == 2 && name[0] == '.' && name[1] == '.')
        walk->last_kind = LAST_DOTDOT;
}

int walk_to_last(struct path_walk *walk)
{
    while (walk_skip_slashes(walk)) {
        const char *name = walk->rest;
        while (*walk->rest != '/' && *walk->rest != '\0')
            walk->rest++;
        size_t length = (size_t)(walk->rest - name);
        if (!S_ISDIR(walk->at->mode))
            return -ENOTDIR;
        int err = inode_permission(walk->at, MAY_EXEC);
        if (err == 0 && length > NAME_MAX)
            err = -ENAMETOOLONG;
        if (err == 0 && !walk_has_more(walk)) {
            note_last(walk, name, length);
            return 0;
        }
        if (err == 0)
            err = walk_step(walk, name, length);
        if (err != 0)
            return err;
    }
    walk->last_kind = LAST_ROOT;
    return 0;
}

int walk_last(struct path_walk *walk, struct inode **out)
{
    switch (walk->last_kind) {
    case LAST_NAME:
        return lookup_child(walk->at, walk->last, walk->last_length, out);
    case LAST_DOTDOT:
        *out = walk_parent(walk->at);
        return 0;
    case LAST_DOT:
    case LAST_ROOT:
        *out = inode_get(walk->at);
        return 0;
    }
    return -ENOENT;
}

/* Walk to the end; links in last place are followed if `flags` say so or a
 * slash stands behind them. */
static int walk_whole(struct path_walk *walk, int flags, struct inode **out)
{
    for (;;) {
        int err = walk_to_last(walk);
        if (err == 0)
            err = walk_last(walk, out);
        if (err != 0)
            return err;
        bool follow = !(flags & WALK_NOFOLLOW) || walk->trailing_slash;
        if (!S_ISLNK((*out)->mode) || !follow)
            return 0;
        err = walk_follow(walk, *out, out);
        if (err != 0 || *out != NULL)
            return err;
    }
}

int vfs_lookup(struct inode *start, const char *path, int flags,
               struct inode **out)
{
    struct path_walk walk;
    int err = walk_begin(&walk, start, path);

    if (err != 0 && (flags & WALK_EMPTY_PATH)) {
        *out = walk.at;
        return 0;
    }
    if (err == 0)
        err = walk_whole(&walk, flags, out);
    bool directory = (flags & WALK_DIRECTORY) || walk.trailing_slash;
    walk_end(&walk);
    if (err == 0 && directory && !S_ISDIR((*out)->mode)) {
        inode_put(*out);
        err = -ENOTDIR;
    }
    return err;
}
