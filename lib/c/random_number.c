/*
 * lib/c/random_number.c - rand() and random(): numbers that look random but
 * repeat from the same seed.  For secrets there is getrandom().
 */
#include <stdint.h>
#include <stdlib.h>

#include "latch.h"

static uint64_t state = 1;
static struct latch state_latch;

/* [Knuth, TAOCP 2, "The Linear Congruential Method"]: the multiplier is
 * MMIX's; the upper bits are the good ones. */
static int next(uint64_t *s)
{
    *s = *s * 6364136223846793005ul + 1442695040888963407ul;
    return (int)(*s >> 33);
}

int rand(void)
{
    latch_lock(&state_latch);
    int result = next(&state);

    latch_unlock(&state_latch);
    return result;
}

void srand(unsigned seed)
{
    state = seed;
}

int rand_r(unsigned *seed)
{
    uint64_t s = *seed;
    int result = next(&s);

    *seed = (unsigned)(s >> 32);
    return result;
}

long random(void)
{
    return rand();
}

void srandom(unsigned seed)
{
    srand(seed);
}
