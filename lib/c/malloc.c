/*
 * lib/c/malloc.c - dynamic memory.
 *
 * Idea:  sizes are rounded up to one of 48 classes, four per power of two, so
 *        at most a quarter is lost.  A freed block goes to the list of its
 *        class and serves the next request of that class; new blocks are cut
 *        from the break.  Blocks above 128 KiB are mappings of their own and
 *        go back to the system when freed.
 * Check: a header before each block says whether it is in use, which finds
 *        double frees and wrong pointers.
 * Locks: libc_malloc_latch guards the lists and the break.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fork.h"

enum {
    UNIT = 16,              /* alignment of all blocks, size of a header */
    CLASS_COUNT = 48,       /* the last one is 128 KiB */
    ARENA_STEP = 64 * 1024, /* how far the break moves at least */
    PAGE_BYTES = 4096,
    CLASS_MAPPED = 255,
    CLASS_ALIGNED = 254, /* inside a larger block: see posix_memalign */
};

#define MAGIC_USED 0x55534544u
#define MAGIC_FREE 0x46524545u

struct header {
    uint32_t magic;
    uint32_t class; /* index, or one of the two special ones */
    size_t size;    /* usable bytes; CLASS_ALIGNED: distance to the block */
};

struct free_block {
    struct header header;
    struct free_block *next;
};

struct latch libc_malloc_latch;

static struct free_block *free_lists[CLASS_COUNT];
static char *arena, *arena_end; /* not yet cut up */

_Static_assert(sizeof(struct header) == UNIT, "blocks keep their alignment");

/* Classes 0-3 are 16, 32, 48, 64 bytes; then each power of two has four. */
static size_t class_size(unsigned class)
{
    if (class < 4)
        return (class + 1) * UNIT;
    return (size_t)(5 + class % 4) * UNIT << (class / 4 - 1);
}

/* The smallest class that holds size, which is at most 128 KiB. */
static unsigned class_of(size_t size)
{
    /* Units needed, less one. */
    size_t more = size > 0 ? (size - 1) / UNIT : 0;

    if (more < 4)
        return (unsigned)more;
    /* `more` is 1xx.... in binary; the bits xx choose among the four. */
    unsigned top = 63 - (unsigned)__builtin_clzl(more);

    return (top - 1) * 4 + ((more >> (top - 2)) & 3);
}

static void die(const char *what)
{
    static const char prefix[] = "malloc: ";

    (void)!write(2, prefix, sizeof(prefix) - 1);
    (void)!write(2, what, strlen(what));
    (void)!write(2, "\n", 1);
    abort();
}

static struct header *header_of(void *memory)
{
    struct header *header = (struct header *)memory - 1;

    if (header->magic == MAGIC_FREE)
        die("block freed twice");
    if (header->magic != MAGIC_USED)
        die("pointer to no block, or its header was overwritten");
    if (header->class == CLASS_ALIGNED)
        return header_of((char *)memory - header->size);
    return header;
}

/* Cuts size bytes (a multiple of UNIT) from the break. */
static void *arena_cut(size_t size)
{
    if ((size_t)(arena_end - arena) < size) {
        size_t step = size > ARENA_STEP ? size : ARENA_STEP;
        char *more = sbrk((intptr_t)step);

        if (more == (void *)-1)
            return NULL;
        /* Someone else may have moved the break meanwhile. */
        if (more != arena_end)
            arena = (char *)(((uintptr_t)more + UNIT - 1) & -(uintptr_t)UNIT);
        arena_end = more + step;
        if ((size_t)(arena_end - arena) < size)
            return arena_cut(size);
    }
    void *piece = arena;

    arena += size;
    return piece;
}

