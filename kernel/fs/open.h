/*
 * fs/open.h - opening files by path; the functions are declared in fs/vfs.h.
 */
#pragma once

#include "fs/vfs.h"

/* Get the right to write to a regular file (-ETXTBSY while it is executed);
 * inode_end_write() gives it back. */
__must_check int inode_begin_write(struct inode *inode);
void inode_end_write(struct inode *inode);
