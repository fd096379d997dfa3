/*
 * replace_sim/opt.h - the page whose next use is farthest away.
 */
#pragma once

#include <stdint.h>

/* A heap of the resident pages, the one to go on top. */
struct opt {
    uint64_t *key;   /* of each page: the greater, the sooner it goes */
    uint32_t *heap;  /* pages */
    uint32_t *place; /* of each page in the heap */
    uint32_t count;
};

void opt_init(struct opt *opt, uint32_t pages, uint32_t frames);
void opt_free(struct opt *opt);

/* The page comes in; its next use is at `next` (TRACE_NEVER: none), this one
 * is at `now`. */
void opt_add(struct opt *opt, uint32_t page, uint32_t now, uint32_t next);
/* The same for a page that is resident. */
void opt_use(struct opt *opt, uint32_t page, uint32_t now, uint32_t next);

/* The page to go; opt_remove_victim() takes it out. */
uint32_t opt_victim(const struct opt *opt);
void opt_remove_victim(struct opt *opt);
