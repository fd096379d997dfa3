/*
 * lib/c/thread.c - threads: creating, ending, joining.
 *
 * 1 Idea.  A thread of POSIX is one of the kernel's: clone() with everything
 *   shared.  Stack, __thread variables and struct pthread are one mapping, with
 *   a page without rights at its low end, so that a stack that overflows
 *   faults rather than writes into its neighbour.
 * 2 End.  The memory of a thread can only be given back when the kernel has
 *   left it.  CLONE_CHILD_CLEARTID asks the kernel to zero `running` and to
 *   wake who sleeps on it as the very last thing: who joins waits for that,
 *   then unmaps.  Nobody waits for a detached thread, so it unmaps its own
 *   stack, and from then on cannot even call a function: __unmap_and_exit() in
 *   jump.S makes both system calls without touching memory.
 * 3 State.  One compare-and-swap decides who frees: the end of a thread takes
 *   JOINABLE to FINISHED, pthread_detach() takes it to DETACHED; who comes
 *   second sees what the other has done and frees.
 * 4 Signals.  The kernel reuses numbers of threads, so pthread_kill() must not
 *   send after the end. exit_latch orders the two.
 * 5 The last thread to end by pthread_exit() ends the process with status 0;
 *   return from main() and exit() end it at once, from any thread.
 *   Elsewhere: stacks are kept for the next thread (glibc); a list of all
 *   threads serves debuggers and setuid().
 * Read next: jump.S, tls.c, thread_key.c, fork.c
 */
#include "thread.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "futex.h"

#define CLONE_THREAD_OF_POSIX                                                  \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |        \
     CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |                      \
     CLONE_CHILD_CLEARTID)

unsigned libc_thread_count = 1;

