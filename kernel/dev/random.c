/*
 * dev/random.c - a generator for a machine without secrets.
 *
 * xoshiro256** (Blackman and Vigna), seeded and now and then stirred by RDRAND
 * where the CPU has it.  It is not fit for cryptography: docs/CAVEATS.md.
 */
#include "dev/random.h"

#include "base/string.h"
#include "core/boot_info.h"
#include "core/spinlock.h"
#include "x86/cpu.h"
#include "x86/features.h"

#define FIXED_SEED 0x68616e75ul

static struct spinlock lock = SPINLOCK_INIT("random", RANK_FS_LEAF);
static uint64_t state[4]; /* [L] */
static bool use_hardware; /* [I] */

static uint64_t rotate_left(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static uint64_t hardware(void)
{
    uint64_t v = 0;

    if (use_hardware)
        __asm__ volatile("rdrand %0" : "+r"(v) : : "cc");
    return v;
}

/* splitmix64 spreads one seed over the state. */
static uint64_t split(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15ul;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ z >> 27) * 0x94d049bb133111ebul;
    return z ^ z >> 31;
}

void random_init(void)
{
    bool fixed = boot_option("norandom");
    uint64_t seed = FIXED_SEED;

    use_hardware = cpu_features.rdrand && !fixed;
    if (!fixed)
        seed ^= cpu_rdtsc() ^ hardware();
    for (unsigned i = 0; i < ARRAY_LENGTH(state); i++)
        state[i] = split(&seed);
}

uint64_t random_u64(void)
{
    spin_lock(&lock);
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate_left(state[3], 45);
    spin_unlock(&lock);
    return result ^ hardware();
}

void random_bytes(void *buf, size_t count)
{
    char *to = buf;

    while (count > 0) {
        uint64_t v = random_u64();
        size_t n = MIN(count, sizeof(v));
        memcpy(to, &v, n);
        to += n;
        count -= n;
    }
}
