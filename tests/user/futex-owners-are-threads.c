/*
 * futex: locks belong to threads, not processes: one that ends gives up its
 * own, and exit_group, SIGKILL and execve those of all.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/futex.h"
#include "common/raw.h"

enum { THREADS = 4, STACK_BYTES = 16384 };

#define THREAD_FLAGS                                                           \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |        \
     CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* Threads have no C library state of their own: only RAW calls in them. */
struct thread {
    volatile int tid; /* 0 when it has ended */
    char stack[STACK_BYTES] __attribute__((aligned(16)));
};

/* A robust lock with its list's head and its link, for one thread. */
struct owned {
    struct robust_list_head head;
    struct robust_list link;
    volatile uint32_t word;
};

static struct thread threads[THREADS];

/* Shared between processes. */
static struct shared {
    volatile uint32_t lock, turn, go;
    struct owned owned[THREADS];
} * s;

static void start(struct thread *t, int (*body)(void *), void *argument)
{
    int tid = clone(body, t->stack + STACK_BYTES, THREAD_FLAGS, argument,
                    (void *)&t->tid, NULL, (void *)&t->tid);
    NEED(tid > 0);
}

static void join(struct thread *t)
{
    int tid;
    while ((tid = t->tid) != 0) {
        futex(&t->tid, FUTEX_WAIT, (uint32_t)tid, NULL, NULL, 0);
    }
}

static uint32_t me(void)
{
    return (uint32_t)RAW1(SYS_gettid, 0);
}

static long lock(int flag)
{
    return futex(&s->lock, FUTEX_LOCK_PI | flag, 0, NULL, NULL, 0);
}

static long unlock(int flag)
{
    return futex(&s->lock, FUTEX_UNLOCK_PI | flag, 0, NULL, NULL, 0);
}

/* Ends with the lock as soon as somebody waits for it. */
static int takes_and_ends(void *flag)
{
    if (lock((int)(long)flag) == 0 && s->lock == me()) {
        s->turn = 1;
    }
    while (!(s->lock & FUTEX_WAITERS)) {
        RAW1(SYS_sched_yield, 0);
    }
    return 0;
}

static void check_end(int flag)
{
    s->turn = s->lock = 0;
    start(&threads[0], takes_and_ends, (void *)(long)flag);
    CHECK(futex_await_bits(&s->turn, 1), "a thread owns the lock, flag %d",
          flag);
    uint32_t owner = s->lock;
    CHECK(owner != (uint32_t)getpid(), "by its own number");
    CHECK_EQ(unlock(flag), -EPERM, "it is not its process'");
    CHECK_EQ(lock(flag), 0, "it ends");
    CHECK_EQ(s->lock, FUTEX_OWNER_DIED | FUTEX_WAITERS | me(), "marked");
    CHECK_EQ(unlock(flag), 0, "ours to give back");
    join(&threads[0]);
}

static int takes_a_turn(void *unused)
{
    (void)unused;
    if (lock(FUTEX_PRIVATE_FLAG) != 0) {
        return 1;
    }
    s->turn++;
    unlock(FUTEX_PRIVATE_FLAG);
    return 0;
}

static void check_private(void)
{
    s->turn = s->lock = 0;
    NEED(lock(FUTEX_PRIVATE_FLAG) == 0);
    for (int i = 0; i < THREADS; i++) {
        start(&threads[i], takes_a_turn, NULL);
    }
    CHECK(futex_await_bits(&s->lock, FUTEX_WAITERS | me()), "threads wait");
    CHECK_EQ(unlock(FUTEX_PRIVATE_FLAG), 0, "UNLOCK_PI");
    for (int i = 0; i < THREADS; i++) {
        join(&threads[i]);
    }
    CHECK_EQ(s->turn, THREADS, "each had it");
    CHECK_EQ(s->lock, 0, "it is free");
}

/* Put the own robust lock on a list of one's own. */
static int owns(void *argument)
{
    struct owned *o = argument;
    o->head.futex_offset =
        offsetof(struct owned, word) - offsetof(struct owned, link);
    o->head.list.next = &o->link;
    o->link.next = &o->head.list;
    RAW2(SYS_set_robust_list, &o->head, sizeof(o->head));
    o->word = me();
    __atomic_fetch_add(&s->turn, 1, __ATOMIC_SEQ_CST);
    while (!s->go) {
        RAW1(SYS_sched_yield, 0);
    }
    return 0;
}

static void own_all(void)
{
    for (int i = 1; i < THREADS; i++) {
        start(&threads[i], owns, &s->owned[i]);
    }
}

static int count_marked(void)
{
    int marked = 0;
    for (int i = 0; i < THREADS; i++) {
        marked += s->owned[i].word == FUTEX_OWNER_DIED;
    }
    return marked;
}

static void reset(void)
{
    memset((void *)s, 0, sizeof(*s));
}

static void check_lists(void)
{
    struct robust_list_head *head = NULL;
    size_t length;
    reset();
    start(&threads[0], owns, &s->owned[0]);
    NEED(futex_await_bits(&s->turn, 1));
    CHECK_EQ(RAW3(SYS_get_robust_list, threads[0].tid, &head, &length), 0,
             "the list of another thread");
    CHECK(head == &s->owned[0].head, "is its own");
    CHECK_EQ(s->owned[0].word, threads[0].tid, "it owns a lock");
    s->go = 1;
    join(&threads[0]);
    CHECK_EQ(s->owned[0].word, FUTEX_OWNER_DIED, "and gave it up");
}

enum end { ALL_EXIT, ALL_KILLED, EXEC, EXEC_BY_OTHER };

static void wait_for_threads(void)
{
    while (s->turn < THREADS - 1) {
        RAW1(SYS_sched_yield, 0);
    }
}

static void start_again(void)
{
    static char path[] = "/proc/self/exe", name[] = "x";
    char *argv[] = { name, name, NULL };
    char *env[] = { NULL };
    RAW3(SYS_execve, path, argv, env);
}

static int executes(void *unused)
{
    (void)unused;
    wait_for_threads();
    start_again();
    return 0;
}

static int child_ends(void *argument)
{
    enum end end = (enum end)(long)argument;
    own_all();
    if (end == EXEC_BY_OTHER) {
        start(&threads[0], executes, NULL);
        pause();
    }
    wait_for_threads();
    switch (end) {
    case ALL_EXIT:
        _exit(0);
    case ALL_KILLED:
        kill(getpid(), SIGKILL);
        break;
    default:
        start_again();
    }
    return 1;
}

static void check_ends(void)
{
    static const char *const names[] = { "exit_group", "SIGKILL", "execve",
                                         "execve by another thread" };
    for (long end = ALL_EXIT; end <= EXEC_BY_OTHER; end++) {
        reset();
        int status = child_run(child_ends, (void *)end);
        CHECK_EQ(status, end == ALL_KILLED ? SIGKILL : 0, "%s", names[end]);
        CHECK_EQ(count_marked(), THREADS - 1, "%s: all gave up", names[end]);
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return 0;
    }
    check_start();
    s = shared_memory(PAGE);
    check_end(0);
    check_end(FUTEX_PRIVATE_FLAG);
    check_private();
    check_lists();
    check_ends();
    return check_done();
}
