/*
 * syscall/sys_cred.c - who a process is and what it may use: user and group
 * numbers, process groups and sessions, limits, usage; and switching off.
 */
#include "abi/errno.h"
#include "abi/reboot.h"
#include "dev/power.h"
#include "fs/block_cache.h"
#include "proc/group.h"
#include "proc/limits.h"
#include "proc/process.h"
#include "proc/run.h"
#include "proc/usage.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

/* ---- user and group numbers ---------------------------------------------- */

int64_t sys_getuid(void)
{
    return process_current()->credentials.uid;
}

int64_t sys_geteuid(void)
{
    return process_current()->credentials.euid;
}

int64_t sys_getgid(void)
{
    return process_current()->credentials.gid;
}

int64_t sys_getegid(void)
{
    return process_current()->credentials.egid;
}

static void set_credentials(const struct credentials *c)
{
    struct process *p = process_current();

    spin_lock(&process_tree_lock);
    spin_lock(&p->lock);
    /* It may know what its new user must not. */
    p->undumpable |=
        c->euid != p->credentials.euid || c->egid != p->credentials.egid;
    p->credentials = *c;
    spin_unlock(&p->lock);
    spin_unlock(&process_tree_lock);
}

/* The superuser changes all its numbers for good, others only the effective
 * one, to one of those they have [POSIX "setuid()"]. */
int64_t sys_setuid(uid_t uid)
{
    struct credentials c = process_current()->credentials;

    if (uid == (uid_t)-1)
        return -EINVAL;
    if (c.euid == 0)
        c.uid = c.suid = uid;
    else if (uid != c.uid && uid != c.suid)
        return -EPERM;
    c.euid = c.fsuid = uid;
    set_credentials(&c);
    return 0;
}

int64_t sys_setgid(gid_t gid)
{
    struct credentials c = process_current()->credentials;

    if (gid == (gid_t)-1)
        return -EINVAL;
    if (c.euid == 0)
        c.gid = c.sgid = gid;
    else if (gid != c.gid && gid != c.sgid)
        return -EPERM;
    c.egid = c.fsgid = gid;
    set_credentials(&c);
    return 0;
}

/* There are no supplementary groups. */
int64_t sys_getgroups(int count, gid_t __user *groups)
{
    return count < 0 ? -EINVAL : 0;
}

/* ---- process groups and sessions ----------------------------------------- */

int64_t sys_setpgid(pid_t pid, pid_t group)
{
    return group_set(pid, group);
}

int64_t sys_getpgid(pid_t pid)
{
    return group_get(pid);
}

int64_t sys_getpgrp(void)
{
    return group_get(0);
}

int64_t sys_setsid(void)
{
    return session_create();
}

int64_t sys_getsid(pid_t pid)
{
    return session_get(pid);
}

/* ---- limits and usage ----------------------------------------------------- */

int64_t sys_prlimit64(pid_t pid, unsigned resource,
                      const struct rlimit __user *limit,
                      struct rlimit __user *old)
{
    struct rlimit new_limit, old_limit;

    if (limit && copy_from_user(&new_limit, limit, sizeof(new_limit)) != 0)
        return -EFAULT;
    int err = limit_exchange(pid, resource, limit ? &new_limit : NULL,
                             old ? &old_limit : NULL);
    if (err == 0 && old)
        err = copy_to_user(old, &old_limit, sizeof(old_limit));
    return err;
}

int64_t sys_getrlimit(unsigned resource, struct rlimit __user *limit)
{
    struct rlimit old;
    int err = limit_exchange(0, resource, NULL, &old);

    return err ? err : copy_to_user(limit, &old, sizeof(old));
}

int64_t sys_setrlimit(unsigned resource, const struct rlimit __user *limit)
{
    struct rlimit new_limit;

    if (copy_from_user(&new_limit, limit, sizeof(new_limit)) != 0)
        return -EFAULT;
    return limit_exchange(0, resource, &new_limit, NULL);
}

int64_t sys_getrusage(int who, struct rusage __user *usage)
{
    struct rusage out;

    if (who == RUSAGE_CHILDREN)
        process_children_usage(process_current(), &out);
    else if (who == RUSAGE_THREAD)
        thread_usage(thread_current(), &out);
    else if (who == RUSAGE_SELF)
        process_usage(process_current(), &out);
    else
        return -EINVAL;
    return copy_to_user(usage, &out, sizeof(out));
}

/* ---- the machine ----------------------------------------------------------- */

static bool is_second_magic(unsigned magic)
{
    return magic == LINUX_REBOOT_MAGIC2 || magic == LINUX_REBOOT_MAGIC2A ||
           magic == LINUX_REBOOT_MAGIC2B || magic == LINUX_REBOOT_MAGIC2C;
}

int64_t sys_reboot(int magic1, int magic2, unsigned command,
                   void __user *argument)
{
    if (process_current()->credentials.euid != 0)
        return -EPERM;
    if ((unsigned)magic1 != LINUX_REBOOT_MAGIC1 ||
        !is_second_magic((unsigned)magic2))
        return -EINVAL;
    switch (command) {
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0; /* there is no Ctrl-Alt-Del to act on */
    case LINUX_REBOOT_CMD_RESTART:
        block_cache_sync_all();
        machine_restart();
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        block_cache_sync_all();
        if (process_current() == init_process)
            run_report();
        machine_power_off();
    default:
        return -EINVAL;
    }
}
