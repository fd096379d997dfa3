/*
 * lib/c/system.c - facts about the system, random bytes, poll and select, swap.
 */
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cancel.h"

int uname(struct utsname *out)
{
    return (int)CALL(uname, out);
}

int gethostname(char *buf, size_t size)
{
    struct utsname name;

    if (uname(&name) != 0)
        return -1;
    if (strlcpy(buf, name.nodename, size) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

int swapon(const char *path, int flags)
{
    return (int)CALL(swapon, path, flags);
}

int swapoff(const char *path)
{
    return (int)CALL(swapoff, path);
}

int sysinfo(struct sysinfo *info)
{
    return (int)CALL(sysinfo, info);
}

int get_nprocs(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return CPU_COUNT(&set);
}

int get_nprocs_conf(void)
{
    return get_nprocs();
}

/* Frames of 4096 bytes, all or free. */
static long count_pages(int only_free)
{
    struct sysinfo info = { 0 };

    if (sysinfo(&info) != 0)
        return -1;
    return (long)((only_free ? info.freeram : info.totalram) * info.mem_unit /
                  4096);
}

long sysconf(int name)
{
    struct rlimit limit;

    switch (name) {
    case _SC_ARG_MAX:
        return ARG_MAX;
    case _SC_CHILD_MAX:
        return getrlimit(RLIMIT_NPROC, &limit) == 0 ? (long)limit.rlim_cur : -1;
    case _SC_CLK_TCK:
        return CLK_TCK;
    case _SC_NGROUPS_MAX:
        return NGROUPS_MAX;
    case _SC_OPEN_MAX:
        return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (long)limit.rlim_cur
                                                     : -1;
    case _SC_PAGESIZE:
        return 4096;
    case _SC_IOV_MAX:
        return IOV_MAX;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
        return get_nprocs();
    case _SC_PHYS_PAGES:
        return count_pages(0);
    case _SC_AVPHYS_PAGES:
        return count_pages(1);
    default:
        errno = EINVAL;
        return -1;
    }
}

long fpathconf(int fd, int name)
{
    switch (name) {
    case _PC_NAME_MAX:
        return NAME_MAX;
    case _PC_PATH_MAX:
        return PATH_MAX;
    case _PC_PIPE_BUF:
        return PIPE_BUF;
    default:
        errno = EINVAL;
        return -1;
    }
}

long pathconf(const char *path, int name)
{
    return fpathconf(-1, name);
}

ssize_t getrandom(void *buf, size_t count, unsigned flags)
{
    return CALL(getrandom, buf, count, flags);
}

int getentropy(void *buf, size_t count)
{
    if (count > 256) {
        errno = EIO;
        return -1;
    }
    return getrandom(buf, count, 0) == (ssize_t)count ? 0 : -1;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    return (int)CANCEL_CALL(poll, fds, count, timeout_ms);
}

/* The system call writes the time left to its argument; ours is const. */
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    struct timespec copy;

    if (timeout != NULL)
        copy = *timeout;
    return (int)CANCEL_CALL(ppoll, fds, count, timeout != NULL ? &copy : NULL,
                            mask, sizeof(sigset_t));
}

int select(int count, fd_set *in, fd_set *out, fd_set *except,
           struct timeval *timeout)
{
    return (int)CANCEL_CALL(select, count, in, out, except, timeout);
}

int pselect(int count, fd_set *in, fd_set *out, fd_set *except,
            const struct timespec *timeout, const sigset_t *mask)
{
    struct kernel_pselect_mask argument = { mask, sizeof(sigset_t) };
    struct timespec copy;

    if (timeout != NULL)
        copy = *timeout;
    return (int)CANCEL_CALL(pselect6, count, in, out, except,
                            timeout != NULL ? &copy : NULL, &argument);
}
