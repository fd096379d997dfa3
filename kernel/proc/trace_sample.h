/*
 * proc/trace_sample.h - the profile: what the CPU was doing, every so often.
 */
#pragma once

struct trap_frame;

/* In the timer interrupt, if trace_is_on(SAMPLE): if it is time, write where the
 * CPU was, in the kernel and in the program, as SAMPLE and STACK events. */
void trace_sample(const struct trap_frame *frame);
