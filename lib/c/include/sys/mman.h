/*
 * sys/mman.h - mapping memory.
 */
#pragma once

#include <stddef.h>

#include "abi/mman.h"
#include "abi/types.h"

void *mmap(void *address, size_t length, int prot, int flags, int fd,
           off_t offset);
int munmap(void *address, size_t length);
int mprotect(void *address, size_t length, int prot);
void *mremap(void *address, size_t old_length, size_t new_length, int flags,
             ...);
int msync(void *address, size_t length, int flags);
int madvise(void *address, size_t length, int advice);
int posix_madvise(void *address, size_t length, int advice);
int mincore(void *address, size_t length, unsigned char *vec);
int mlock(const void *address, size_t length);
int mlock2(const void *address, size_t length, unsigned flags);
int munlock(const void *address, size_t length);
int mlockall(int flags);
int munlockall(void);
int memfd_create(const char *name, unsigned flags);
