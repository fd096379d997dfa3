/*
 * Only to itself may a thread queue a signal that looks as if kill() or the
 * kernel had sent it: not to another thread of its process, nor, unless it is
 * the first, to the process.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <sys/syscall.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

static struct thread other;
static int first, results[3];

static siginfo_t info_with(int code)
{
    siginfo_t info = { .si_signo = SIGUSR1 };

    info.si_code = code;
    return info;
}

static long to_thread(int tid, int code)
{
    siginfo_t info = info_with(code);

    return RAW4(SYS_rt_tgsigqueueinfo, first, tid, SIGUSR1, &info);
}

static long to_process(int code)
{
    siginfo_t info = info_with(code);

    return RAW3(SYS_rt_sigqueueinfo, first, SIGUSR1, &info);
}

static int sends(void *unused)
{
    (void)unused;
    results[0] = (int)to_thread(thread_me(), SI_USER);
    results[1] = (int)to_thread(first, SI_USER);
    results[2] = (int)to_process(SI_USER);
    return (int)to_process(SI_QUEUE);
}

int main(void)
{
    signal(SIGUSR1, SIG_IGN);
    first = thread_me();
    CHECK_EQ(to_process(SI_USER), 0, "the first thread to its process");
    CHECK_EQ(to_thread(first, SI_TKILL), 0, "to itself");
    thread_start(&other, sends, NULL);
    CHECK_EQ(thread_join(&other), 0, "what does not pretend");
    CHECK_EQ(results[0], 0, "another thread to itself");
    CHECK_EQ(results[1], -EPERM, "to the first");
    CHECK_EQ(results[2], -EPERM, "to the process");
    return check_done();
}
