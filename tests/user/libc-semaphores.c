/*
 * sem_wait and sem_post: counting, time-outs, limits, and between processes.
 *
 * smp: 1 4
 */
#include <limits.h>
#include <semaphore.h>
#include <time.h>
#include "common/child.h"

enum { ROUNDS = 3000 };

static sem_t *mine, *yours;

static int answers(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        if (sem_wait(yours) != 0 || sem_post(mine) != 0) {
            return 1;
        }
    }
    return 0;
}

static void check_alone(void)
{
    struct timespec soon;
    sem_t sem;
    int value = -1;
    CHECK_EQ(sem_init(&sem, 0, 2), 0, "sem_init");
    CHECK_EQ(sem_wait(&sem), 0, "one");
    CHECK_EQ(sem_trywait(&sem), 0, "two");
    CHECK_ERRNO(sem_trywait(&sem), EAGAIN, "no third");
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    CHECK_ERRNO(sem_timedwait(&sem, &soon), ETIMEDOUT, "a time-out");
    CHECK_EQ(sem_post(&sem), 0, "sem_post");
    CHECK_EQ(sem_getvalue(&sem, &value), 0, "sem_getvalue");
    CHECK_EQ(value, 1, "one again");
    CHECK_EQ(sem_destroy(&sem), 0, "sem_destroy");
    CHECK_ERRNO(sem_init(&sem, 0, 0x80000000u), EINVAL, "too large");
    CHECK_EQ(sem_init(&sem, 0, 0x7fffffff), 0, "the most");
    CHECK_ERRNO(sem_post(&sem), EOVERFLOW, "one more");
}

int main(void)
{
    check_start();
    check_alone();
    mine = shared_memory(2 * sizeof(sem_t));
    yours = mine + 1;
    NEED(sem_init(mine, 1, 0) == 0 && sem_init(yours, 1, 0) == 0);
    pid_t pid = child_start(answers, NULL);
    int turns = 0;
    for (int i = 0; i < ROUNDS; i++) {
        turns += sem_post(yours) == 0 && sem_wait(mine) == 0;
    }
    CHECK_EQ(turns, ROUNDS, "turns with another process");
    CHECK_EQ(child_wait(pid), 0, "which has taken as many");
    return check_done();
}
