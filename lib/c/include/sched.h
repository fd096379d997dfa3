/*
 * sched.h - CPUs, and clone().
 */
#pragma once

#include <stddef.h>

#include "abi/sched.h"
#include "abi/time.h"
#include "abi/types.h"

#define CPU_SETSIZE 1024

typedef struct {
    unsigned long bits[CPU_SETSIZE / 64];
} cpu_set_t;

#define CPU_ZERO(set)       (*(set) = (cpu_set_t){ { 0 } })
#define CPU_SET(cpu, set)   ((set)->bits[(cpu) / 64] |= 1ul << ((cpu) % 64))
#define CPU_CLR(cpu, set)   ((set)->bits[(cpu) / 64] &= ~(1ul << ((cpu) % 64)))
#define CPU_ISSET(cpu, set) (((set)->bits[(cpu) / 64] >> ((cpu) % 64)) & 1)
#define CPU_COUNT(set)      __cpu_count(set)

int __cpu_count(const cpu_set_t *set);
int sched_yield(void);
int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param);
int sched_getscheduler(pid_t pid);
int sched_setparam(pid_t pid, const struct sched_param *param);
int sched_getparam(pid_t pid, struct sched_param *param);
int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);
int sched_rr_get_interval(pid_t pid, struct timespec *interval);
int sched_getcpu(void);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

/* Runs function(arg) in a new thread or process on the given stack (its upper
 * end); further arguments: pid_t *parent_tid, void *tls, pid_t *child_tid. */
int clone(int (*function)(void *), void *stack, int flags, void *arg, ...);
