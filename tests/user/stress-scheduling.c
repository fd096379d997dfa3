/*
 * Policies, priorities, nice values and CPUs of processes change at random
 * while these compute, sleep, yield, talk, fork and wait for locks; what was
 * set is what is read, nobody is lost, and all go on when all are equal again.
 *
 * smp: 1 2 4
 * timeout: 120
 * args: 400
 */
#include <linux/futex.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/futex.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

enum { PLAYERS = 8, CONDUCTOR = 50, HIGHEST = 20, TRIES = 20000 };

static struct shared {
    volatile uint32_t lock, pi_lock, begun;
    volatile long steps[PLAYERS];
} * s;
static int ends[2]; /* a pipe for all */
static uint64_t all_cpus;
static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* -- players ----------------------------------------------------------------- */

static void compute_a_little(void)
{
    volatile uint32_t rest = random_below(20000);
    while (rest > 0) {
        rest--;
    }
}

static void sleep_a_little(void)
{
    struct timespec t = { 0, (long)random_below(300000) };
    nanosleep(&t, NULL);
}

static void take_plain_lock(void)
{
    const struct timespec t = { 0, 1000000 };
    if (__atomic_exchange_n(&s->lock, 1, __ATOMIC_SEQ_CST) != 0) {
        futex(&s->lock, FUTEX_WAIT, 1, &t, NULL, 0);
        return;
    }
    compute_a_little();
    s->lock = 0;
    futex(&s->lock, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void take_pi_lock(void)
{
    if (futex(&s->pi_lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0) {
        compute_a_little();
        futex(&s->pi_lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
    }
}

static void fork_and_wait(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        compute_a_little();
        _exit(0);
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
}

static void pass_a_byte(void)
{
    char byte = 0;
    if (write(ends[1], &byte, 1) == 1 && read(ends[0], &byte, 1) != 1) {
        _exit(2);
    }
}

static int plays(void *number)
{
    static void (*const acts[])(void) = {
        compute_a_little, compute_a_little, compute_a_little, sleep_a_little,
        take_plain_lock,  take_pi_lock,     fork_and_wait,    pass_a_byte,
    };
    long me = (long)number;
    seed = (uint32_t)me * 7919 + 1;
    __atomic_add_fetch(&s->begun, 1, __ATOMIC_SEQ_CST);
    while (s->begun > 0) {
        acts[random_below(ARRAY_LENGTH(acts))]();
        if (random_below(4) == 0) {
            RAW1(SYS_sched_yield, 0);
        }
        s->steps[me]++;
    }
    return 0;
}

/* -- the conductor ------------------------------------------------------------- */

static int wrong; /* what was read is not what was set */

static void change_policy(pid_t pid)
{
    static const int policies[] = { SCHED_OTHER, SCHED_FIFO, SCHED_RR,
                                    SCHED_BATCH, SCHED_IDLE };
    int policy = policies[random_below(ARRAY_LENGTH(policies))];
    bool is_rt = policy == SCHED_FIFO || policy == SCHED_RR;
    int priority = is_rt ? 1 + (int)random_below(HIGHEST) : 0;
    int flag = random_below(4) == 0 ? SCHED_RESET_ON_FORK : 0;
    wrong += set_policy(pid, policy | flag, priority) != 0;
    wrong += get_policy(pid) != (policy | flag);
    wrong += get_rt_priority(pid) != priority;
}

static void change_nice(pid_t pid)
{
    int nice = (int)random_below(40) - 20;
    wrong += RAW3(SYS_setpriority, PRIO_PROCESS, pid, nice) != 0;
    wrong += nice_of(pid) != nice;
}

static void change_cpus(pid_t pid)
{
    uint64_t mask = all_cpus & (random_below(1u << 24) | 1ul << first_cpu());
    wrong += set_cpus(pid, mask) != 0;
    wrong += get_cpus(pid) != mask;
}

static void change(pid_t pid)
{
    switch (random_below(3)) {
    case 0:
        change_policy(pid);
        break;
    case 1:
        change_nice(pid);
        break;
    default:
        change_cpus(pid);
    }
}

/* All are equal and may run everywhere: each must get on. */
static bool all_get_on(const pid_t *pids)
{
    long before[PLAYERS];
    int behind = PLAYERS;
    for (int i = 0; i < PLAYERS; i++) {
        NEED(set_policy(pids[i], SCHED_OTHER, 0) == 0);
        NEED(RAW3(SYS_setpriority, PRIO_PROCESS, pids[i], 0) == 0);
        NEED(set_cpus(pids[i], all_cpus) == 0);
        before[i] = s->steps[i];
    }
    for (int tries = 0; behind > 0 && tries < TRIES; tries++) {
        behind = 0;
        for (int i = 0; i < PLAYERS; i++) {
            behind += s->steps[i] <= before[i] + 1;
        }
        thread_pause();
    }
    return behind == 0;
}

int main(int argc, char **argv)
{
    long rounds = check_rounds(argc, argv, 400);
    pid_t pids[PLAYERS];

    check_start();
    NEED(pipe(ends) == 0);
    s = shared_memory(sizeof(*s));
    all_cpus = get_cpus(0);
    for (long i = 0; i < PLAYERS; i++) {
        pids[i] = child_start(plays, (void *)i);
    }
    NEED(set_policy(0, SCHED_RR, CONDUCTOR) == 0);
    while (s->begun < PLAYERS) {
        thread_pause();
    }
    for (long i = 0; i < rounds; i++) {
        change(pids[random_below(PLAYERS)]);
        if (random_below(2) == 0) {
            thread_pause();
        }
        if (i % 100 == 99) {
            CHECK(all_get_on(pids), "all get on after %ld changes", i + 1);
        }
    }
    CHECK_EQ(wrong, 0, "what is set is read");
    for (int i = 0; i < PLAYERS; i++) {
        kill(pids[i], SIGKILL);
    }
    for (int i = 0; i < PLAYERS; i++) {
        int status = child_wait(pids[i]);
        CHECK_EQ(status, SIGKILL, "player %d lived until then", i);
    }
    return check_done();
}
