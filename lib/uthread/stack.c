/*
 * stack.c - stacks with guard pages, grown on demand.
 *
 * Idea:  the address space is cheap, memory is not: each thread gets 64 KiB of
 *        addresses, and the kernel gives it a page when it first touches one.
 *        The lowest page may not be touched at all.  They are mapped in chunks,
 *        32 at a time, so that their page tables are shared.
 * Costs: two regions for each thread (/proc/sys/vm/max_map_count), one page of
 *        memory, and 1/32 of a page-table page.
 * Locks: `lock`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "engine.h"

enum { STACKS_PER_CHUNK = 32 };

struct stack_chunk {
    char *memory;
    unsigned count; /* stacks that have their guard */
    unsigned used;
    struct uthread *free;
    struct stack_chunk *previous, *next; /* while some are free */
};

static struct uthread_lock lock;
static struct stack_chunk with_free = { .previous = &with_free,
                                        .next = &with_free };

static void list_chunk(struct stack_chunk *c)
{
    c->next = with_free.next;
    c->previous = &with_free;
    c->next->previous = c;
    with_free.next = c;
}

static void unlist_chunk(struct stack_chunk *c)
{
    c->previous->next = c->next;
    c->next->previous = c->previous;
}

/* Addresses that begin at a multiple of STACK_BYTES, or NULL. */
static char *map_aligned(size_t bytes)
{
    size_t more = bytes + STACK_BYTES;
    char *memory = mmap(NULL, more, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)memory % STACK_BYTES;
    if (before > 0)
        munmap(memory, before);
    munmap(memory + before + bytes, STACK_BYTES - before);
    return memory + before;
}

static struct uthread *thread_of(char *stack)
{
    return (struct uthread *)(stack + STACK_BYTES) - 1;
}

/* A chunk with as many stacks as get a guard page: regions may run out. */
static struct stack_chunk *chunk_create(void)
{
    struct stack_chunk *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->memory = map_aligned((size_t)STACKS_PER_CHUNK * STACK_BYTES);
    while (c->memory && c->count < STACKS_PER_CHUNK &&
           mprotect(c->memory + (size_t)c->count * STACK_BYTES, GUARD_BYTES,
                    PROT_NONE) == 0)
        c->count++;
    if (c->count > 0)
        return c;
    if (c->memory)
        munmap(c->memory, (size_t)STACKS_PER_CHUNK * STACK_BYTES);
    free(c);
    errno = ENOMEM;
    return NULL;
}

/* One that was used before, or the next one, not touched so far. */
static struct uthread *take_from(struct stack_chunk *c)
{
    struct uthread *t = c->free;

    if (t)
        c->free = t->next;
    else
        t = thread_of(c->memory + (size_t)c->used * STACK_BYTES);
    if (++c->used == c->count)
        unlist_chunk(c);
    return t;
}

struct uthread *uthread_stack_alloc(void)
{
    uthread_lock(&lock);
    struct stack_chunk *c = with_free.next;
    if (c == &with_free) {
        c = chunk_create();
        if (c)
            list_chunk(c);
    }
    struct uthread *t = c ? take_from(c) : NULL;
    uthread_unlock(&lock);
    if (t) {
        memset(t, 0, sizeof(*t));
        t->chunk = c;
    }
    return t;
}

void uthread_stack_free(struct uthread *t)
{
    struct stack_chunk *c = t->chunk;

    uthread_lock(&lock);
    t->next = c->free;
    c->free = t;
    if (c->used-- == c->count)
        list_chunk(c);
    /* The last chunk stays, or one thread after another would map anew. */
    bool is_spare = c->used == 0 && with_free.next != with_free.previous;
    if (is_spare)
        unlist_chunk(c);
    uthread_unlock(&lock);
    if (is_spare) {
        munmap(c->memory, (size_t)STACKS_PER_CHUNK * STACK_BYTES);
        free(c);
    }
}
