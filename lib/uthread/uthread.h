/*
 * uthread.h - threads of a program's own, under four models behind one interface.
 *
 * What differs is who runs them: see the file of each model.  A program calls
 * uthread_run() with its first thread; all else is called by threads only.
 * Functions that fail return NULL or -1 and set errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum uthread_model {
    UTHREAD_MANY_TO_ONE,  /* many_to_one.c: all on one kernel thread */
    UTHREAD_MANY_TO_MANY, /* many_to_many.c: some kernel threads, one queue */
    UTHREAD_ONE_TO_ONE,   /* one_to_one.c: a kernel thread for each */
    UTHREAD_VIRTUAL,      /* virtual.c: carriers that steal work */
    UTHREAD_MODELS,
};

struct uthread_options {
    enum uthread_model model;
    unsigned carriers; /* kernel threads; 0: one for each CPU */
    unsigned
        preempt_ms; /* take the CPU from a thread after so long; 0: never */
};

struct uthread;

/* "many-to-one" and so on; the model of a name, or -1. */
const char *uthread_model_name(enum uthread_model model);
int uthread_model_by_name(const char *name);

/* Run body(argument) as the first thread, and return when it ends, which must
 * be after the bodies of all others have returned.  0, or -1. */
int uthread_run(const struct uthread_options *options, void *(*body)(void *),
                void *argument);

/* ---- threads ------------------------------------------------------------- */

/* Each thread is to be joined or detached, once. */
struct uthread *uthread_create(void *(*body)(void *), void *argument);
void *uthread_join(struct uthread *thread);
void uthread_detach(struct uthread *thread);
__attribute__((noreturn)) void uthread_exit(void *result);
struct uthread *uthread_self(void);
void uthread_yield(void);

/* No preemption in between: around the C library's functions that take locks
 * (malloc, printf) where options.preempt_ms is set.  They nest. */
void uthread_hold(void);
void uthread_release(void);

/* ---- waiting for the world ----------------------------------------------- */

/* As read(), write(), accept() and nanosleep(), but only the thread waits, not
 * the kernel thread under it, and they wait although the file is O_NONBLOCK.  A
 * write of more than PIPE_BUF bytes may be a short one. */
ssize_t uthread_read(int fd, void *buffer, size_t bytes);
ssize_t uthread_write(int fd, const void *buffer, size_t bytes);
int uthread_accept(int fd, struct sockaddr *address, socklen_t *length);
void uthread_sleep_ms(unsigned ms);

/* function(argument), which may block.  Virtual threads free their carrier for
 * the time, those of their own kernel thread have nobody to stop; under the
 * other two models it stops whoever would run on this kernel thread. */
void *uthread_call(void *(*function)(void *), void *argument);

/* ---- waiting for each other ---------------------------------------------- */

struct uthread_lock {
    int held;
};

struct uthread_queue {
    struct uthread *first, *last;
};

/* All zeros: nobody has it.  Handed over in the order of arrival. */
struct uthread_mutex {
    struct uthread_lock lock;
    struct uthread *owner;
    struct uthread_queue waiters;
};

void uthread_mutex_lock(struct uthread_mutex *mutex);
bool uthread_mutex_trylock(struct uthread_mutex *mutex);
void uthread_mutex_unlock(struct uthread_mutex *mutex);

/* Pointers from senders to receivers, at most `capacity` on the way; 0: a sender
 * waits for its receiver. */
struct uthread_channel;
struct uthread_channel *uthread_channel_create(size_t capacity);
void uthread_channel_destroy(struct uthread_channel *channel);
/* False: it is closed. */
bool uthread_channel_send(struct uthread_channel *channel, void *value);
/* False: it is closed and empty. */
bool uthread_channel_receive(struct uthread_channel *channel, void **value);
void uthread_channel_close(struct uthread_channel *channel);
