/*
 * syscall/sys_mem.c - mmap and its kin; what they do is in vm/.
 *
 * Locks:  none held.  Next: vm/mmap.c, vm/advise.c, vm/mlock.c.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "proc/process.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "vm/mlock.h"

static struct address_space *current_space(void)
{
    return process_current()->space;
}

/* May `file` be mapped like this?  0 or -errno, in Linux's order. */
static int check_file_map(const struct file *file, size_t length, int prot,
                          int flags, off_t offset)
{
    int type = flags & MAP_TYPE;
    bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;

    if (length == 0 || (!shared && type != MAP_PRIVATE))
        return -EINVAL;
    if (offset < 0 || length > (uint64_t)INT64_MAX - (uint64_t)offset)
        return length > USER_END ? -ENOMEM : -EOVERFLOW;
    if (shared && (prot & PROT_WRITE) && !file_may_write(file))
        return -EACCES;
    if (!file_may_read(file))
        return -EACCES;
    return file->ops->mmap == NULL ? -ENODEV : 0;
}

static int64_t map_file(unsigned long address, size_t length, int prot,
                        int flags, int fd, off_t offset)
{
    struct file *file = fd_get_usable(fd);

    if (file == NULL)
        return -EBADF;
    int64_t result = check_file_map(file, length, prot, flags, offset);
    if (result == 0) {
        struct mapping *mapping = file->ops->mmap(file);
        result = -ENOMEM;
        if (mapping != NULL) {
            result = vm_mmap(current_space(), address, length, (uint32_t)prot,
                             (uint32_t)flags, mapping, (uint64_t)offset,
                             file_may_write(file));
            mapping_put(mapping);
        }
    }
    file_put(file);
    return result;
}

int64_t sys_mmap(unsigned long address, size_t length, int prot, int flags,
                 int fd, off_t offset)
{
    if (offset & (off_t)(PAGE_SIZE - 1))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return map_file(address, length, prot, flags, fd, offset);
    if (flags & MAP_HUGETLB) /* the pool of huge pages is empty */
        return -ENOMEM;
    return vm_mmap(current_space(), address, length, (uint32_t)prot,
                   (uint32_t)flags, NULL, (uint64_t)offset, true);
}

int64_t sys_munmap(unsigned long address, size_t length)
{
    return vm_munmap(current_space(), address, length);
}

int64_t sys_mprotect(unsigned long address, size_t length, int prot)
{
    return vm_mprotect(current_space(), address, length, (uint32_t)prot);
}

int64_t sys_brk(unsigned long end)
{
    uint64_t limit = process_current()->limits[RLIMIT_DATA].rlim_cur;

    return vm_brk(current_space(), end, limit);
}

int64_t sys_mremap(unsigned long address, size_t old_length, size_t new_length,
                   int flags, unsigned long new_address)
{
    return vm_mremap(current_space(), address, old_length, new_length,
                     (uint32_t)flags, new_address);
}

int64_t sys_msync(unsigned long address, size_t length, int flags)
{
    return vm_msync(current_space(), address, length, flags);
}

int64_t sys_mincore(unsigned long address, size_t length,
                    unsigned char __user *vec)
{
    return vm_mincore(current_space(), address, length, vec);
}

int64_t sys_madvise(unsigned long address, size_t length, int advice)
{
    return vm_madvise(current_space(), address, length, advice);
}

int64_t sys_mlock(unsigned long address, size_t length)
{
    return vm_mlock(current_space(), address, length, 0);
}

int64_t sys_mlock2(unsigned long address, size_t length, int flags)
{
    return vm_mlock(current_space(), address, length, flags);
}

int64_t sys_munlock(unsigned long address, size_t length)
{
    return vm_munlock(current_space(), address, length);
}

int64_t sys_mlockall(int flags)
{
    return vm_mlockall(current_space(), flags);
}

int64_t sys_munlockall(void)
{
    return vm_munlockall(current_space());
}
