/* fs/devfs.h - /dev: device nodes in a tmpfs. */
#pragma once

#include "fs/vfs.h"

/* The root of /dev with all nodes; the caller's reference, NULL: no memory. */
__must_check struct inode *devfs_create_root(void);
