/*
 * syscall/sys_swap.c - swapon and swapoff: which disks stand in for memory.
 *
 * Next: vm/swap_area.c (areas), vm/swapoff.c.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "abi/swap.h"
#include "dev/block.h"
#include "fs/vfs.h"
#include "proc/process.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "vm/reclaim.h"
#include "vm/swap.h"

static bool is_privileged(void)
{
    return process_current()->credentials.euid == 0;
}

/* The device that a path names: 0 or -errno. */
static int find_device(const char __user *path, struct block_device **out)
{
    struct inode *inode;
    int err = path_arg_lookup(AT_FDCWD, path, 0, &inode);

    if (err != 0)
        return err;
    /* The errors are those of opening it, then of using it.  Files would have
     * to be of a file system on a disk. */
    *out = S_ISBLK(inode->mode) ? block_find((uint32_t)inode->rdev) : NULL;
    if (S_ISDIR(inode->mode))
        err = -EISDIR;
    else if (!*out)
        err = S_ISBLK(inode->mode) || S_ISSOCK(inode->mode) ? -ENXIO : -EINVAL;
    inode_put(inode);
    return err;
}

int64_t sys_swapon(const char __user *path, int flags)
{
    struct block_device *device;
    int priority = flags & SWAP_FLAG_PREFER ? flags & SWAP_FLAG_PRIO_MASK : -1;

    if (flags & ~SWAP_FLAGS_KNOWN)
        return -EINVAL;
    if (!is_privileged())
        return -EPERM;
    int err = find_device(path, &device);
    if (err == 0)
        err = reclaim_start();
    return err == 0 ? swap_on(device, priority) : err;
}

int64_t sys_swapoff(const char __user *path)
{
    struct block_device *device;

    if (!is_privileged())
        return -EPERM;
    int err = find_device(path, &device);
    return err == 0 ? swap_off(device) : err;
}
