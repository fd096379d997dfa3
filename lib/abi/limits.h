/*
 * abi/limits.h - limits of the kernel that programs may rely on.
 */
#pragma once

#define NAME_MAX       255  /* bytes of one path component */
#define PATH_MAX       4096 /* bytes of a path with its terminator */
#define PIPE_BUF       4096 /* pipe writes up to here are never interleaved */
#define LINK_MAX       127
#define SYMLOOP_MAX    40 /* symbolic links followed in one path walk */
#define NGROUPS_MAX    65536
#define ARG_MAX        131072 /* what every system allows for exec's strings */
#define IOV_MAX        1024
#define OPEN_MAX       1024 /* descriptors by default (RLIMIT_NOFILE) */
#define HOST_NAME_MAX  64
#define TTY_NAME_MAX   32
#define LOGIN_NAME_MAX 256
#define RW_MAX_BYTES   0x7ffff000 /* most that one read or write moves */
