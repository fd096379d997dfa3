/*
 * thread_block.c - see thread_block.h.
 */
#include "common/thread_block.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "check.h"
#include "common/raw.h"

static int pipe_ends[2], full_ends[2], sockets[2];

void thread_block(long kind)
{
    static volatile uint32_t word;
    struct pollfd p = { pipe_ends[0], POLLIN, 0 };
    struct timespec long_time = { 1000, 0 };
    static char bytes[PAGE];
    unsigned long set = 1ul << (SIGUSR2 - 1);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(pipe_ends[0], &readable);
    switch (kind) {
    case 0:
        RAW3(SYS_read, pipe_ends[0], bytes, 1);
        break;
    case 1:
        RAW3(SYS_write, full_ends[1], bytes, PAGE);
        break;
    case 2:
        RAW6(SYS_futex, &word, FUTEX_WAIT, 0, 0, 0, 0);
        break;
    case 3:
        RAW6(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &long_time, 0, 0);
        break;
    case 4:
        RAW2(SYS_nanosleep, &long_time, 0);
        break;
    case 5:
        RAW3(SYS_poll, &p, 1, -1);
        break;
    case 6:
        RAW6(SYS_select, pipe_ends[0] + 1, &readable, 0, 0, 0, 0);
        break;
    case 7:
        RAW6(SYS_recvfrom, sockets[0], bytes, 1, 0, 0, 0);
        break;
    case 8:
        RAW4(SYS_wait4, -1, 0, 0, 0);
        break;
    case 9:
        RAW1(SYS_pause, 0);
        break;
    case 10:
        RAW4(SYS_rt_sigtimedwait, &set, 0, 0, 8);
        break;
    default:
        RAW4(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, 0);
    }
}

/* A child for wait4 to wait for; it goes with its parent's end of a pipe. */
static void make_grandchild(void)
{
    int ends_[2];
    char byte;
    NEED(pipe2(ends_, O_CLOEXEC) == 0);
    if (fork() == 0) {
        close(ends_[1]);
        (void)!read(ends_[0], &byte, 1);
        _exit(0);
    }
    close(ends_[0]);
}

void thread_block_prepare(void)
{
    make_grandchild();
    NEED(pipe2(pipe_ends, O_CLOEXEC) == 0 && pipe2(full_ends, O_CLOEXEC) == 0);
    NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
    fcntl(full_ends[1], F_SETFL, O_NONBLOCK);
    while (write(full_ends[1], "x", 1) == 1) {
    }
    fcntl(full_ends[1], F_SETFL, 0);
}
