/*
 * ktest_threads.h - kernel threads as the self-tests use them.
 */
#pragma once

#include "core/config.h"
#include "core/types.h"
#include "sched/sched.h"

enum { KTEST_THREADS_MAX = 32 };

/* Start `count` threads that run body(arg); false (and a failed test) when
 * one cannot be made: then those started are still to be joined. */
struct ktest_team {
    unsigned count;
    struct thread *threads[KTEST_THREADS_MAX];
};
__must_check bool ktest_start(struct ktest_team *team, unsigned count,
                              void (*body)(void *arg), void *arg);

/* Wait until all have returned, and free them. */
void ktest_join(struct ktest_team *team);

/* Run body(arg) (may be NULL) at least once on each CPU; fails the test if that
 * does not come about within two minutes. */
void ktest_on_each_cpu(void (*body)(void *arg), void *arg);
