/*
 * syscall/sys_pipe.c - pipe and pipe2.
 *
 * Idea:  both descriptors are installed, then their numbers copied out; if
 *        anything fails on the way, what was made is undone.
 * Next:  ipc/pipe.c.
 */
#include "abi/errno.h"
#include "ipc/pipe.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

/* Descriptors for both files, whose references it takes over. */
static int install_ends(struct file *read_end, struct file *write_end,
                        bool cloexec, int fds[2])
{
    fds[0] = fd_install(read_end, 0, cloexec);
    if (fds[0] < 0) {
        file_put(read_end);
        file_put(write_end);
        return fds[0];
    }
    fds[1] = fd_install(write_end, 0, cloexec);
    if (fds[1] < 0) {
        file_put(write_end);
        int err = fd_close(fds[0]);
        return err != 0 ? err : fds[1];
    }
    return 0;
}

static void close_ends(const int fds[2])
{
    for (unsigned i = 0; i < 2; i++)
        if (fd_close(fds[i]) != 0)
            continue; /* another thread was faster */
}

int64_t sys_pipe2(int __user *fds, int flags)
{
    struct file *read_end, *write_end;
    int numbers[2];

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    int err = pipe_create((unsigned)flags & O_NONBLOCK, &read_end, &write_end);
    if (err != 0)
        return err;
    err = install_ends(read_end, write_end, flags & O_CLOEXEC, numbers);
    if (err != 0)
        return err;
    if (copy_to_user(fds, numbers, sizeof(numbers)) != 0) {
        close_ends(numbers);
        return -EFAULT;
    }
    return 0;
}

int64_t sys_pipe(int __user *fds)
{
    return sys_pipe2(fds, 0);
}
