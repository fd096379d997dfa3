/*
 * Signals in a process of many threads: one sent to the process goes to a thread
 * that does not block it, one sent to a thread to that alone; masks, alternate
 * stacks and pending sets are each thread's own, handlers are shared; stopping
 * and dying are for all.
 *
 * smp: 1 2 4
 */
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 4, STORM = 300, FAULTS = 25, ALTERNATE_BYTES = 16384 };

#define ONE  THREAD_SIGNAL(SIGUSR1)
#define TWO  THREAD_SIGNAL(SIGUSR2)
#define REAL THREAD_SIGNAL(SIGRTMIN)

static struct thread threads[THREADS];
static volatile int go, handled, handled_by;

static void on_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
    handled_by = thread_me(); /* the last: somebody may wait for it */
}

static void handle(int number, int flags)
{
    struct sigaction action = { .sa_handler = on_signal };
    action.sa_flags = flags;
    NEED(sigaction(number, &action, NULL) == 0);
}

/* -- who gets it ----------------------------------------------------------- */

static volatile unsigned long masks[THREADS];

/* Sleeps with its mask, which it looks up every millisecond. It does not set what
 * it has: whoever sets a mask takes what is pending for all just then. */
static int sleeps_masked(void *argument)
{
    long i = (long)argument;
    unsigned long mask = masks[i];
    thread_set_mask(mask);
    while (!go) {
        if (mask != masks[i]) {
            mask = masks[i];
            thread_set_mask(mask);
        }
        threads[i].progress++;
        thread_pause();
    }
    thread_set_mask(~0ul);
    return 0;
}

static void start_masked(unsigned long mask)
{
    go = handled = handled_by = 0;
    for (long i = 0; i < THREADS; i++) {
        masks[i] = mask;
        thread_start(&threads[i], sleeps_masked, (void *)i);
    }
}

static void set_masks(unsigned long mask, int other, unsigned long others)
{
    for (int i = 0; i < THREADS; i++) {
        masks[i] = i == other ? others : mask;
    }
    for (int i = 0; i < THREADS; i++) {
        int seen = threads[i].progress;
        while (threads[i].progress < seen + 2) {
            thread_pause();
        }
    }
}

static void stop_masked(void)
{
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
    }
}

static void check_who(void)
{
    int pid = getpid();
    handle(SIGUSR1, 0);
    thread_set_mask(ONE);
    start_masked(ONE);
    for (int i = 0; i < THREADS; i++) {
        set_masks(ONE, i, 0);
        handled_by = 0;
        kill(pid, SIGUSR1);
        CHECK(thread_await(&handled_by, threads[i].tid),
              "the one that does not block it gets it, %d", i);
    }
    set_masks(ONE, -1, 0);
    handled_by = handled = 0;
    kill(pid, SIGUSR1);
    kill(pid, SIGUSR1);
    CHECK_EQ(thread_status_set(pid, pid, "ShdPnd"), ONE, "all block it");
    CHECK_EQ(thread_status_set(pid, threads[1].tid, "ShdPnd"), ONE, "shared");
    CHECK_EQ(thread_status_set(pid, threads[1].tid, "SigPnd"), 0, "not its");
    set_masks(ONE, 2, 0);
    CHECK(thread_await(&handled_by, threads[2].tid), "who unblocks it gets it");
    CHECK_EQ(handled, 1, "once");
    set_masks(0, -1, 0);
    thread_set_mask(0);
    kill(pid, SIGUSR1);
    CHECK_EQ(handled_by, pid, "the first thread is preferred");
    stop_masked();
}

