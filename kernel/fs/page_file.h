/*
 * fs/page_file.h - reading and writing files whose bytes are the frames of
 * inode->mapping.
 */
#pragma once

#include "fs/file.h"

/* Open regular files of tmpfs. */
extern const struct file_ops page_file_ops;

/*
 * Set the size of a regular file; growing makes a hole.  Also frees the pages
 * behind a smaller size and unmaps them.  Returns 0, -EFBIG.
 * Locks: takes inode->lock.
 */
__must_check int page_file_truncate(struct inode *inode, uint64_t size);

/* First byte at or after `offset` that is data (or, `hole`, that is not);
 * -ENXIO beyond the end. */
int64_t page_file_seek(struct inode *inode, uint64_t offset, bool hole);
