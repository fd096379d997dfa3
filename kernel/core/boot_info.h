/*
 * core/boot_info.h - what the boot loader told us, loader-independent.
 */
#pragma once

#include "core/types.h"

enum { BOOT_MAX_RANGES = 64, BOOT_CMDLINE_BYTES = 4096 };

struct boot_range {
    paddr_t start, end; /* bytes [start, end) of usable RAM */
};

struct boot_info {
    struct boot_range ram[BOOT_MAX_RANGES]; /* sorted, disjoint */
    unsigned ram_count;
    paddr_t initrd_start, initrd_end; /* 0, 0 when there is none */
    paddr_t rsdp;                     /* ACPI root, 0 if unknown */
    char cmdline[BOOT_CMDLINE_BYTES];
};

extern struct boot_info boot_info; /* [I] after boot */

/* True if `word` stands alone on the kernel command line. */
bool boot_option(const char *word);

/* The text behind `key` (as "init="), copied to buf; false if absent. */
bool boot_option_value(const char *key, char *buf, size_t size);

/* Usable RAM in all. */
uint64_t boot_ram_bytes(void);
