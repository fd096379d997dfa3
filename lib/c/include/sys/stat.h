/*
 * sys/stat.h - what is known about a file.
 */
#pragma once

#include "abi/fcntl.h"
#include "abi/stat.h"

int stat(const char *path, struct stat *out);
int fstat(int fd, struct stat *out);
int lstat(const char *path, struct stat *out);
int fstatat(int dir_fd, const char *path, struct stat *out, int flags);
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
int fchmodat(int dir_fd, const char *path, mode_t mode, int flags);
mode_t umask(mode_t mask);
int mkdir(const char *path, mode_t mode);
int mkdirat(int dir_fd, const char *path, mode_t mode);
int mkfifo(const char *path, mode_t mode);
int mknod(const char *path, mode_t mode, dev_t device);
int mknodat(int dir_fd, const char *path, mode_t mode, dev_t device);
int utimensat(int dir_fd, const char *path, const struct timespec times[2],
              int flags);
int futimens(int fd, const struct timespec times[2]);
