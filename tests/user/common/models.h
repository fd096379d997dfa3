/*
 * models.h - the same body under each of the four models of user threads.
 *
 * The body is the first thread; it makes the checks, and names them with
 * model_name.  Other threads only store what they see.
 */
#pragma once

#include "../../../lib/uthread/uthread.h"
#include "check.h"

static const char *model_name;
static enum uthread_model model;

/* One model, with this many carriers and preemption. */
static inline void run_model(enum uthread_model which, unsigned carriers,
                             unsigned preempt_ms, void *(*body)(void *),
                             void *argument)
{
    struct uthread_options options = { .model = which,
                                       .carriers = carriers,
                                       .preempt_ms = preempt_ms };

    model = which;
    model_name = uthread_model_name(which);
    CHECK_EQ(uthread_run(&options, body, argument), 0, "%s: all ends",
             model_name);
}

/* All of them, one after the other. */
static inline void run_models(unsigned carriers, unsigned preempt_ms,
                              void *(*body)(void *), void *argument)
{
    for (int i = 0; i < UTHREAD_MODELS; i++)
        run_model((enum uthread_model)i, carriers, preempt_ms, body, argument);
}

/* The kernel runs each thread by itself. */
static inline bool is_one_to_one(void)
{
    return model == UTHREAD_ONE_TO_ONE;
}

/* Until the word has the value; others run meanwhile. */
static inline void await_value(volatile int *word, int value)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
        uthread_yield();
}
