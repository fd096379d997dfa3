/*
 * futex: LOCK_PI and its kin: what the word holds, who gets the lock next,
 * circles, owners that do not exist or die, words that contradict the kernel,
 * time-outs and signals; moving waiters to such a lock.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/futex.h"

/* Shared: two locks, a word to wait at, a turn and notes. */
static volatile uint32_t *lock, *lock2, *word, *turn, *notes;
enum { NOBODY = 0x3ffffff0 };

static long do_lock(volatile uint32_t *l)
{
    return futex(l, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static long unlock(volatile uint32_t *l)
{
    return futex(l, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static uint32_t me(void)
{
    return (uint32_t)getpid();
}

static struct timespec after_ms(int clock, long ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void check_alone(void)
{
    CHECK_EQ(do_lock(lock), 0, "LOCK_PI of a free lock");
    CHECK_EQ(*lock, me(), "the word holds the owner");
    CHECK_EQ(do_lock(lock), -EDEADLK, "LOCK_PI again");
    CHECK_EQ(futex(lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), -EDEADLK,
             "TRYLOCK_PI again");
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
    CHECK_EQ(*lock, 0, "the word is 0");
    CHECK_EQ(unlock(lock), -EPERM, "UNLOCK_PI of a free lock");
    CHECK_EQ(futex(lock, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0,
             "TRYLOCK_PI, private");
    CHECK_EQ(futex(lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0,
             "UNLOCK_PI, private");
    CHECK_EQ(futex(lock, FUTEX_LOCK_PI2, 0, NULL, NULL, 0), 0, "LOCK_PI2");
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
    *lock = FUTEX_OWNER_DIED | FUTEX_WAITERS;
    CHECK_EQ(do_lock(lock), 0, "the last owner died");
    CHECK_EQ(*lock, FUTEX_OWNER_DIED | me(), "the mark stays");
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
    CHECK_EQ(*lock, 0, "the mark is gone");
    *lock = NOBODY;
    CHECK_EQ(do_lock(lock), -ESRCH, "nobody has this number");
    CHECK_EQ(futex(lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), -ESRCH,
             "TRYLOCK_PI too");
    *lock = 0;
}

static void check_arguments(void)
{
    static const int ops[] = { FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_TRYLOCK_PI,
                               FUTEX_UNLOCK_PI };
    const struct timespec bad = { 0, 1000000000 };
    void *read_only = badptr_read_only_page(0);
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        bool unlocks = ops[i] == FUTEX_UNLOCK_PI;
        CHECK_EQ(futex((char *)lock + 2, ops[i], 0, NULL, NULL, 0),
                 unlocks ? -EPERM : -EINVAL, "%d, not aligned", ops[i]);
        for (int flag = 0; flag <= FUTEX_PRIVATE_FLAG;
             flag += FUTEX_PRIVATE_FLAG) {
            CHECK_EQ(futex(read_only, ops[i] | flag, 0, NULL, NULL, 0),
                     unlocks ? -EPERM : -EFAULT, "%d, can only be read",
                     ops[i] | flag);
        }
        for (size_t k = 0; k < badptr_count(); k++) {
            bool odd = (unsigned long)badptr(k) % 4 != 0;
            long got = futex(badptr(k), ops[i], 0, NULL, NULL, 0);
            CHECK_EQ(got, odd && !unlocks ? -EINVAL : -EFAULT, "%d at %s",
                     ops[i], badptr_name(k));
        }
        CHECK_EQ(futex(lock, ops[i] | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0),
                 ops[i] == FUTEX_LOCK_PI2 ? 0 : -ENOSYS,
                 "%d with the other clock", ops[i]);
        *lock = 0;
    }
    CHECK_EQ(futex(lock, FUTEX_LOCK_PI, 0, &bad, NULL, 0), -EINVAL, "bad time");
    CHECK_EQ(futex(lock, FUTEX_LOCK_PI, 0, badptr(0), NULL, 0), -EFAULT,
             "bad address of a time");
    CHECK_EQ(futex(lock, FUTEX_TRYLOCK_PI, 0, badptr(0), NULL, 0), 0,
             "TRYLOCK_PI takes no time");
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
}

/* Take the lock, note when, give it back. */
static int child_locks(void *number)
{
    if (do_lock(lock) != 0) {
        return 1;
    }
    uint32_t seen = *lock;
    notes[(*turn)++] = (uint32_t)(long)number;
    if ((seen & FUTEX_TID_MASK) != me()) {
        return 2;
    }
    return unlock(lock) == 0 ? 0 : 3;
}

static pid_t start(child_body *body, void *argument)
{
    pid_t pid = child_start(body, argument);
    NEED(futex_await_sleep(pid));
    return pid;
}

static void check_order(void)
{
    enum { CHILDREN = 4 };
    pid_t pids[CHILDREN];
    *turn = 0;
    NEED(do_lock(lock) == 0);
    for (long i = 0; i < CHILDREN; i++) {
        pids[i] = start(child_locks, (void *)i);
    }
    CHECK_EQ(*lock, FUTEX_WAITERS | me(), "others wait");
    CHECK_EQ(futex(lock, FUTEX_WAKE, 1, NULL, NULL, 0), -EINVAL, "WAKE");
    CHECK_EQ(futex(lock, FUTEX_CMP_REQUEUE, 1, (void *)1, word, *lock), -EINVAL,
             "CMP_REQUEUE");
    CHECK_EQ(futex(word, FUTEX_WAKE_OP, 1, (void *)1, lock,
                   FUTEX_OP(FUTEX_OP_ADD, 0u, FUTEX_OP_CMP_NE, 0u)),
             -EINVAL, "WAKE_OP");
    CHECK_EQ(unlock(lock), 0, "given to the first");
    for (int i = 0; i < CHILDREN; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "child %d had it", i);
        CHECK_EQ(notes[i], i, "in order, %d", i);
    }
    CHECK_EQ(*lock, 0, "the lock is free");
}

static int child_holds(void *seconds)
{
    if (do_lock(lock) != 0) {
        return 1;
    }
    *turn = 1;
    sleep((unsigned)(long)seconds);
    return 0; /* without giving it back */
}

static pid_t start_holder(void)
{
    *turn = 0;
    pid_t pid = child_start(child_holds, (void *)50);
    NEED(futex_await_bits(turn, 1));
    return pid;
}

/* The holder is killed and the lock made free for the next check. */
static void end_holder(pid_t pid)
{
    kill(pid, SIGKILL);
    child_wait(pid);
    *lock = 0;
}

static void check_timeouts(void)
{
    pid_t pid = start_holder();
    uint32_t owner = (uint32_t)pid;
    CHECK_EQ(*lock, owner, "the child has it");
    CHECK_EQ(unlock(lock), -EPERM, "UNLOCK_PI of another's lock");
    CHECK_EQ(futex(lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), -EAGAIN,
             "TRYLOCK_PI");
    CHECK_EQ(*lock, owner | FUTEX_WAITERS, "is not given back in user mode");
    struct timespec at = { 0, 0 };
    CHECK_EQ(futex(lock, FUTEX_LOCK_PI, 0, &at, NULL, 0), -ETIMEDOUT,
             "a time that has passed");
    at = after_ms(CLOCK_REALTIME, 50);
    CHECK_EQ(futex(lock, FUTEX_LOCK_PI, 0, &at, NULL, 0), -ETIMEDOUT,
             "LOCK_PI, time of day");
    at = after_ms(CLOCK_MONOTONIC, 50);
    CHECK_EQ(futex(lock, FUTEX_LOCK_PI2, 0, &at, NULL, 0), -ETIMEDOUT,
             "LOCK_PI2, time since boot");
    at = after_ms(CLOCK_REALTIME, 50);
    CHECK_EQ(
        futex(lock, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &at, NULL, 0),
        -ETIMEDOUT, "LOCK_PI2, time of day");
    CHECK_EQ(*lock, owner | FUTEX_WAITERS, "the owner is the same");
    end_holder(pid);
}

static int child_takes_over(void *unused)
{
    (void)unused;
    if (do_lock(lock) != 0) {
        return 1;
    }
    if (*lock != (FUTEX_WAITERS | FUTEX_OWNER_DIED | me())) {
        return 2;
    }
    return unlock(lock) == 0 ? 0 : 3;
}

static void check_deaths(void)
{
    pid_t holder = start_holder();
    pid_t waiter = start(child_takes_over, NULL);
    pid_t second = start(child_locks, NULL);
    *turn = 0;
    kill(holder, SIGKILL);
    CHECK_EQ(child_wait(waiter), 0, "the owner dies, the waiter has the lock");
    CHECK_EQ(child_wait(second), 0, "and then the second one");
    CHECK_EQ(*lock, 0, "it is free");
    CHECK_EQ(do_lock(lock), -EDEADLK + EDEADLK, "and can be taken");
    CHECK_EQ(child_wait(holder), SIGKILL, "killed");
    waiter = start(child_locks, NULL);
    second = start(child_locks, NULL);
    kill(waiter, SIGKILL);
    CHECK_EQ(child_wait(waiter), SIGKILL, "a waiter is killed");
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
    CHECK_EQ(child_wait(second), 0, "the other one gets the lock");
    holder = start_holder();
    kill(holder, SIGKILL);
    CHECK_EQ(child_wait(holder), SIGKILL, "nobody waits when the owner dies");
    CHECK_EQ(do_lock(lock), -ESRCH, "the word still names it");
    CHECK_EQ(*lock, FUTEX_WAITERS | (uint32_t)holder, "and is marked");
    *lock = 0;
}

static void check_contradictions(void)
{
    NEED(do_lock(lock) == 0);
    *turn = 0;
    pid_t waiter = start(child_locks, NULL);
    uint32_t right = *lock;
    *lock = 0;
    CHECK_EQ(do_lock(lock), -EINVAL, "the word says free");
    *lock = FUTEX_WAITERS | (uint32_t)getppid();
    CHECK_EQ(do_lock(lock), -EINVAL, "the word names another");
    CHECK_EQ(unlock(lock), -EPERM, "so it is not ours");
    *lock = right;
    CHECK_EQ(unlock(lock), 0, "right again");
    CHECK_EQ(child_wait(waiter), 0, "given away");

    pid_t holder = start_holder();
    waiter = start(child_takes_over, NULL);
    right = *lock;
    *lock = FUTEX_WAITERS | me();
    CHECK_EQ(unlock(lock), -EINVAL, "the word says it is ours");
    *lock = right;
    kill(holder, SIGKILL);
    CHECK_EQ(child_wait(waiter), 0, "right again");
    child_wait(holder);
}

static int child_waits_plainly(void *unused)
{
    (void)unused;
    return futex(lock, FUTEX_WAIT, *lock, NULL, NULL, 0) == 0 ? 0 : 1;
}

static void check_mixed(void)
{
    pid_t pid = child_start(child_waits_plainly, NULL);
    NEED(futex_await(lock, 1));
    CHECK_EQ(do_lock(lock), -EINVAL, "somebody is in FUTEX_WAIT");
    *lock = me();
    CHECK_EQ(unlock(lock), -EINVAL, "UNLOCK_PI too");
    *lock = 0;
    CHECK_EQ(futex(lock, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "woken");
    CHECK_EQ(child_wait(pid), 0, "as it should");
}

/* Holds the second lock and waits for the first. */
static int child_has_second(void *unused)
{
    (void)unused;
    if (do_lock(lock2) != 0) {
        return 1;
    }
    return child_locks(NULL);
}

static void check_circle(void)
{
    NEED(do_lock(lock) == 0);
    *turn = 0;
    pid_t pid = start(child_has_second, NULL);
    CHECK_EQ(do_lock(lock2), -EDEADLK, "two in a circle");
    CHECK_EQ(*lock2, FUTEX_WAITERS | (uint32_t)pid, "nothing changed");
    CHECK_EQ(unlock(lock), 0, "the first lock goes on");
    CHECK_EQ(child_wait(pid), 0, "to the child");
    *lock2 = 0;
}

static void nothing(int signal)
{
    (void)signal;
    (*notes)++;
}

static int child_gets_signals(void *unused)
{
    struct sigaction sa;
    (void)unused;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = nothing;
    sigaction(SIGUSR1, &sa, NULL);
    if (do_lock(lock) != 0) {
        return 1;
    }
    return unlock(lock) == 0 && *notes == 3 ? 0 : 2;
}

static void check_signals(void)
{
    NEED(do_lock(lock) == 0);
    *notes = 0;
    pid_t pid = start(child_gets_signals, NULL);
    for (uint32_t i = 1; i <= 3; i++) {
        kill(pid, SIGUSR1);
        for (int t = 0; t < 20000 && *notes < i; t++) {
            usleep(1000);
        }
        NEED(futex_await_sleep(pid));
    }
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
    CHECK_EQ(child_wait(pid), 0, "handlers do not end LOCK_PI");
}

static long move(uint32_t wake, long more)
{
    return futex(word, FUTEX_CMP_REQUEUE_PI, wake, (void *)more, lock, *word);
}

/* Wait at the word and own the lock when woken. */
static int child_is_moved(void *number)
{
    long got = futex(word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, lock, 0);
    if (got != 0) {
        return 1;
    }
    if ((*lock & FUTEX_TID_MASK) != me()) {
        return 2;
    }
    notes[(*turn)++] = (uint32_t)(long)number;
    return unlock(lock) == 0 ? 0 : 3;
}

static void check_moves(void)
{
    enum { CHILDREN = 4 };
    pid_t pids[CHILDREN];
    *turn = 0;
    CHECK_EQ(move(1, 1), 0, "nobody waits");
    for (long i = 0; i < CHILDREN; i++) {
        pids[i] = start(child_is_moved, (void *)i);
    }
    CHECK_EQ(futex(word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, lock, 9), -EAGAIN,
             "another value");
    CHECK_EQ(futex(word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, lock2, 0), -EINVAL,
             "another lock than they asked for");
    CHECK_EQ(futex(word, FUTEX_WAKE, 1, NULL, NULL, 0), -EINVAL, "WAKE");
    CHECK_EQ(futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1, lock, 0), -EINVAL,
             "CMP_REQUEUE");
    CHECK_EQ(do_lock(word), -EINVAL, "the word is no lock");
    CHECK_EQ(move(1, 0), 1, "the lock is free: one has it");
    CHECK_EQ(child_wait(pids[0]), 0, "the first");
    NEED(do_lock(lock) == 0);
    CHECK_EQ(move(1, 1), 2, "the lock is taken: two wait for it");
    CHECK_EQ(*lock, FUTEX_WAITERS | me(), "the owner knows");
    CHECK_EQ(unlock(lock), 0, "UNLOCK_PI");
    CHECK_EQ(child_wait(pids[1]), 0, "the second");
    CHECK_EQ(child_wait(pids[2]), 0, "the third");
    CHECK_EQ(move(1, 100), 1, "the last");
    CHECK_EQ(child_wait(pids[3]), 0, "gets it at once");
    CHECK(notes[0] == 0 && notes[1] == 1 && notes[2] == 2 && notes[3] == 3,
          "all in order");
    CHECK_EQ(*lock, 0, "the lock is free");
}

static void check_move_arguments(void)
{
    CHECK_EQ(move(0, 1), -EINVAL, "wake none");
    CHECK_EQ(move(2, 1), -EINVAL, "wake two");
    CHECK_EQ(move(1, -1), -EINVAL, "move -1");
    CHECK_EQ(futex(word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, word, 0), -EINVAL,
             "to the same word");
    CHECK_EQ(futex(word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, word, 0), -EINVAL,
             "wait for the same word");
    CHECK_EQ(futex(word, FUTEX_WAIT_REQUEUE_PI, 1, NULL, lock, 0), -EAGAIN,
             "another value");
    CHECK_EQ(futex(word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, (char *)lock + 1, 0),
             -EINVAL, "lock not aligned");
    CHECK_EQ(futex(word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, badptr(0), 0), -EFAULT,
             "lock at a bad address");
    for (int flag = 0; flag <= FUTEX_CLOCK_REALTIME;
         flag += FUTEX_CLOCK_REALTIME) {
        struct timespec at =
            after_ms(flag ? CLOCK_REALTIME : CLOCK_MONOTONIC, 50);
        CHECK_EQ(futex(word, FUTEX_WAIT_REQUEUE_PI | flag, 0, &at, lock, 0),
                 -ETIMEDOUT, "nobody moves it, clock flag %d", flag);
    }
}

static int child_times_out_there(void *unused)
{
    struct timespec at = after_ms(CLOCK_MONOTONIC, 700);
    (void)unused;
    return futex(word, FUTEX_WAIT_REQUEUE_PI, 0, &at, lock, 0) == -ETIMEDOUT;
}

static int child_is_signalled_there(void *unused)
{
    struct sigaction sa;
    (void)unused;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = nothing;
    sigaction(SIGUSR1, &sa, NULL);
    return futex(word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, lock, 0) == -EAGAIN;
}

/* One that was moved before its time was over, in one try of many. */
static pid_t move_in_time(void)
{
    for (int i = 0; i < 20; i++) {
        pid_t pid = child_start(child_times_out_there, NULL);
        while (waitpid(pid, NULL, WNOHANG) == 0) {
            if (move(1, 0) == 1) {
                return pid;
            }
            usleep(1000);
        }
    }
    check_fatal("moved");
}

static void check_moved_leave(void)
{
    NEED(do_lock(lock) == 0);
    pid_t pid = move_in_time();
    CHECK_EQ(child_wait(pid), 1 << 8, "the time is over in the second wait");
    pid = start(child_is_signalled_there, NULL);
    CHECK_EQ(move(1, 0), 1, "moved");
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 1 << 8, "a signal in the second wait");
    pid = start(child_is_moved, NULL);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "killed in the first wait");
    CHECK_EQ(move(1, 1), 0, "nobody is left");
    pid = start(child_is_moved, NULL);
    CHECK_EQ(move(1, 1), 1, "moved");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "killed in the second wait");
    CHECK_EQ(unlock(lock), 0, "nobody waits");
    CHECK_EQ(*lock, 0, "the lock is free");
}

int main(void)
{
    check_start();
    lock = shared_memory(PAGE);
    lock2 = lock + 1;
    word = lock + 2;
    turn = lock + 3;
    notes = lock + 16;
    check_alone();
    check_arguments();
    check_order();
    check_timeouts();
    check_deaths();
    check_contradictions();
    check_mixed();
    check_circle();
    check_signals();
    check_moves();
    check_move_arguments();
    check_moved_leave();
    return check_done();
}