static void check_directed(void)
{
    int pid = getpid();
    unsigned long set = 0;
    thread_set_mask(ONE);
    start_masked(ONE);
    set_masks(ONE, -1, 0);
    int tid = threads[1].tid;
    CHECK_EQ(RAW3(SYS_tgkill, pid, tid, SIGUSR1), 0, "tgkill");
    set_masks(ONE, 3, 0);
    CHECK_EQ(thread_status_set(pid, tid, "SigPnd"), ONE, "pending for it");
    CHECK_EQ(thread_status_set(pid, tid, "ShdPnd"), 0, "not for all");
    CHECK_EQ(thread_status_set(pid, pid, "SigPnd"), 0, "nor for another");
    CHECK_EQ(thread_status_set(pid, tid, "SigBlk"), ONE, "its mask");
    CHECK_EQ(thread_status_set(pid, threads[3].tid, "SigBlk"), 0, "another");
    RAW2(SYS_rt_sigpending, &set, 8);
    CHECK_EQ(set, 0, "sigpending of the first thread");
    CHECK_EQ(handled, 0, "nobody else takes it");
    set_masks(ONE, 1, 0);
    CHECK(thread_await(&handled_by, tid), "it gets it when it unblocks it");
    stop_masked();
    thread_set_mask(0);
}

/* A process' signal is not lost with the thread that was to take it. */
static int comes_and_goes(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        thread_set_mask(0);
        RAW1(SYS_sched_yield, 0);
        thread_set_mask(REAL);
    }
    thread_set_mask(0);
    return 0;
}

static void check_storm(void)
{
    int sent = 0;
    handled = 0;
    handle(SIGRTMIN, 0);
    thread_set_mask(REAL);
    for (int round = 0; round < STORM / 10; round++) {
        for (int i = 0; i < THREADS; i++) {
            thread_start(&threads[i], comes_and_goes, NULL);
        }
        for (int i = 0; i < 10; i++) {
            sent += RAW3(SYS_kill, getpid(), SIGRTMIN, 0) == 0;
        }
        for (int i = 0; i < THREADS; i++) {
            thread_join(&threads[i]);
        }
    }
    thread_set_mask(0);
    CHECK_EQ(handled, sent, "each of %d signals is handled once", sent);
}

/* -- sigwait --------------------------------------------------------------- */

static volatile int taken[THREADS], wrong;

static int awaits(void *argument)
{
    unsigned long set = TWO | REAL;
    long i = (long)argument, number;
    siginfo_t info;
    while ((number = RAW4(SYS_rt_sigtimedwait, &set, &info, 0, 8)) != SIGUSR2) {
        if (number == -EINTR) { /* another one was faster */
            continue;
        }
        wrong += number != SIGRTMIN || info.si_pid != (int)RAW1(SYS_getpid, 0);
        taken[i]++;
    }
    return (int)number;
}

static void check_sigwait(void)
{
    int pid = getpid(), sum = 0;
    handle(SIGUSR2, 0);
    handled = wrong = 0;
    thread_set_mask(TWO | REAL);
    for (long i = 0; i < THREADS; i++) {
        int tid = thread_start(&threads[i], awaits, (void *)i);
        NEED(thread_await_state(pid, tid, 'S'));
    }
    for (int i = 0; i < 100; i++) {
        kill(pid, SIGRTMIN);
    }
    RAW3(SYS_tgkill, pid, pid, SIGUSR2);
    for (int i = 0; i < THREADS; i++) {
        RAW3(SYS_tgkill, pid, threads[i].tid, SIGUSR2);
        CHECK_EQ(thread_join(&threads[i]), SIGUSR2, "its own signal ends %d",
                 i);
        sum += taken[i];
    }
    /* What they did not wait for any more is still there. */
    unsigned long set = REAL;
    struct timespec now = { 0, 0 };
    while (RAW4(SYS_rt_sigtimedwait, &set, 0, &now, 8) == SIGRTMIN) {
        sum++;
    }
    CHECK_EQ(sum, 100, "each signal is taken once");
    CHECK_EQ(wrong, 0, "with its siginfo");
    CHECK_EQ(handled, 0, "no handler runs");
    CHECK_EQ(thread_status_set(pid, pid, "SigPnd"), TWO,
             "the first thread's own is left to it");
    thread_set_mask(0);
    CHECK_EQ(handled, 1, "until it unblocks it");
}

