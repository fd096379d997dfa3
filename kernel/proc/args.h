/*
 * proc/args.h - the strings of an execve on their way from the old address
 * space to the new one.
 *
 * They are copied once into kernel memory, one behind the other with their
 * terminators, and written to the new stack from there.
 */
#pragma once

#include "core/types.h"

struct address_space;
struct args_chunk;

struct exec_args {
    struct args_chunk *first, *last; /* owned */
    size_t bytes;                    /* of all strings, with terminators */
    uint64_t limit;                  /* most that strings and pointers take */
    unsigned argc, envc;             /* strings added so far, argv first */
};

/* An empty list; `stack_limit` is RLIMIT_STACK in bytes. */
void args_init(struct exec_args *args, uint64_t stack_limit);

/* Free the kernel's copies. */
void args_free(struct exec_args *args);

/* Append one string: 0, -EFAULT, -E2BIG, -ENOMEM, -EINTR (killed).  The caller
 * counts it in argc or envc. */
__must_check int args_add_kernel(struct exec_args *args, const char *string);
__must_check int args_add_user(struct exec_args *args,
                               const char __user *string);

/* Append the strings of a NULL-terminated array but the first `skip`, and count
 * them in *count.  A NULL array is empty.  Errors as above. */
__must_check int args_add_user_array(struct exec_args *args,
                                     const char __user *const __user *array,
                                     unsigned skip, unsigned *count);

/* Write all strings to `start` in `space`: 0, -ENOMEM, -EFAULT. */
__must_check int args_write(const struct exec_args *args,
                            struct address_space *space, vaddr_t start);

/* Call visit(offset, arg) for the offset of each string, in order; stops at the
 * first result that is not 0 and returns it. */
int args_for_each(const struct exec_args *args,
                  int (*visit)(uint64_t offset, void *arg), void *arg);
