/*
 * sched_setaffinity, sched_getaffinity, getcpu: a thread runs on the CPUs of
 * its mask and nowhere else, and moves at once when the mask changes.
 *
 * Bad input: empty masks, masks of CPUs that are not there, lengths that are
 * short, odd, long or wild, pointers that cannot be read or written.
 *
 * smp: 1 2 4
 */
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

static uint64_t all_cpus;
static uint64_t words[2 * PAGE / 8] __attribute__((aligned(4096)));

static long get_length(size_t length)
{
    memset(words, 0x55, sizeof(words));
    return RAW3(SYS_sched_getaffinity, 0, length, words);
}

static long set_length(size_t length)
{
    return RAW3(SYS_sched_setaffinity, 0, length, words);
}

static void check_get(void)
{
    long filled = get_length(PAGE);
    CHECK(filled > 0 && filled % 8 == 0 && filled <= (long)PAGE,
          "the call returns how many bytes it has filled");
    all_cpus = words[0];
    CHECK(all_cpus != 0, "there is a CPU");
    CHECK_EQ(words[filled / 8], 0x5555555555555555, "the rest stays");
    CHECK_EQ(get_length(filled), filled, "exactly so many");
    CHECK_EQ(words[filled / 8], 0x5555555555555555, "the rest stays");
    CHECK_EQ(get_length(0), -EINVAL, "length 0");
    CHECK_EQ(get_length(4), -EINVAL, "length 4");
    CHECK_EQ(get_length(filled + 1), -EINVAL, "an odd length");
    CHECK_EQ(get_length((size_t)filled + 4), -EINVAL, "half a word");
    CHECK_EQ(get_length((1ul << 32) + (size_t)filled), filled,
             "lengths have 32 bits");
    CHECK_EQ(get_length(1ul << 32), -EINVAL, "so this is 0");
    CHECK_EQ(RAW3(SYS_sched_getaffinity, NO_SUCH_TID, PAGE, words), -ESRCH,
             "of nobody");
    CHECK_EQ(RAW3(SYS_sched_getaffinity, -1, PAGE, words), -ESRCH, "of -1");
    CHECK_EQ(RAW3(SYS_sched_getaffinity, NO_SUCH_TID, 4, words), -EINVAL,
             "the length comes first");
}

static void check_set(void)
{
    memset(words, 0, sizeof(words));
    CHECK_EQ(set_length(8), -EINVAL, "an empty mask");
    CHECK_EQ(set_length(PAGE), -EINVAL, "a long one");
    words[0] = all_cpus;
    CHECK_EQ(set_length(0), -EINVAL, "length 0");
    CHECK_EQ(set_length(1ul << 32), -EINVAL, "the same in 32 bits");
    memset(words, 0xff, sizeof(words));
    CHECK_EQ(set_length(sizeof(words)), 0, "every CPU of the world");
    CHECK_EQ(get_cpus(0), all_cpus, "are those that there are");
    words[0] = 1ul << first_cpu();
    CHECK_EQ(set_length(1), first_cpu() < 8 ? 0 : -EINVAL, "one byte");
    CHECK_EQ(set_cpus(0, all_cpus), 0, "back");
    words[0] = ~all_cpus & ~(~0ul >> 32);
    CHECK_EQ(set_length(8), -EINVAL, "only CPUs that are not there");
    CHECK_EQ(get_cpus(0), all_cpus, "changes nothing");
    CHECK_EQ(set_cpus(NO_SUCH_TID, all_cpus), -ESRCH, "of nobody");
    CHECK_EQ(set_cpus(NO_SUCH_TID, 0), -ESRCH, "before the mask");
    CHECK_EQ(set_cpus(-1, all_cpus), -ESRCH, "of -1");
}

static void check_pointers(void)
{
    for (size_t i = 0; i < badptr_count(); i++) {
        void *bad = badptr(i);
        const char *name = badptr_name(i);
        CHECK_EQ(RAW3(SYS_sched_getaffinity, 0, PAGE, bad), -EFAULT,
                 "getaffinity to %s", name);
        CHECK_EQ(RAW3(SYS_sched_setaffinity, 0, 8, bad), -EFAULT,
                 "setaffinity from %s", name);
        CHECK_EQ(RAW3(SYS_sched_setaffinity, NO_SUCH_TID, 8, bad), -EFAULT,
                 "before its thread");
        CHECK_EQ(RAW3(SYS_sched_setaffinity, 0, 0, bad), -EINVAL,
                 "nothing is read");
        CHECK_EQ(RAW3(SYS_getcpu, bad, NULL, NULL), -EFAULT, "getcpu");
        CHECK_EQ(RAW3(SYS_getcpu, NULL, bad, NULL), -EFAULT, "its node");
        CHECK_EQ(RAW3(SYS_getcpu, NULL, NULL, bad), 0, "its cache is ignored");
    }
    void *read_only = badptr_read_only_page(0xff);
    CHECK_EQ(RAW3(SYS_sched_getaffinity, 0, PAGE, read_only), -EFAULT,
             "read-only");
    CHECK_EQ(RAW3(SYS_sched_setaffinity, 0, 8, read_only), 0, "may be read");
    char *end = badptr_page_before_hole() + PAGE;
    memset(end - 8, 0xff, 8);
    CHECK_EQ(RAW3(SYS_sched_setaffinity, 0, 8, end - 8), 0, "the last word");
    CHECK_EQ(RAW3(SYS_sched_setaffinity, 0, 8, end - 4), -EFAULT, "beyond");
}

