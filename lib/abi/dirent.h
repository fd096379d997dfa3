/*
 * abi/dirent.h - what getdents64() writes: records of different lengths, each
 * a multiple of 8 bytes.
 */
#pragma once

#include "abi/types.h"

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;           /* position to continue behind this record */
    unsigned short d_reclen; /* of this record, with name and padding */
    unsigned char d_type;
    char d_name[]; /* terminated */
};

#define DT_UNKNOWN 0
#define DT_FIFO    1
#define DT_CHR     2
#define DT_DIR     4
#define DT_BLK     6
#define DT_REG     8
#define DT_LNK     10
#define DT_SOCK    12

/* Both conversions between d_type and st_mode. */
#define IFTODT(mode) (((mode)&0170000) >> 12)
#define DTTOIF(type) ((type) << 12)

_Static_assert(offsetof(struct linux_dirent64, d_name) == 19,
               "layout of struct linux_dirent64");
