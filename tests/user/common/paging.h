/*
 * paging.h - what tests of locked, advised and swapped memory share.
 *
 * The calls go past the C library, which need not have them; each returns a
 * value or -errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#define NUMBER_mlock      149
#define NUMBER_munlock    150
#define NUMBER_mlockall   151
#define NUMBER_munlockall 152
#define NUMBER_swapon     167
#define NUMBER_swapoff    168
#define NUMBER_mlock2     325

#define ONFAULT                1 /* MLOCK_ONFAULT */
#define LOCK_CURRENT           1 /* MCL_CURRENT and so on */
#define LOCK_FUTURE            2
#define LOCK_ONFAULT           4
#define MAP_LOCKED_            0x2000
#define ADVICE_NORMAL          0
#define ADVICE_RANDOM          1
#define ADVICE_SEQUENTIAL      2
#define ADVICE_WILLNEED        3
#define ADVICE_DONTNEED        4
#define ADVICE_FREE            8
#define ADVICE_NOHUGEPAGE      15
#define ADVICE_COLD            20
#define ADVICE_PAGEOUT         21
#define ADVICE_POPULATE_READ   22
#define ADVICE_POPULATE_WRITE  23
#define ADVICE_DONTNEED_LOCKED 24

long paging_lock(const void *at, size_t bytes);
long paging_lock_on_fault(const void *at, size_t bytes);
long paging_unlock(const void *at, size_t bytes);
long paging_lock_all(int flags);
long paging_unlock_all(void);
long paging_advise(const void *at, size_t bytes, int advice);
long paging_mincore(const void *at, size_t bytes, unsigned char *vector);

/* So many pages of new private memory (no huge pages), not touched. */
char *paging_map(size_t pages);

/* The same, shared with children. */
char *paging_map_shared(size_t pages);

/* How many of at most 1024 mapped pages are in memory, by mincore(). */
long paging_resident(const void *at, size_t pages);

/* "VmLck" of this process, in KiB. */
long paging_locked_kb(void);

/* Byte `n` of every page := mark + its number; then how many differ. */
void paging_mark(char *at, size_t pages, int mark);
long paging_differ(const char *at, size_t pages, int mark);

/* Some swap area is in use. */
bool paging_has_swap(void);

/* In a child: become a user without rights who may lock so many pages. */
int paging_become_user(size_t pages);

/* Page faults of this process so far. */
long paging_faults(void);

/* The code that checks of faults run is in memory from here on. */
void paging_warm_up(void);