static size_t page_round(size_t size)
{
    return (size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
}

/* A new mapping for a thread; NULL: no memory. */
static struct pthread *map_thread(const pthread_attr_t *attr, void **top)
{
    size_t guard = page_round(attr->guard_size);
    size_t size = guard + page_round(attr->stack_size + libc_tls_room());

    if (size < attr->stack_size || guard < attr->guard_size)
        return NULL;
    char *mapping =
        mmap(NULL, size, guard > 0 ? PROT_NONE : PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

    if (mapping == MAP_FAILED)
        return NULL;
    if (guard > 0 &&
        mprotect(mapping + guard, size - guard, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapping, size);
        return NULL;
    }
    struct pthread *thread = libc_tls_place(mapping + size, top);

    thread->mapping = mapping;
    thread->mapping_size = size;
    return thread;
}

static struct pthread *make_thread(const pthread_attr_t *attr, void **top)
{
    struct pthread *thread;

    if (attr->stack == NULL)
        thread = map_thread(attr, top);
    else if (attr->stack_size > libc_tls_room())
        thread = libc_tls_place((char *)attr->stack + attr->stack_size, top);
    else
        thread = NULL;
    return thread;
}

static int run_thread(void *argument)
{
    struct pthread *self = argument;
    unsigned gate;

    while ((gate = __atomic_load_n(&self->gate, __ATOMIC_ACQUIRE)) == GATE_SHUT)
        futex_wait(&self->gate, GATE_SHUT, false);
    if (gate == GATE_FAILED)
        return 0;
    pthread_exit(self->start(self->argument));
}

/* Lets a thread begin with its own policy and priority; if it may not have
 * them it ends. */
static int open_gate(struct pthread *thread, const pthread_attr_t *attr)
{
    int error = pthread_setschedparam(thread, attr->policy, &attr->parameters);

    if (error == 0)
        thread->state = attr->detach_state == PTHREAD_CREATE_DETACHED
                            ? THREAD_DETACHED
                            : THREAD_JOINABLE;
    __atomic_store_n(&thread->gate, error == 0 ? GATE_OPEN : GATE_FAILED,
                     __ATOMIC_RELEASE);
    futex_wake(&thread->gate, 1, false);
    if (error != 0) {
        __atomic_sub_fetch(&libc_thread_count, 1, __ATOMIC_RELAXED);
        pthread_join(thread, NULL);
    }
    return error;
}

/* Makes the kernel's thread.  It may be gone on return, if it is detached. */
static int start_thread(struct pthread *thread, void *top)
{
    libc_tid();
    libc_threaded = true;
    __atomic_add_fetch(&libc_thread_count, 1, __ATOMIC_RELAXED);
    if (clone(run_thread, top, CLONE_THREAD_OF_POSIX, thread, &thread->tid,
              thread, &thread->running) > 0)
        return 0;
    __atomic_sub_fetch(&libc_thread_count, 1, __ATOMIC_RELAXED);
    if (thread->mapping != NULL)
        munmap(thread->mapping, thread->mapping_size);
    return EAGAIN;
}

int pthread_create(pthread_t *out, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument)
{
    int saved = errno, error = EAGAIN;
    pthread_attr_t attr;
    void *top;

    pthread_attr_init(&attr);
    if (attributes != NULL)
        attr = *attributes;
    struct pthread *thread = make_thread(&attr, &top);

    if (thread != NULL) {
        bool is_explicit = attr.inherit == PTHREAD_EXPLICIT_SCHED;

        thread->start = start;
        thread->argument = argument;
        if (is_explicit)
            thread->gate = GATE_SHUT;
        else if (attr.detach_state == PTHREAD_CREATE_DETACHED)
            thread->state = THREAD_DETACHED;
        *out = thread;
        error = start_thread(thread, top);
        if (error == 0 && is_explicit)
            error = open_gate(thread, &attr);
    }
    errno = saved;
    return error;
}

/* The end of a detached thread, which nobody will see again. */
static void __attribute__((noreturn)) free_self(struct pthread *self)
{
    /* The kernel has to find robust mutexes that it holds: no unmapping. */
    bool holds =
        self->robust_known && self->robust.list.next != &self->robust.list;

    if (self->mapping == NULL || self->is_first || holds)
        for (;;)
            RAW_CALL(exit, 0);
    /* The kernel must forget the addresses in the mapping before they become
     * someone else's. */
    RAW_CALL(set_tid_address, NULL);
    if (self->robust_known)
        RAW_CALL(set_robust_list, NULL, sizeof(self->robust));
    __unmap_and_exit(self->mapping, self->mapping_size);
}

void pthread_exit(void *result)
{
    struct pthread *self = libc_self();
    unsigned expected = THREAD_JOINABLE;
    const sigset_t all = ~0ul; /* also SIGNAL_CANCEL */

    self->result = result;
    self->cancel_disabled = true;
    while (self->cleanups != NULL)
        __pthread_cleanup_pop(1);
    libc_run_destructors(self);
    if (__atomic_sub_fetch(&libc_thread_count, 1, __ATOMIC_ACQ_REL) == 0)
        exit(0);
    /* No handler may run any more: its stack is about to go. */
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    latch_lock(&self->exit_latch);
    self->is_exiting = true;
    latch_unlock(&self->exit_latch);
    if (self->is_first)
        RAW_CALL(set_tid_address, &self->running);
    if (!__atomic_compare_exchange_n(&self->state, &expected, THREAD_FINISHED,
                                     false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        free_self(self);
    for (;;)
        RAW_CALL(exit, 0);
}

int pthread_join(pthread_t thread, void **result)
{
    if (thread == libc_self())
        return EDEADLK;
    if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_DETACHED)
        return EINVAL;
    for (;;) {
        unsigned running = __atomic_load_n(&thread->running, __ATOMIC_ACQUIRE);

        if (running == 0)
            break;
        /* The kernel's wake-up is of the shared kind. */
        futex_wait_point(&thread->running, running, true, CLOCK_REALTIME, NULL);
    }
    if (result != NULL)
        *result = thread->result;
    if (thread->mapping != NULL && !thread->is_first)
        RAW_CALL(munmap, thread->mapping, thread->mapping_size);
    return 0;
}

int pthread_detach(pthread_t thread)
{
    unsigned state = THREAD_JOINABLE;

    if (__atomic_compare_exchange_n(&thread->state, &state, THREAD_DETACHED,
                                    false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return 0;
    return state == THREAD_FINISHED ? pthread_join(thread, NULL) : EINVAL;
}

pthread_t pthread_self(void)
{
    return libc_self();
}

int pthread_equal(pthread_t a, pthread_t b)
{
    return a == b;
}

/* To oneself without the latch: a handler may send what it is handling. */
int pthread_kill(pthread_t thread, int number)
{
    long result = 0;
    const sigset_t all = ~0ul;
    sigset_t old;

    if (thread == libc_self())
        return (int)-RAW_CALL(tkill, libc_tid(), number);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    latch_lock(&thread->exit_latch);
    if (!thread->is_exiting)
        result = RAW_CALL(tgkill, getpid(), libc_tid_of(thread), number);
    else if (number < 0 || number > SIGNAL_MAX)
        result = -EINVAL;
    latch_unlock(&thread->exit_latch);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return (int)-result;
}

void __pthread_cleanup_push(struct __pthread_cleanup *cleanup)
{
    struct pthread *self = libc_self();

    cleanup->next = self->cleanups;
    self->cleanups = cleanup;
}

void __pthread_cleanup_pop(int run)
{
    struct pthread *self = libc_self();
    struct __pthread_cleanup *cleanup = self->cleanups;

    self->cleanups = cleanup->next;
    if (run)
        cleanup->function(cleanup->argument);
}
