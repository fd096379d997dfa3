/*
 * scheduling.h - the calls about scheduling by their instruction, and what
 * tests of it share.
 *
 * Each returns what the kernel answers: a value or -errno.
 */
#pragma once

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

enum { NOBODY_USER = 1234, OTHER_USER = 1235, NO_SUCH_TID = 0x3ffffff0 };

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

/* struct sched_attr, as long as Linux 6.1 knows it; some headers do not. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t least, most; /* clamps of the utilisation */
};

enum { FLAG_RESET = 1, FLAG_KEEP_POLICY = 8, FLAG_KEEP_PARAMS = 16 };

long set_policy(pid_t tid, int policy, int priority);
long get_policy(pid_t tid);
long set_rt_priority(pid_t tid, int priority);
/* The priority, or -errno. */
long get_rt_priority(pid_t tid);
long set_attributes(pid_t tid, const void *attributes, unsigned flags);
long get_attributes(pid_t tid, void *attributes, unsigned size, unsigned flags);
/* Back to SCHED_OTHER without flags and nice 0. */
void set_normal(void);

/* Nice value of a thread, or 100 if there is none. */
int nice_of(pid_t tid);

/* Real, effective and saved ids of this process; a failure ends the test. */
void become_user(uid_t user);

/* A child that sleeps until it is killed, as `user`; its number. */
pid_t start_sleeper(uid_t user);
void end_sleeper(pid_t pid);

/* CPUs of a thread as a mask of 64, or 0. */
uint64_t get_cpus(pid_t tid);
/* 0 or -errno. */
long set_cpus(pid_t tid, uint64_t mask);
/* The lowest CPU that this thread may use; -1 after the last. */
int first_cpu(void);
int next_cpu(int cpu);
/* Where this thread runs. */
int this_cpu(void);

/* Processor time of this thread in ns. */
uint64_t thread_cpu_ns(void);
/* Compute until this thread has used so much more. */
void compute_ms(long ms);