/* -- interrupted calls ----------------------------------------------------- */

static int pipe_ends[2];
static volatile uint32_t futex_word;

static int call_of(long i)
{
    struct timespec t = { 1000, 0 };
    unsigned long none = 0;
    char byte;
    switch (i) {
    case 0:
        return (int)RAW3(SYS_read, pipe_ends[0], &byte, 1);
    case 1:
        return (int)RAW6(SYS_futex, &futex_word, FUTEX_WAIT, 0, 0, 0, 0);
    case 2:
        return (int)RAW2(SYS_nanosleep, &t, 0);
    default:
        return (int)RAW2(SYS_rt_sigsuspend, &none, 8);
    }
}

static int sleeps_in_call(void *i)
{
    return call_of((long)i);
}

static void start_calls(void)
{
    NEED(pipe(pipe_ends) == 0);
    handled = handled_by = 0;
    for (long i = 0; i < THREADS; i++) {
        int tid = thread_start(&threads[i], sleeps_in_call, (void *)i);
        NEED(thread_await_state(getpid(), tid, 'S'));
    }
}

static void end_calls(void)
{
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static void check_interrupts(void)
{
    int pid = getpid();
    handle(SIGUSR1, 0);
    thread_set_mask(0);
    start_calls();
    for (int i = 0; i < THREADS; i++) {
        int tid = threads[i].tid;
        RAW3(SYS_tgkill, pid, tid, SIGUSR1);
        CHECK_EQ(thread_join(&threads[i]), -EINTR, "call %d is cut short", i);
        CHECK_EQ(handled_by, tid, "by its own signal");
        for (int other = i + 1; other < THREADS; other++) {
            CHECK_EQ(thread_state(pid, threads[other].tid), 'S', "%d sleeps on",
                     other);
        }
    }
    CHECK_EQ(handled, THREADS, "handlers");
    end_calls();
}

/* All block it but the one in sigsuspend. */
static void check_suspended(void)
{
    int pid = getpid();
    thread_set_mask(ONE);
    start_calls();
    int tid = threads[3].tid;
    kill(pid, SIGUSR1);
    CHECK_EQ(thread_join(&threads[3]), -EINTR, "sigsuspend unblocks");
    CHECK_EQ(handled_by, tid, "and takes the process' signal");
    handle(SIGUSR2, SA_RESTART);
    for (int i = 0; i < 2; i++) {
        handled_by = 0;
        RAW3(SYS_tgkill, pid, threads[i].tid, SIGUSR2);
        NEED(thread_await(&handled_by, threads[i].tid));
        CHECK(thread_await_state(pid, threads[i].tid, 'S'), "SA_RESTART, %d",
              i);
    }
    NEED(write(pipe_ends[1], "x", 1) == 1);
    CHECK_EQ(thread_join(&threads[0]), 1, "the call goes on: read");
    RAW6(SYS_futex, &futex_word, FUTEX_WAKE, 1, 0, 0, 0);
    CHECK_EQ(thread_join(&threads[1]), 0, "the call goes on: futex");
    RAW3(SYS_tgkill, pid, threads[2].tid, SIGUSR2);
    CHECK_EQ(thread_join(&threads[2]), -EINTR, "nanosleep never does");
    end_calls();
    thread_set_mask(0);
}

/* -- faults on alternate stacks --------------------------------------------- */

static char alternate[THREADS][ALTERNATE_BYTES];
static char *pages[THREADS];
static volatile int faults[THREADS], inherited;

static void on_fault(int number, siginfo_t *info, void *context)
{
    char here;
    (void)number;
    (void)context;
    for (int i = 0; i < THREADS; i++) {
        if (info->si_addr != pages[i] + 5) {
            continue;
        }
        bool mine = &here > alternate[i] &&
                    &here < alternate[i] + ALTERNATE_BYTES &&
                    thread_me() == threads[i].tid;
        faults[i] += mine && info->si_code == SEGV_ACCERR;
        RAW3(SYS_mprotect, pages[i], PAGE, PROT_READ | PROT_WRITE);
        return;
    }
    RAW1(SYS_exit_group, 77);
}

static int faults_often(void *argument)
{
    long i = (long)argument;
    stack_t stack = { .ss_sp = alternate[i], .ss_size = ALTERNATE_BYTES }, old;
    RAW2(SYS_sigaltstack, &stack, &old);
    inherited += !(old.ss_flags & SS_DISABLE);
    while (!go) {
    }
    for (int n = 0; n < FAULTS; n++) {
        RAW3(SYS_mprotect, pages[i], PAGE, PROT_NONE);
        pages[i][5]++;
    }
    return pages[i][5];
}

static void check_faults(void)
{
    static char of_first[ALTERNATE_BYTES];
    stack_t stack = { .ss_sp = of_first, .ss_size = sizeof(of_first) };
    struct sigaction action = { .sa_sigaction = on_fault };
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    NEED(sigaction(SIGSEGV, &action, NULL) == 0);
    NEED(sigaltstack(&stack, NULL) == 0);
    go = 0;
    for (long i = 0; i < THREADS; i++) {
        pages[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        NEED(pages[i] != MAP_FAILED);
        thread_start(&threads[i], faults_often, (void *)i);
    }
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(thread_join(&threads[i]), FAULTS, "each access is made");
        CHECK_EQ(faults[i], FAULTS, "each fault on the stack of its thread");
        munmap(pages[i], PAGE);
    }
    CHECK_EQ(inherited, 0, "threads start without an alternate stack");
    signal(SIGSEGV, SIG_DFL);
}

/* -- what is shared --------------------------------------------------------- */

static volatile unsigned long mask_at_start, pending_at_start;

static int changes_handler(void *unused)
{
    struct {
        void (*handler)(int);
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } ignore = { SIG_IGN, 0, NULL, 0 };
    unsigned long mask = 0, pending = 0;
    (void)unused;
    RAW4(SYS_rt_sigprocmask, SIG_BLOCK, 0, &mask, 8);
    RAW2(SYS_rt_sigpending, &pending, 8);
    mask_at_start = mask;
    pending_at_start = pending;
    thread_set_mask(0);
    return (int)RAW4(SYS_rt_sigaction, SIGUSR1, &ignore, 0, 8);
}

static void check_shared(void)
{
    struct sigaction action;
    int pid = getpid();
    handle(SIGUSR1, 0);
    handled = 0;
    thread_set_mask(ONE | TWO);
    RAW3(SYS_tgkill, pid, pid, SIGUSR1);
    RAW3(SYS_tgkill, pid, pid, SIGUSR2);
    thread_start(&threads[0], changes_handler, NULL);
    CHECK_EQ(thread_join(&threads[0]), 0, "a thread sets an action");
    CHECK_EQ(mask_at_start, ONE | TWO, "it has the mask of its maker");
    CHECK_EQ(pending_at_start, 0, "but nothing pending");
    NEED(sigaction(SIGUSR1, NULL, &action) == 0);
    CHECK(action.sa_handler == SIG_IGN, "actions are shared");
    CHECK_EQ(thread_status_set(pid, pid, "SigPnd"), TWO,
             "ignored: taken back everywhere");
    CHECK_EQ(thread_status_set(pid, pid, "SigBlk"), ONE | TWO,
             "masks are not shared");
    thread_set_mask(0);
    CHECK_EQ(handled, 1, "the other one was still pending");
}

/* -- stopping --------------------------------------------------------------- */

static struct shared {
    volatile long turns[THREADS];
    volatile int tids[THREADS];
    volatile int ready;
} * s;

static int turns(void *argument)
{
    long i = (long)argument;
    s->tids[i] = thread_me();
    __atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        s->turns[i]++;
        if (i == 0) { /* one sleeps */
            thread_pause();
        }
    }
    return 0;
}

