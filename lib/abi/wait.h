/*
 * abi/wait.h - options of wait4() and waitid(), and the layout of the wait
 * status: exit code in bits 8-15, or signal in bits 0-6 and the core-dump
 * flag in bit 7, or 0x7f with the stop signal in bits 8-15, or 0xffff.
 */
#pragma once

#define WNOHANG     1
#define WUNTRACED   2
#define WSTOPPED    2
#define WEXITED     4
#define WCONTINUED  8
#define WNOWAIT     0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL      0x40000000
#define __WCLONE    0x80000000

/* First argument of waitid(). */
#define P_ALL   0
#define P_PID   1
#define P_PGID  2
#define P_PIDFD 3

#define WAIT_STATUS_EXITED(code)    (((code)&0xff) << 8)
#define WAIT_STATUS_STOPPED(signal) (((signal) << 8) | 0x7f)
#define WAIT_STATUS_CONTINUED       0xffff

#define WEXITSTATUS(status)  (((status)&0xff00) >> 8)
#define WTERMSIG(status)     ((status)&0x7f)
#define WSTOPSIG(status)     WEXITSTATUS(status)
#define WCOREDUMP(status)    ((status)&0x80)
#define WIFEXITED(status)    (WTERMSIG(status) == 0)
#define WIFSTOPPED(status)   (((status)&0xff) == 0x7f)
#define WIFCONTINUED(status) ((status) == WAIT_STATUS_CONTINUED)
#define WIFSIGNALED(status)  (((status)&0xffff) - 1u < 0xffu)
