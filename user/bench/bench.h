/*
 * bench.h - what the files of the benchmark share: rounds, figures, helpers.
 *
 * A benchmark runs in a child of its own. It measures one round after the
 * other while series_more() says so, and prints its figure at the end.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    BENCH_PAGE = 4096,
    BENCH_MIB = 1 << 20,
    MOST_ROUNDS = 63,
    WATCHDOG_SECONDS = 120,
};

/* One figure: the values of its rounds, the first of which does not count. */
struct series {
    uint64_t values[MOST_ROUNDS + 1]; /* in hundredths of the unit */
    int count;
};

/* Rounds that count, for every figure. */
extern int bench_rounds;
/* Path of this program. */
extern const char *bench_self;

/* Whether another round is wanted. */
int series_more(const struct series *s);
/* A round took so long for so many operations, or moved so many bytes. */
void series_add_time(struct series *s, uint64_t ns, uint64_t operations);
void series_add_rate(struct series *s, uint64_t ns, uint64_t bytes);
/* Prints the figure. Returns 0, or -1 if nothing was measured. */
int series_print(struct series *s, const char *name, const char *unit);

/* Waits for a child that has to end well. Returns 0 or -1. */
int bench_reap(pid_t pid);
/* Forks a child that works in parallel; it does not outlive a mistake. */
pid_t bench_fork_partner(void);
/* Memory in pages of 4 KiB, MAP_PRIVATE or MAP_SHARED; NULL: none. */
char *bench_get_memory(size_t length, int flags);
/* Writes to or reads from each page; the sum of what was read. */
void bench_write_pages(volatile char *p, size_t length, char value);
unsigned bench_read_pages(const volatile char *p, size_t length);
/* What the program that exec_20MiB runs does. Returns its exit status. */
int bench_touch_big(void);

struct bench {
    const char *name;
    int (*run)(const char *name); /* 0, or -1 with errno */
    const char *what;
};

/* The tables, each ended by a name of NULL. */
extern const struct bench process_benches[];
extern const struct bench memory_benches[];
extern const struct bench switch_benches[];
extern const struct bench signal_benches[];
extern const struct bench message_benches[];
extern const struct bench lock_benches[];
extern const struct bench thread_benches[];
extern const struct bench contend_benches[];
extern const struct bench uthread_benches[];
extern const struct bench swap_benches[];