static int child_turns(void *unused)
{
    (void)unused;
    for (long i = 0; i < THREADS; i++) {
        thread_start(&threads[i], turns, (void *)i);
    }
    RAW1(SYS_pause, 0);
    return 1;
}

static long all_turns(void)
{
    long sum = 0;
    for (int i = 0; i < THREADS; i++) {
        sum += s->turns[i];
    }
    return sum;
}

static void check_one_stop(pid_t pid, int to, int back, const char *how)
{
    int status = 0;
    CHECK_EQ(RAW3(SYS_tgkill, pid, to, SIGSTOP), 0, "%s", how);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "the process stops");
    CHECK_EQ(status, SIGSTOP << 8 | 0x7f, "its status");
    CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0, "told once");
    long before = all_turns();
    CHECK_EQ(thread_state(pid, pid), 'T', "the first thread is stopped");
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(thread_state(pid, s->tids[i]), 'T', "so is thread %d", i);
    }
    CHECK_EQ(all_turns(), before, "nobody runs");
    CHECK_EQ(RAW3(SYS_tgkill, pid, back, SIGCONT), 0, "SIGCONT");
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "the process goes on");
    CHECK_EQ(waitpid(pid, &status, WCONTINUED | WNOHANG), 0, "told once");
    for (int i = 0; i < THREADS; i++) {
        long turn = s->turns[i];
        for (int n = 0; n < 20000 && s->turns[i] == turn; n++) {
            thread_pause();
        }
        CHECK(s->turns[i] != turn, "thread %d runs", i);
    }
}

