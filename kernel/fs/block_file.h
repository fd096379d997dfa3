/* fs/block_file.h - open disks and partitions: /dev/vda and the like. */
#pragma once

#include "fs/file.h"

/* Open files of block special files whose rdev is a block device. */
extern const struct file_ops block_file_ops;
