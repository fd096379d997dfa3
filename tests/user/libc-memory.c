/*
 * malloc and its relatives under random use: blocks never overlap, keep their
 * bytes, are aligned; large ones go back; impossible sizes are refused.
 * qsort and bsearch, which work on such blocks.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

enum { BLOCKS = 200, ROUNDS = 20000, NUMBERS = 3000 };

struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static struct block blocks[BLOCKS];

static int keeps_mark(const struct block *block)
{
    for (size_t i = 0; i < block->size; i++)
        if (block->bytes[i] != block->mark)
            return 0;
    return 1;
}

/* Mostly small, at times up to 300 KB. */
static size_t random_size(void)
{
    size_t limit = 1ul << (rand() % 10 + 4);

    return rand() % 200 == 0 ? (size_t)rand() % 300000 + 1
                             : (size_t)rand() % limit + 1;
}

/* One random step with one random block; 0 if something is wrong. */
static int step(struct block *block)
{
    size_t size = random_size();
    size_t kept = block->size < size ? block->size : size;

    if (!keeps_mark(block))
        return 0;
    if (block->bytes != NULL && rand() % 3 == 0) {
        free(block->bytes);
        *block = (struct block){ 0 };
        return 1;
    }
    block->bytes = realloc(block->bytes, size);
    block->size = block->bytes != NULL ? kept : 0;
    if (block->bytes == NULL || (uintptr_t)block->bytes % 16 != 0 ||
        !keeps_mark(block))
        return 0;
    block->size = size;
    block->mark = (unsigned char)rand();
    memset(block->bytes, block->mark, size);
    return 1;
}

static void check_random_use(void)
{
    int fine = 1;

    srand(3);
    for (int i = 0; i < ROUNDS && fine; i++)
        fine = step(&blocks[rand() % BLOCKS]);
    CHECK(fine, "%d random steps", ROUNDS);
    for (int i = 0; i < BLOCKS; i++) {
        fine &= keeps_mark(&blocks[i]);
        free(blocks[i].bytes);
    }
    CHECK(fine, "all blocks kept their bytes");
}

static void check_every_size(void)
{
    int fine = 1;

    for (size_t size = 0; size < 5000; size++) {
        unsigned char *zeros = calloc(1, size);
        unsigned char *other = malloc(size);

        for (size_t i = 0; i < size; i++)
            fine &= zeros[i] == 0;
        memset(zeros, 1, size);
        memset(other, 2, size);
        fine &= size == 0 || (zeros[size - 1] == 1 && other[0] == 2);
        free(zeros);
        free(other);
    }
    CHECK(fine, "calloc and malloc of 0 to 4999 bytes");
}

static void check_limits(void)
{
    volatile size_t huge = SIZE_MAX, half = SIZE_MAX / 2 + 2;
    void *volatile got;
    void *aligned = NULL;

    /* Volatile, lest the compiler decides that malloc succeeds. */
    got = malloc(huge);
    CHECK(got == NULL && errno == ENOMEM, "SIZE_MAX bytes");
    got = malloc(huge - 100);
    CHECK(got == NULL, "nearly as many");
    got = calloc(half, 2);
    CHECK(got == NULL, "a product that overflows");
    got = realloc(NULL, huge);
    CHECK(got == NULL, "realloc of SIZE_MAX bytes");
    CHECK_EQ(posix_memalign(&aligned, 4096, 100), 0, "aligned to a page");
    CHECK((uintptr_t)aligned % 4096 == 0, "it is");
    memset(aligned, 1, 100);
    free(aligned);

    unsigned char *large = malloc(10 << 20);

    memset(large, 5, 10 << 20);
    large = realloc(large, 40 << 20);
    CHECK(large != NULL && large[0] == 5 && large[(10 << 20) - 1] == 5,
          "10 MiB grown to 40 MiB");
    large = realloc(large, 100);
    CHECK(large != NULL && large[99] == 5, "and cut to 100 bytes");
    free(large);
    free(NULL);
}

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static int is_sorted(const int *numbers, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (numbers[i - 1] > numbers[i])
            return 0;
    return 1;
}

static void check_sorting(void)
{
    static int numbers[NUMBERS];
    int fine = 1;
    long sum = 0;

    for (size_t count = 0; count < 40; count++) {
        for (size_t i = 0; i < count; i++)
            numbers[i] = rand() % 20;
        qsort(numbers, count, sizeof(int), compare);
        fine &= is_sorted(numbers, count);
    }
    CHECK(fine, "qsort of 0 to 39 numbers");
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = (i * 7919) % NUMBERS * 2;
    qsort(numbers, NUMBERS, sizeof(int), compare);
    for (int i = 0; i < NUMBERS; i++)
        sum += numbers[i] == 2 * i;
    CHECK_EQ(sum, NUMBERS, "qsort of a permutation");
    fine = 1;
    for (int key = -1; key <= 2 * NUMBERS; key++) {
        const int *found =
            bsearch(&key, numbers, NUMBERS, sizeof(int), compare);
        int there = key >= 0 && key < 2 * NUMBERS && key % 2 == 0;

        fine &= there ? found != NULL && *found == key : found == NULL;
    }
    CHECK(fine, "bsearch of all keys");
}

int main(void)
{
    check_start();
    check_random_use();
    check_every_size();
    check_limits();
    check_sorting();
    return check_done();
}
