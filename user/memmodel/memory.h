#pragma once
/*
 * Memory as a row of blocks, each free or with an owner; what contiguous
 * allocation, the buddy system and segments have in common.
 */
#include "input.h"

/* A block is free when used is 0; more than used is internal fragmentation. */
struct block {
    long start, size;
    long used; /* what its owner asked for */
    char owner[NAME_BYTES];
};

struct memory {
    long size;
    struct block *blocks; /* by address, without gaps */
    size_t count;
};

/* How memory is used, all in the unit of its size. */
struct figures {
    long used, internal, free, largest;
    size_t holes, owners;
    double external; /* per cent of free memory outside the largest hole */
};

/* Makes memory of one free block, with room for as many blocks as needed. */
void memory_begin(struct memory *m, long size);
void memory_end(struct memory *m);

/* Cuts block i in two, the first of them `size` large. */
void memory_split(struct memory *m, size_t i, long size);

/* Joins block i and the one behind it; both are free. */
void memory_join(struct memory *m, size_t i);

/* Gives block i to owner, who asked for `used`. */
void memory_give(struct memory *m, size_t i, const char *owner, long used);

/* The index of owner's block, or -1. */
long memory_find(const struct memory *m, const char *owner);

void memory_measure(const struct memory *m, struct figures *f);