static void *map_block(size_t size)
{
    size_t length = (size + UNIT + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;

    if (length < size) {
        errno = ENOMEM;
        return NULL;
    }
    struct header *header = mmap(NULL, length, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (header == MAP_FAILED)
        return NULL;
    header->magic = MAGIC_USED;
    header->class = CLASS_MAPPED;
    header->size = length - UNIT;
    return header + 1;
}

/* A block of this class, freed before or new; NULL: no memory. */
static struct free_block *take_block(unsigned class)
{
    struct free_block *block = free_lists[class];

    if (block != NULL) {
        free_lists[class] = block->next;
        return block;
    }
    block = arena_cut(class_size(class) + UNIT);
    if (block != NULL) {
        block->header.class = class;
        block->header.size = class_size(class);
    }
    return block;
}

void *malloc(size_t size)
{
    if (size > class_size(CLASS_COUNT - 1))
        return map_block(size);

    latch_lock(&libc_malloc_latch);
    struct free_block *block = take_block(class_of(size));

    latch_unlock(&libc_malloc_latch);
    if (block == NULL)
        return NULL;
    block->header.magic = MAGIC_USED;
    return &block->header + 1;
}

void free(void *memory)
{
    int saved = errno;

    if (memory == NULL)
        return;
    struct header *header = header_of(memory);

    if (header->class == CLASS_MAPPED) {
        munmap(header, header->size + UNIT);
        errno = saved;
        return;
    }
    struct free_block *block = (struct free_block *)header;

    header->magic = MAGIC_FREE;
    latch_lock(&libc_malloc_latch);
    block->next = free_lists[header->class];
    free_lists[header->class] = block;
    latch_unlock(&libc_malloc_latch);
}

void *calloc(size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory = malloc(total);

    /* A new mapping is zero already. */
    if (memory != NULL && header_of(memory)->class != CLASS_MAPPED)
        memset(memory, 0, total);
    return memory;
}

/* Lets the kernel move the pages of a mapped block. */
static void *remap_block(struct header *header, size_t size)
{
    size_t length = (size + UNIT + PAGE_BYTES - 1) & -(size_t)PAGE_BYTES;

    if (length < size) {
        errno = ENOMEM;
        return NULL;
    }
    header = mremap(header, header->size + UNIT, length, MREMAP_MAYMOVE);
    if (header == MAP_FAILED)
        return NULL;
    header->size = length - UNIT;
    return header + 1;
}

void *realloc(void *memory, size_t size)
{
    if (memory == NULL)
        return malloc(size);
    if (size == 0) {
        free(memory);
        return NULL;
    }
    struct header *header = header_of(memory);
    size_t room =
        header->size - (size_t)((char *)memory - (char *)(header + 1));
    int is_large = size > class_size(CLASS_COUNT - 1);

    if (header->class == CLASS_MAPPED && is_large &&
        memory == (void *)(header + 1))
        return remap_block(header, size);
    if (size <= room && size >= room / 4)
        return memory;
    void *copy = malloc(size);

    if (copy == NULL)
        return NULL;
    memcpy(copy, memory, room < size ? room : size);
    free(memory);
    return copy;
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, total);
}

/* Takes a larger block and puts a second header before the aligned address
 * that leads back to the block. */
int posix_memalign(void **out, size_t alignment, size_t size)
{
    if ((alignment & (alignment - 1)) != 0 || alignment < sizeof(void *))
        return EINVAL;
    if (alignment <= UNIT) {
        *out = malloc(size);
        return *out != NULL ? 0 : ENOMEM;
    }
    if (size + alignment + UNIT < size)
        return ENOMEM;
    char *block = malloc(size + alignment + UNIT);

    if (block == NULL)
        return ENOMEM;
    uintptr_t aligned =
        ((uintptr_t)block + UNIT + alignment - 1) & -(uintptr_t)alignment;
    struct header *inner = (struct header *)aligned - 1;

    inner->magic = MAGIC_USED;
    inner->class = CLASS_ALIGNED;
    inner->size = aligned - (uintptr_t)block;
    *out = (void *)aligned;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    void *memory;
    int error =
        posix_memalign(&memory, alignment < UNIT ? UNIT : alignment, size);

    if (error != 0) {
        errno = error;
        return NULL;
    }
    return memory;
}
