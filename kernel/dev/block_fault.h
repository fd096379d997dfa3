/*
 * dev/block_fault.h - make a disk fail or slow, for tests.
 */
#pragma once

#include "core/types.h"

/*
 * One command, which may be changed:
 *   DISK read|write|flush COUNT|all [skip N] [sector FIRST] [sectors N]
 *       let N requests pass, then fail COUNT; only those that touch the
 *       sectors of the disk that are named, if any are
 *   DISK slow MS   each request waits so long before it is started
 *   DISK gone      the device stops answering, for good
 * 0, -EINVAL, -ENODEV no such disk.
 */
__must_check int block_fault_command(char *line);
