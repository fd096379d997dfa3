/*
 * abi/block.h - ioctl() requests of disks and partitions.
 */
#pragma once

#define BLKROGET     0x125e     /* int: is it read-only? */
#define BLKGETSIZE   0x1260     /* unsigned long: sectors of 512 bytes */
#define BLKFLSBUF    0x1261     /* forget what is cached */
#define BLKSSZGET    0x1268     /* int: bytes of the smallest transfer */
#define BLKPBSZGET   0x127b     /* unsigned: ... that the medium likes */
#define BLKBSZGET    0x80081270 /* int: bytes of a cached block */
#define BLKGETSIZE64 0x80081272 /* uint64_t: bytes */
