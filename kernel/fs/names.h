/*
 * fs/names.h - operations that change what names a directory has.
 *
 * `start`: where relative paths begin, NULL for the working directory.  Modes
 * are masked with the caller's umask.  All return 0 or Linux's -errno, and
 * may sleep.  Locks: they take the locks of the directories.
 */
#pragma once

#include "fs/namei.h"

/* The mode a new file gets: `mode` without the bits of the caller's umask. */
uint32_t vfs_apply_umask(uint32_t mode);

__must_check int vfs_mkdir(struct inode *start, const char *path,
                           uint32_t mode);
/* Regular files, FIFOs, sockets and device nodes, by the type in `mode`. */
__must_check int vfs_mknod(struct inode *start, const char *path, uint32_t mode,
                           uint64_t rdev);
__must_check int vfs_symlink(const char *target, struct inode *start,
                             const char *path);
/* One more name for `inode`. */
__must_check int vfs_link(struct inode *inode, struct inode *start,
                          const char *path);
__must_check int vfs_unlink(struct inode *start, const char *path);
__must_check int vfs_rmdir(struct inode *start, const char *path);
/* flags: RENAME_NOREPLACE or 0. */
__must_check int vfs_rename(struct inode *old_start, const char *old_path,
                            struct inode *new_start, const char *new_path,
                            unsigned flags);

/* A new inode for the name that `walk` stands before, whose directory is
 * locked and has no such name; with a reference.  Checks the right to write
 * there.  For open(O_CREAT). */
__must_check int names_create(struct path_walk *walk, uint32_t mode,
                              uint64_t rdev, struct inode **out);
