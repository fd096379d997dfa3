/*
 * virtual.c - virtual threads: carriers that steal work, and never block.
 *
 * 1 Idea      Each carrier has a ring of its own, so that carriers do not meet
 *             at one lock; who finds its ring empty steals from another one's.
 *             A call that may block is made by a helper thread, while the
 *             thread that asked for it is parked and its carrier runs others.
 * 2 Ring      Only its carrier adds, at the tail; everybody takes, at the head,
 *             by compare-and-swap.  A thief that read a slot which was used anew
 *             in the meantime finds the head moved.
 * 3 Overflow  What does not fit, and what others than carriers make ready, goes
 *             to a common queue, which is looked at first now and then, so that
 *             nothing there starves; nor does what is in the ring of a carrier
 *             that blocks, as the others' rings are looked at, too.
 * 4 Sleep     A carrier that found nothing counts itself as idle, then looks once
 *             more; who adds work looks for idle carriers after that.  In any
 *             order one of them sees the other.
 * 5 Elsewhere Go's goroutines, Java's virtual threads, Tokio.
 */
#include <errno.h>
#include <stdlib.h>
#include "engine.h"

enum { RING_SLOTS = 256, PICKS_PER_COMMON = 61, HELPERS_MAX = 64 };

struct ring {
    unsigned head;  /* next to take */
    char apart[60]; /* head and tail in different cache lines */
    unsigned tail;  /* next to fill */
    struct uthread *slots[RING_SLOTS];
};

static struct ring rings[CARRIERS_MAX];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* common, idle */
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct uthread_queue common;
static unsigned common_count; /* read without the lock, too */
static unsigned idle;

/* ---- rings ---------------------------------------------------------------- */

/* By its carrier only.  False: it is full. */
static bool ring_add(struct ring *r, struct uthread *t)
{
    unsigned head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

    if (r->tail - head == RING_SLOTS)
        return false;
    __atomic_store_n(&r->slots[r->tail % RING_SLOTS], t, __ATOMIC_RELAXED);
    __atomic_store_n(&r->tail, r->tail + 1, __ATOMIC_RELEASE);
    return true;
}

static struct uthread *ring_take(struct ring *r)
{
    unsigned head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

    while (head != __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE)) {
        struct uthread *t =
            __atomic_load_n(&r->slots[head % RING_SLOTS], __ATOMIC_RELAXED);
        if (__atomic_compare_exchange_n(&r->head, &head, head + 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return t;
    }
    return NULL;
}

/* ---- adding --------------------------------------------------------------- */

static void add_common(struct uthread *t)
{
    pthread_mutex_lock(&lock);
    uthread_queue_add(&common, t);
    __atomic_store_n(&common_count, common_count + 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock);
}

static void put(struct uthread *t)
{
    struct carrier *c = uthread_carrier();

    if (!c || !ring_add(&rings[c->number], t))
        add_common(t);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&idle, __ATOMIC_RELAXED) == 0)
        return;
    pthread_mutex_lock(&lock);
    pthread_cond_signal(&work);
    pthread_mutex_unlock(&lock);
}

/* ---- taking --------------------------------------------------------------- */

static struct uthread *take_common_locked(void)
{
    struct uthread *t = uthread_queue_take(&common);

    if (t)
        __atomic_store_n(&common_count, common_count - 1, __ATOMIC_RELAXED);
    return t;
}

static struct uthread *take_common(void)
{
    if (__atomic_load_n(&common_count, __ATOMIC_RELAXED) == 0)
        return NULL;
    pthread_mutex_lock(&lock);
    struct uthread *t = take_common_locked();
    pthread_mutex_unlock(&lock);
    return t;
}

static struct uthread *steal(const struct carrier *c)
{
    for (unsigned i = 1; i < uthread_carrier_count; i++) {
        unsigned victim = (c->number + i) % uthread_carrier_count;
        struct uthread *t = ring_take(&rings[victim]);
        if (t)
            return t;
    }
    return NULL;
}

