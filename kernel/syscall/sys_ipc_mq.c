/*
 * syscall/sys_ipc_mq.c - POSIX message queues.
 *
 * Idea:   copies arguments in and results out; and, because ipc/ stands below
 *         proc/, sends the signal that tells of a message.
 * Locks:  process_tree_lock, inside mq_lock, to find who is told.
 * Next:   ipc/mqueue.c.
 */
#include "abi/errno.h"
#include "abi/limits.h"
#include "base/string.h"
#include "fs/names.h"
#include "ipc/mqueue.h"
#include "proc/process.h"
#include "sched/wait.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

/* One path component: 0 with its length, or -errno. */
static int get_name(char *name, const char __user *from)
{
    int64_t length = copy_string_from_user(name, from, NAME_MAX + 1);

    if (length < 0)
        return (int)length;
    if (length == 0)
        return -ENOENT;
    return strchr(name, '/') || strcmp(name, ".") == 0 ||
                   strcmp(name, "..") == 0
               ? -EACCES
               : 0;
}

int64_t sys_mq_open(const char __user *name, int flags, mode_t mode,
                    const struct mq_attr __user *attributes)
{
    uint64_t limit = process_current()->limits[RLIMIT_MSGQUEUE].rlim_cur;
    char text[NAME_MAX + 1];
    struct mq_attr attr;
    struct file *file;

    if (attributes && get_user(attr, attributes) != 0)
        return -EFAULT;
    int err = get_name(text, name);
    if (err == 0)
        err = mq_open(text, flags, vfs_apply_umask(mode & 0777),
                      attributes ? &attr : NULL, limit, &file);
    if (err != 0)
        return err;
    int fd = fd_install(file, 0, true); /* as on Linux, without O_CLOEXEC too */
    if (fd < 0)
        file_put(file);
    return fd;
}

int64_t sys_mq_unlink(const char __user *name)
{
    char text[NAME_MAX + 1];
    int err = get_name(text, name);

    return err != 0 ? err : mq_unlink(text);
}

/* An optional time of day as a deadline: 0, -EFAULT, -EINVAL. */
static int get_deadline(const struct timespec __user *time, uint64_t *out)
{
    struct timespec t;

    *out = WAIT_FOREVER;
    if (!time)
        return 0;
    if (get_user(t, time) != 0)
        return -EFAULT;
    if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    int64_t seconds = t.tv_sec - (int64_t)clock_boot_epoch();
    if (seconds < 0)
        *out = 0;
    else if (__builtin_mul_overflow((uint64_t)seconds, NSEC_PER_SEC, out) ||
             __builtin_add_overflow(*out, (uint64_t)t.tv_nsec, out))
        *out = WAIT_FOREVER;
    return 0;
}

int64_t sys_mq_timedsend(int fd, const char __user *text, size_t bytes,
                         unsigned priority, const struct timespec __user *time)
{
    uint64_t deadline;
    int err = get_deadline(time, &deadline);

    if (err != 0)
        return err;
    struct file *file = fd_get(fd);
    if (!file)
        return -EBADF;
    err = mq_send(file, text, bytes, priority, deadline);
    file_put(file);
    return err;
}

int64_t sys_mq_timedreceive(int fd, char __user *text, size_t bytes,
                            unsigned __user *priority,
                            const struct timespec __user *time)
{
    unsigned value = 0;
    uint64_t deadline;
    int err = get_deadline(time, &deadline);

    if (err != 0)
        return err;
    struct file *file = fd_get(fd);
    if (!file)
        return -EBADF;
    int64_t result = mq_receive(file, text, bytes, &value, deadline);
    file_put(file);
    if (result >= 0 && priority && put_user(value, priority) != 0)
        return -EFAULT;
    return result;
}

/* mq_notice.send: a process that has ended, or whose number another one has
 * now, hears nothing. */
static bool send_notice(const struct mq_notice *notice, const siginfo_t *info)
{
    spin_lock(&process_tree_lock);
    struct process *p = process_find_locked(notice->pid);
    bool alive =
        p && p->life == PROCESS_ALIVE && p->start_ns == notice->start_ns;
    if (alive && info && info->si_signo != 0)
        signal_send_process(p, info->si_signo, info);
    spin_unlock(&process_tree_lock);
    return alive;
}

int64_t sys_mq_notify(int fd, const struct sigevent __user *event)
{
    struct mq_notice notice = {
        .pid = process_current()->pid,
        .start_ns = process_current()->start_ns,
    };

    if (event) {
        if (get_user(notice.event, event) != 0)
            return -EFAULT;
        notice.send = send_notice;
        if (notice.event.sigev_notify != SIGEV_NONE &&
            (notice.event.sigev_notify != SIGEV_SIGNAL ||
             (unsigned)notice.event.sigev_signo > SIGNAL_MAX))
            return -EINVAL;
    }
    struct file *file = fd_get(fd);
    if (!file)
        return -EBADF;
    int err = mq_notify(file, &notice);
    file_put(file);
    return err;
}

int64_t sys_mq_getsetattr(int fd, const struct mq_attr __user *new,
                          struct mq_attr __user *old)
{
    struct mq_attr change, before;

    if (new &&get_user(change, new) != 0)
        return -EFAULT;
    struct file *file = fd_get(fd);
    if (!file)
        return -EBADF;
    int err = mq_attributes(file, new ? &change : NULL, &before);
    file_put(file);
    if (err == 0 && old && put_user(before, old) != 0)
        return -EFAULT;
    return err;
}