static void check_getcpu(void)
{
    unsigned cpu = 77, node = 77;
    CHECK_EQ(RAW3(SYS_getcpu, &cpu, &node, NULL), 0, "getcpu");
    CHECK(cpu < 64 && (all_cpus >> cpu & 1), "a CPU of the mask");
    CHECK_EQ(node, 0, "the only node");
    CHECK_EQ(RAW3(SYS_getcpu, NULL, NULL, NULL), 0, "for nothing");
}

/* On each CPU in turn, for a while, also with some sleep. */
static void check_moves(void)
{
    for (int cpu = first_cpu(); cpu >= 0; cpu = next_cpu(cpu)) {
        int strayed = 0;
        CHECK_EQ(set_cpus(0, 1ul << cpu), 0, "to CPU %d", cpu);
        CHECK_EQ(this_cpu(), cpu, "there at once");
        CHECK_EQ(get_cpus(0), 1ul << cpu, "the mask is this");
        for (int i = 0; i < 20; i++) {
            compute_ms(1);
            strayed += this_cpu() != cpu;
            thread_pause();
            strayed += this_cpu() != cpu;
        }
        CHECK_EQ(strayed, 0, "it stays");
        NEED(set_cpus(0, all_cpus) == 0);
    }
}

/* -- others ------------------------------------------------------------------ */

struct report {
    volatile int stop, cpu;
    volatile long samples;
};

static int samples(void *argument)
{
    struct report *r = argument;
    while (!r->stop) {
        r->cpu = this_cpu();
        r->samples++;
    }
    return 0;
}

/* It is the one who looks that waits until it has looked. */
static int sampled(struct report *r)
{
    long before = r->samples;
    while (r->samples < before + 2) {
        thread_pause();
    }
    return r->cpu;
}

/* A thread or process that computes is moved by somebody else. */
static void check_moves_other(pid_t tid, struct report *r, const char *what)
{
    for (int cpu = first_cpu(); cpu >= 0; cpu = next_cpu(cpu)) {
        CHECK_EQ(set_cpus(tid, 1ul << cpu), 0, "%s to CPU %d", what, cpu);
        int strayed = 0;
        sampled(r);
        for (int i = 0; i < 10; i++) {
            strayed += sampled(r) != cpu;
        }
        CHECK_EQ(strayed, 0, "it stays there");
        CHECK_EQ(get_cpus(tid), 1ul << cpu, "its mask");
    }
    CHECK_EQ(get_cpus(0), all_cpus, "not that of this thread");
}

static int child_samples(void *report)
{
    return samples(report);
}

static void check_others(void)
{
    static struct thread t;
    struct report *r = shared_memory(sizeof(*r));
    int tid = thread_start(&t, samples, r);
    check_moves_other(tid, r, "a thread");
    r->stop = 1;
    thread_join(&t);
    r->stop = 0;
    pid_t pid = child_start(child_samples, r);
    check_moves_other(pid, r, "a process");
    r->stop = 1;
    child_wait(pid);
}

/* Computes between rounds: whether each ran on its own CPU alone. */
static int stays(void *argument)
{
    int cpu = (int)(long)argument;
    NEED(set_cpus(0, 1ul << cpu) == 0);
    for (int i = 0; i < 20; i++) {
        compute_ms(2);
        if (this_cpu() != cpu) {
            return 1;
        }
        RAW1(SYS_sched_yield, 0);
    }
    return 0;
}

static void check_crowd(void)
{
    enum { EACH = 3, MOST = 64 };
    pid_t pids[MOST * EACH];
    int count = 0;
    for (int cpu = first_cpu(); cpu >= 0; cpu = next_cpu(cpu)) {
        for (int i = 0; i < EACH; i++) {
            pids[count++] = child_start(stays, (void *)(long)cpu);
        }
    }
    int bad = 0;
    while (count > 0) {
        bad += child_wait(pids[--count]) != 0;
    }
    CHECK_EQ(bad, 0, "three bound threads on each CPU");
}

int main(void)
{
    check_start();
    check_get();
    check_set();
    check_pointers();
    check_getcpu();
    check_moves();
    check_others();
    check_crowd();
    return check_done();
}
