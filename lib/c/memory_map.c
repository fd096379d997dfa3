/*
 * lib/c/memory_map.c - system calls on the address space.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call.h"

static uintptr_t current_break; /* 0: not known yet */

void *mmap(void *address, size_t length, int prot, int flags, int fd,
           off_t offset)
{
    return (void *)CALL(mmap, address, length, prot, flags, fd, offset);
}

int munmap(void *address, size_t length)
{
    return (int)CALL(munmap, address, length);
}

int mprotect(void *address, size_t length, int prot)
{
    return (int)CALL(mprotect, address, length, prot);
}

void *mremap(void *address, size_t old_length, size_t new_length, int flags,
             ...)
{
    va_list args;

    va_start(args, flags);
    void *target = va_arg(args, void *);

    va_end(args);
    return (void *)CALL(mremap, address, old_length, new_length, flags, target);
}

int msync(void *address, size_t length, int flags)
{
    return (int)CALL(msync, address, length, flags);
}

int madvise(void *address, size_t length, int advice)
{
    return (int)CALL(madvise, address, length, advice);
}

/* DONTNEED throws data away in Linux's meaning, not in that of POSIX. */
int posix_madvise(void *address, size_t length, int advice)
{
    if (advice == POSIX_MADV_DONTNEED)
        return 0;
    return (int)-RAW_CALL(madvise, address, length, advice);
}

int mincore(void *address, size_t length, unsigned char *vec)
{
    return (int)CALL(mincore, address, length, vec);
}

int mlock(const void *address, size_t length)
{
    return (int)CALL(mlock, address, length);
}

int mlock2(const void *address, size_t length, unsigned flags)
{
    return (int)CALL(mlock2, address, length, flags);
}

int munlock(const void *address, size_t length)
{
    return (int)CALL(munlock, address, length);
}

int mlockall(int flags)
{
    return (int)CALL(mlockall, flags);
}

int munlockall(void)
{
    return (int)CALL(munlockall);
}

int memfd_create(const char *name, unsigned flags)
{
    return (int)CALL(memfd_create, name, flags);
}

/* The system call returns the break that is in force afterwards. */
int brk(void *end)
{
    current_break = (uintptr_t)RAW_CALL(brk, end);
    if (current_break != (uintptr_t)end) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

void *sbrk(intptr_t increment)
{
    if (current_break == 0)
        current_break = (uintptr_t)RAW_CALL(brk, 0);

    uintptr_t old = current_break;

    if (increment != 0 && brk((void *)(old + (uintptr_t)increment)) != 0)
        return (void *)-1;
    return (void *)old;
}

int getpagesize(void)
{
    return 4096;
}
