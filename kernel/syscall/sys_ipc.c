/*
 * syscall/sys_ipc.c - eventfd, eventfd2, memfd_create: nameless objects that
 * live as long as a descriptor.
 *
 * Locks:  none held.  Next: ipc/eventfd.c, fs/tmpfs.c.
 */
#include "abi/errno.h"
#include "abi/eventfd.h"
#include "abi/limits.h"
#include "abi/mman.h"
#include "fs/page_file.h"
#include "fs/tmpfs.h"
#include "ipc/eventfd.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"

/* Name of a memfd, with its terminator: "memfd:" and it fill a component. */
enum { MEMFD_NAME_BYTES = NAME_MAX - 6 + 1 };

/* A descriptor for `file`, whose reference it takes over. */
static int64_t install(struct file *file, bool cloexec)
{
    int fd = fd_install(file, 0, cloexec);

    if (fd < 0)
        file_put(file);
    return fd;
}

int64_t sys_eventfd2(unsigned value, int flags)
{
    struct file *file;

    if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
        return -EINVAL;
    int err = eventfd_create(value, flags & EFD_SEMAPHORE,
                             (unsigned)flags & O_NONBLOCK, &file);
    return err != 0 ? err : install(file, flags & EFD_CLOEXEC);
}

int64_t sys_eventfd(unsigned value)
{
    return sys_eventfd2(value, 0);
}

int64_t sys_memfd_create(const char __user *name, unsigned flags)
{
    char text[MEMFD_NAME_BYTES];
    struct inode *inode;

    if (flags & ~(unsigned)MFD_CLOEXEC)
        return -EINVAL;
    int64_t length = copy_string_from_user(text, name, sizeof(text));
    if (length < 0)
        return length == -ENAMETOOLONG ? -EINVAL : length;
    int err = tmpfs_create_nameless(0777, &inode);
    if (err != 0)
        return err;
    struct file *file =
        file_create(&page_file_ops, inode, O_RDWR | O_LARGEFILE);
    if (file)
        __atomic_fetch_add(&inode->write_count, 1, __ATOMIC_RELAXED);
    inode_put(inode);
    return file ? install(file, flags & MFD_CLOEXEC) : -ENOMEM;
}
