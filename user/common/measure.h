#pragma once
/*
 * What a process has cost so far: for the demonstrations and the benchmark.
 */

struct measure {
    long rss_kib; /* resident set of the process */
    unsigned long minor_faults, major_faults;
    long used_kib; /* memory in use in the machine */
};

/*
 * Measures this process. The first call may cause page faults of its own; call
 * it once beforehand where each fault counts. Returns 0, or -1 without /proc.
 */
int measure_take(struct measure *m);

/* Nanoseconds of a clock that never goes back. */
unsigned long long measure_clock(void);
