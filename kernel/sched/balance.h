/*
 * sched/balance.h - which CPU a thread runs on.
 */
#pragma once

#include "sched/policy.h"

/* The CPU that a woken or displaced thread is to be queued on. */
unsigned balance_choose_cpu(const struct thread *t);

/* Take a ready thread that may run here from the longest other queue, if that
 * has `least` or more of them.  Context: no run queue locked. */
bool balance_pull(uint32_t least);

/* Take those that wait on other CPUs with a real-time priority above this, and
 * may run here.  Context: interrupts off, no run queue locked. */
void balance_pull_real_time(unsigned above);

/* A tick of the CPU with this queue, which is busy: pull if another is worse
 * off, push to one that is idle.  Context: timer interrupt, no run queue
 * locked. */
void balance_tick(struct run_queue *rq);
