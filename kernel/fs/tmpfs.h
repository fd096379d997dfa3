/*
 * fs/tmpfs.h - the file system in memory: root, /dev, /dev/shm.
 */
#pragma once

#include "fs/vfs.h"

struct file_ops;

/* Boot: before the first tmpfs_create_root. */
void tmpfs_init(void);

/* Root directory (mode 0755) of a new, empty file system with device number
 * `dev`; the caller's reference.  NULL when memory is out. */
__must_check struct inode *tmpfs_create_root(uint64_t dev);

/*
 * Add `name` to `dir`: a node of `mode` whose open files do `fops` (NULL: what
 * the type of mode says).  The inode with a reference in *out if that is not
 * NULL.  Returns 0, -EEXIST, -ENOMEM.
 * Locks: takes dir->lock.
 */
__must_check int tmpfs_add_node(struct inode *dir, const char *name,
                                uint32_t mode, uint64_t rdev,
                                const struct file_ops *fops,
                                struct inode **out);

/* An empty regular file without a name, as if unlinked already (memfd): the
 * caller's reference in *out.  Returns 0 or -ENOMEM. */
__must_check int tmpfs_create_nameless(uint32_t mode, struct inode **out);