static struct uthread *find(struct carrier *c)
{
    struct uthread *t = NULL;

    if (++c->picks % PICKS_PER_COMMON == 0) {
        t = take_common();
        if (!t)
            t = steal(c);
    }
    if (!t)
        t = ring_take(&rings[c->number]);
    if (!t)
        t = take_common();
    return t ? t : steal(c);
}

static struct uthread *next(struct carrier *c)
{
    struct uthread *t = find(c);

    if (t)
        return t;
    pthread_mutex_lock(&lock);
    for (;;) {
        __atomic_store_n(&idle, idle + 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        t = take_common_locked();
        if (!t)
            t = steal(c);
        if (!t && !uthread_carriers_stopping())
            pthread_cond_wait(&work, &lock);
        __atomic_store_n(&idle, idle - 1, __ATOMIC_RELAXED);
        if (t || uthread_carriers_stopping())
            break;
    }
    pthread_mutex_unlock(&lock);
    return t;
}

/* ---- calls that may block ------------------------------------------------- */

struct request {
    void *(*function)(void *);
    void *argument, *result;
    struct uthread *thread;
    struct uthread_lock parked; /* held until the thread is off its stack */
    struct request *next;
};

static pthread_mutex_t help_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t help_wanted = PTHREAD_COND_INITIALIZER;
static struct request *requests, **last_request = &requests;
static unsigned helpers, helpers_idle, waiting;
static bool no_more_help;
static pthread_t helper_threads[HELPERS_MAX];

static struct request *next_request_locked(void)
{
    struct request *r = requests;

    requests = r->next;
    if (!requests)
        last_request = &requests;
    waiting--;
    return r;
}

static void *help(void *unused)
{
    pthread_mutex_lock(&help_lock);
    for (;;) {
        while (!requests && !no_more_help) {
            helpers_idle++;
            pthread_cond_wait(&help_wanted, &help_lock);
            helpers_idle--;
        }
        if (!requests)
            break;
        struct request *r = next_request_locked();
        pthread_mutex_unlock(&help_lock);
        r->result = r->function(r->argument);
        uthread_lock(&r->parked);
        put(r->thread);
        pthread_mutex_lock(&help_lock);
    }
    pthread_mutex_unlock(&help_lock);
    return NULL;
}

/* Enough helpers for all that wait, as far as there may be. */
static void hire_locked(void)
{
    if (waiting > helpers_idle && helpers < HELPERS_MAX &&
        pthread_create(&helper_threads[helpers], NULL, help, NULL) == 0)
        helpers++;
}

static void *call(void *(*function)(void *), void *argument)
{
    struct request r = { .function = function,
                         .argument = argument,
                         .thread = uthread_self() };

    uthread_lock(&r.parked);
    pthread_mutex_lock(&help_lock);
    *last_request = &r;
    last_request = &r.next;
    waiting++;
    hire_locked();
    bool helped = helpers > 0;
    if (!helped)
        next_request_locked();
    pthread_cond_signal(&help_wanted);
    pthread_mutex_unlock(&help_lock);
    if (!helped)
        return function(argument);
    uthread_carrier_park(&r.parked);
    return r.result;
}

/* ---- start and end -------------------------------------------------------- */

static void stop(void)
{
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&work);
    pthread_mutex_unlock(&lock);
}

static int run(struct uthread *first)
{
    int err = uthread_carriers_run(first);

    pthread_mutex_lock(&help_lock);
    no_more_help = true;
    pthread_cond_broadcast(&help_wanted);
    pthread_mutex_unlock(&help_lock);
    while (helpers > 0)
        pthread_join(helper_threads[--helpers], NULL);
    no_more_help = false;
    return err;
}

const struct uthread_engine uthread_virtual = {
    .name = "virtual",
    .run = run,
    .start = uthread_carrier_start,
    .park = uthread_carrier_park,
    .ready = put,
    .yield = uthread_carrier_yield,
    .finish = uthread_carrier_finish,
    .call = call,
    .put = put,
    .next = next,
    .stop = stop,
    .has_poller = true,
};
