/*
 * fcntl.h - opening files.
 */
#pragma once

#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/unistd.h"

int open(const char *path, int flags, ...);
int openat(int dir_fd, const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
int fcntl(int fd, int command, ...);
int renameat(int from_fd, const char *from, int to_fd, const char *to);
int renameat2(int from_fd, const char *from, int to_fd, const char *to,
              unsigned flags);
/* Commands of lockf(), also in unistd.h. */
#define F_ULOCK 0
#define F_LOCK  1
#define F_TLOCK 2
#define F_TEST  3
int lockf(int fd, int command, off_t length);
int posix_fadvise(int fd, off_t offset, off_t length, int advice);
