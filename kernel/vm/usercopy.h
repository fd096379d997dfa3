/*
 * vm/usercopy.h - the only functions that touch user memory.
 *
 * Each checks that the whole range is in the user half, opens SMAP for the
 * copy, and has an entry in the exception table: a fault that the fault handler
 * cannot resolve ends the copy.  May sleep (page faults), so no spinlock, inode
 * or page lock is held; the *_nofault forms may be called with mutexes held.
 * Copy once into the kernel, then check the copy.
 */
#pragma once

#include "core/types.h"

/* 0 or -EFAULT.  On -EFAULT a part may have been copied. */
__must_check int copy_from_user(void *to, const void __user *from, size_t n);
__must_check int copy_to_user(void __user *to, const void *from, size_t n);

/* Bytes NOT copied (0: all), for read/write that return short counts. */
size_t copy_from_user_partial(void *to, const void __user *from, size_t n);
size_t copy_to_user_partial(void __user *to, const void *from, size_t n);

/* Same, but page faults are not resolved: bytes not copied. */
size_t copy_from_user_nofault(void *to, const void __user *from, size_t n);
size_t copy_to_user_nofault(void __user *to, const void *from, size_t n);

/*
 * An aligned word of user memory in one access: its value, or (if it still is
 * *expected) a new one for it; *expected becomes the value found.  0, or
 * -EFAULT also where the page only has to be faulted in.  Context: any thread
 * of a process, spinlocks may be held.
 */
__must_check int user_load_nofault(uint32_t *value,
                                   const uint32_t __user *word);
__must_check int user_swap_nofault(uint32_t __user *word, uint32_t *expected,
                                   uint32_t value);

/* Make the pages of [addr, addr+n) present for VM_READ or VM_WRITE, so that a
 * nofault copy has a chance.  0 or -EFAULT (first page unusable). */
__must_check int user_fault_in(const void __user *addr, size_t n,
                               uint32_t access);

/*
 * A NUL-terminated string of at most size-1 bytes.  Returns its length,
 * -EFAULT, or -ENAMETOOLONG when no NUL is found in size bytes.
 */
__must_check int64_t copy_string_from_user(char *to, const char __user *from,
                                           size_t size);

/* Zero user memory: 0 or -EFAULT. */
__must_check int clear_user(void __user *to, size_t n);

/* Is [addr, addr+n) within the user half? (wraps are refused) */
bool user_range_ok(const void __user *addr, size_t n);

#define get_user(variable, pointer)                                            \
    copy_from_user(&(variable), (pointer), sizeof(variable))
#define put_user(value, pointer)                                               \
    ({                                                                         \
        __typeof__(value) put_value_ = (value);                                \
        copy_to_user((pointer), &put_value_, sizeof(put_value_));              \
    })

/* trap.c: where a fault at `ip` inside a copy continues, or 0. */
vaddr_t usercopy_fixup(vaddr_t ip);
