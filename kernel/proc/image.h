/*
 * proc/image.h - map a program and its interpreter into an address space that
 * is being built, and put the first stack together.
 */
#pragma once

#include "abi/elf.h"
#include "core/types.h"

struct address_space;
struct exec_args;
struct inode;
struct credentials;

enum { IMAGE_HEAD_BYTES = 256 }; /* what exec reads of a file first */

/* Where things came to lie; for the auxiliary vector and the first frame. */
struct image {
    struct address_space *space;
    vaddr_t start_ip; /* of the interpreter, if there is one */
    vaddr_t entry;    /* of the program */
    vaddr_t headers;  /* its program headers, or 0 */
    unsigned header_count;
    vaddr_t interpreter_base; /* or 0 */
    vaddr_t stack_pointer;
};

/*
 * Map the program in `inode`, whose first `head_bytes` bytes are `head`, and
 * its interpreter into image->space, which has nothing but its limits set.
 * Returns 0, -ENOEXEC, -EINVAL, -ENOENT, -EACCES, -ELIBBAD, -ENOMEM, -EIO.
 */
__must_check int image_load(struct image *image, struct inode *inode,
                            const void *head, size_t head_bytes);

/*
 * Make the stack: strings, auxiliary vector, pointers, argc.  `file_name` is
 * what AT_EXECFN points to.  Returns 0, -ENOMEM, -E2BIG, -EFAULT.
 */
__must_check int image_push_args(struct image *image,
                                 const struct exec_args *args,
                                 const char *file_name,
                                 const struct credentials *credentials,
                                 bool secure);
