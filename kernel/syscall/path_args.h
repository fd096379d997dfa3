/*
 * syscall/path_args.h - the path arguments of system calls: a string in user
 * memory, relative to a directory descriptor.
 */
#pragma once

#include "fs/file.h"

/* One path argument, copied into the kernel. */
struct path_arg {
    char *path;          /* never NULL after success */
    struct inode *start; /* with reference; NULL: working directory */
};

enum path_arg_kind {
    PATH_NOT_EMPTY, /* "" gives -ENOENT */
    PATH_MAY_BE_EMPTY,
};

/*
 * Copy `path` and look up `dir_fd` if the path is relative (or empty).
 * -EFAULT, -ENAMETOOLONG, -ENOENT, -EBADF, -ENOTDIR, -ENOMEM.
 * On success path_arg_put() must follow.
 */
__must_check int path_arg_get(struct path_arg *arg, int dir_fd,
                              const char __user *path, enum path_arg_kind kind);
void path_arg_put(struct path_arg *arg);

/* The inode that a path argument names; flags: WALK_*.  With WALK_EMPTY_PATH
 * an empty path means `dir_fd` itself, whatever it is. */
__must_check int path_arg_lookup(int dir_fd, const char __user *path, int flags,
                                 struct inode **out);

/* File of `fd` unless it was opened with O_PATH; NULL: -EBADF. */
__must_check struct file *fd_get_usable(int fd);
