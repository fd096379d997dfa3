/*
 * sys/statfs.h - what is known about a file system.
 */
#pragma once

#include "abi/statfs.h"

int statfs(const char *path, struct statfs *out);
int fstatfs(int fd, struct statfs *out);
