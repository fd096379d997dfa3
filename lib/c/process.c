/*
 * lib/c/process.c - processes: creation, waiting, identity, limits.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cancel.h"
#include "process.h"

long __call_failed(long result)
{
    return call_result(result);
}

long syscall(long number, ...)
{
    long a[6];
    va_list args;

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    return call_result(raw_call6(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return (pid_t)CANCEL_CALL(wait4, pid, status, options, usage);
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
    return wait4(-1, status, options, usage);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
    return wait4(-1, status, 0, NULL);
}

int waitid(idtype_t which, id_t id, siginfo_t *info, int options)
{
    return (int)CANCEL_CALL(waitid, which, id, info, options, NULL);
}

pid_t getpid(void)
{
    return (pid_t)RAW_CALL(getpid);
}

pid_t getppid(void)
{
    return (pid_t)RAW_CALL(getppid);
}

pid_t gettid(void)
{
    return (pid_t)RAW_CALL(gettid);
}

pid_t getpgrp(void)
{
    return (pid_t)RAW_CALL(getpgrp);
}

pid_t getpgid(pid_t pid)
{
    return (pid_t)CALL(getpgid, pid);
}

int setpgid(pid_t pid, pid_t group)
{
    return (int)CALL(setpgid, pid, group);
}

int setpgrp(void)
{
    return setpgid(0, 0);
}

pid_t getsid(pid_t pid)
{
    return (pid_t)CALL(getsid, pid);
}

pid_t setsid(void)
{
    return (pid_t)CALL(setsid);
}

uid_t getuid(void)
{
    return (uid_t)RAW_CALL(getuid);
}

uid_t geteuid(void)
{
    return (uid_t)RAW_CALL(geteuid);
}

gid_t getgid(void)
{
    return (gid_t)RAW_CALL(getgid);
}

gid_t getegid(void)
{
    return (gid_t)RAW_CALL(getegid);
}

int setuid(uid_t uid)
{
    return (int)CALL(setuid, uid);
}

int setgid(gid_t gid)
{
    return (int)CALL(setgid, gid);
}

int getgroups(int count, gid_t groups[])
{
    return (int)CALL(getgroups, count, groups);
}

int getrlimit(int resource, struct rlimit *limit)
{
    return (int)CALL(prlimit64, 0, resource, NULL, limit);
}

int setrlimit(int resource, const struct rlimit *limit)
{
    return (int)CALL(prlimit64, 0, resource, limit, NULL);
}

int prlimit(pid_t pid, int resource, const struct rlimit *limit,
            struct rlimit *old)
{
    return (int)CALL(prlimit64, pid, resource, limit, old);
}

int getrusage(int who, struct rusage *usage)
{
    return (int)CALL(getrusage, who, usage);
}

long ptrace(int request, ...)
{
    va_list args;
    long word = 0;

    va_start(args, request);
    pid_t pid = va_arg(args, pid_t);
    void *address = va_arg(args, void *), *data = va_arg(args, void *);
    va_end(args);
    bool peeks = request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER;
    long result = CALL(ptrace, request, pid, address, peeks ? &word : data);
    if (!peeks || result < 0)
        return result;
    errno = 0;
    return word;
}

int prctl(int operation, ...)
{
    long a[4];
    va_list args;

    va_start(args, operation);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    return (int)CALL(prctl, operation, a[0], a[1], a[2], a[3]);
}

int reboot(int command)
{
    return (int)CALL(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command,
                     NULL);
}
