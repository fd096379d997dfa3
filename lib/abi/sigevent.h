/*
 * abi/sigevent.h - how a process wants to hear of an event.
 */
#pragma once

#include "abi/signal.h"

#define SIGEV_SIGNAL    0
#define SIGEV_NONE      1
#define SIGEV_THREAD    2
#define SIGEV_THREAD_ID 4

typedef struct sigevent {
    sigval_t sigev_value;
    int sigev_signo;
    int sigev_notify; /* SIGEV_* */
    union {
        int pad[12];
        int thread_id;
        struct {
            void (*function)(sigval_t value);
            void *attributes;
        } thread;
    } sigev_un;
} sigevent_t;

#define sigev_notify_function   sigev_un.thread.function
#define sigev_notify_attributes sigev_un.thread.attributes

_Static_assert(sizeof(struct sigevent) == 64, "layout of struct sigevent");