static void check_stops(void)
{
    s->ready = 0;
    pid_t pid = child_start(child_turns, NULL);
    NEED(thread_await(&s->ready, THREADS));
    check_one_stop(pid, pid, pid, "SIGSTOP to the first");
    check_one_stop(pid, s->tids[0], s->tids[2], "SIGSTOP to a sleeper");
    check_one_stop(pid, s->tids[3], s->tids[3], "SIGSTOP to a spinner");
    kill(pid, SIGSTOP);
    NEED(thread_await_state(pid, s->tids[1], 'T'));
    kill(pid, SIGTERM);
    kill(pid, SIGCONT);
    CHECK_EQ(child_wait(pid), SIGTERM, "what came meanwhile comes");
}

/* -- dying ------------------------------------------------------------------- */

enum how { TO_ONE, TO_BLOCKED, ABORT, DIVIDE };

static int dies(void *argument)
{
    int me = thread_me(), pid = (int)RAW1(SYS_getpid, 0);
    volatile int zero = 0;
    switch ((enum how)(long)argument) {
    case TO_ONE:
        RAW3(SYS_tgkill, pid, me, SIGUSR2);
        break;
    case TO_BLOCKED: /* everybody else blocks it */
        thread_set_mask(0);
        RAW2(SYS_kill, pid, SIGUSR2);
        break;
    case ABORT:
        RAW3(SYS_tgkill, pid, me, SIGABRT);
        break;
    case DIVIDE:
        zero = 7 / zero;
        break;
    }
    return 0;
}

static __attribute__((noreturn)) int child_dies(void *argument)
{
    signal(SIGUSR2, SIG_DFL);
    if ((enum how)(long)argument == TO_BLOCKED) {
        thread_set_mask(TWO);
    }
    for (long i = 1; i < THREADS; i++) {
        thread_start(&threads[i], turns, (void *)i);
    }
    thread_start(&threads[0], dies, argument);
    for (;;) {
        pause();
    }
}

static void check_deaths(void)
{
    static const int signals[] = { SIGUSR2, SIGUSR2, SIGABRT, SIGFPE };
    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
        CHECK_DIES(child_dies, (void *)i, signals[i], "all die, way %d",
                   (int)i);
    }
}

int main(void)
{
    check_start();
    s = shared_memory(PAGE);
    check_who();
    check_directed();
    check_storm();
    check_sigwait();
    check_interrupts();
    check_suspended();
    check_faults();
    check_shared();
    check_stops();
    check_deaths();
    return check_done();
}
