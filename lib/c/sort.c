/*
 * lib/c/sort.c - sorting and searching arrays.
 *
 * Idea: merge sort, which is stable and never slow; it needs as much memory
 *       again.  Without that memory, insertion sort.
 */
#include <stdlib.h>
#include <string.h>

typedef int compare_function(const void *, const void *);

struct sorting {
    size_t size; /* of an element */
    compare_function *compare;
    char *spare; /* room for half of the elements */
};

static void insertion_sort(const struct sorting *s, char *base, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        char *element = base + i * s->size;

        for (; element > base; element -= s->size) {
            char *before = element - s->size;

            if (s->compare(before, element) <= 0)
                break;
            for (size_t k = 0; k < s->size; k++) {
                char byte = before[k];

                before[k] = element[k];
                element[k] = byte;
            }
        }
    }
}

/* Merges two sorted parts that follow each other; the left one is moved out
 * of the way first. */
static void merge(const struct sorting *s, char *base, size_t left_count,
                  size_t right_count)
{
    char *left = s->spare, *left_end = left + left_count * s->size;
    char *right = base + left_count * s->size;
    char *right_end = right + right_count * s->size;

    memcpy(left, base, left_count * s->size);
    while (left < left_end) {
        char **from = &left;

        if (right < right_end && s->compare(left, right) > 0)
            from = &right;
        memcpy(base, *from, s->size);
        *from += s->size;
        base += s->size;
    }
}

static void merge_sort(const struct sorting *s, char *base, size_t count)
{
    size_t half = count / 2;

    if (count < 8) {
        insertion_sort(s, base, count);
        return;
    }
    merge_sort(s, base, half);
    merge_sort(s, base + half * s->size, count - half);
    merge(s, base, half, count - half);
}

void qsort(void *base, size_t count, size_t size, compare_function *compare)
{
    struct sorting s = { .size = size, .compare = compare };

    if (count < 2 || size == 0)
        return;
    s.spare = malloc(count / 2 * size);
    if (s.spare == NULL) {
        insertion_sort(&s, base, count);
        return;
    }
    merge_sort(&s, base, count);
    free(s.spare);
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              compare_function *compare)
{
    const char *low = base;

    while (count > 0) {
        const char *middle = low + count / 2 * size;
        int order = compare(key, middle);

        if (order == 0)
            return (void *)(size_t)middle;
        if (order > 0) {
            low = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}
