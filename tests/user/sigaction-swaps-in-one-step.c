/*
 * sigaction() sets a new action and tells the old one in one step: threads that
 * exchange theirs for that of a signal never lose one, nor get one twice.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <sys/syscall.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 4, ROUNDS = 5000, FIRST = 0x1000 };

/* As the kernel has it. */
struct action {
    unsigned long handler, flags, restorer, mask;
};

static struct thread threads[THREADS];
static unsigned long tokens[THREADS + 1];

static void swap(unsigned long *token)
{
    struct action new = { .handler = *token }, old;

    RAW4(SYS_rt_sigaction, SIGUSR1, &new, &old, 8);
    *token = old.handler;
}

static int swaps(void *token)
{
    for (int i = 0; i < ROUNDS; i++) {
        swap(token);
    }
    return 0;
}

int main(void)
{
    unsigned seen = 0;

    for (int i = 0; i <= THREADS; i++) {
        tokens[i] = FIRST + (unsigned long)i;
    }
    swap(&tokens[THREADS]);
    tokens[THREADS] = 0;
    for (int i = 0; i < THREADS; i++) {
        thread_start(&threads[i], swaps, &tokens[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
    }
    swap(&tokens[THREADS]);
    for (int i = 0; i <= THREADS; i++) {
        seen |= 1u << (tokens[i] - FIRST);
    }
    CHECK_EQ(seen, (1u << (THREADS + 1)) - 1, "each of them is somewhere");
    return check_done();
}
