/*
 * abi/types.h - scalar types that system calls exchange, as on Linux x86-64.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;
typedef unsigned int id_t;
typedef unsigned long dev_t;
typedef unsigned long ino_t;
typedef unsigned long nlink_t;
typedef long off_t;
typedef long blksize_t;
typedef long blkcnt_t;
typedef long ssize_t;
typedef long time_t;
typedef long suseconds_t;
typedef long clock_t;
typedef int clockid_t;
typedef unsigned long fsblkcnt_t;
typedef unsigned long fsfilcnt_t;

/* Device numbers: the low bits of major and minor are where old 16-bit
 * numbers had them, the rest above. */
#define makedev(major, minor)                                                  \
    ((dev_t)((((major)&0xfffff000ul) << 32) | (((major)&0xffful) << 8) |       \
             (((minor)&0xffffff00ul) << 12) | ((minor)&0xfful)))
#define major(dev)                                                             \
    ((unsigned)((((dev) >> 32) & 0xfffff000ul) | (((dev) >> 8) & 0xffful)))
#define minor(dev) ((unsigned)((((dev) >> 12) & 0xffffff00ul) | ((dev)&0xfful)))
