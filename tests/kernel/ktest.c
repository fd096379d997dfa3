/*
 * tests/kernel/ktest.c - runs the self-tests of the kernel.
 *
 * Verdicts go to the host line by line: "1..N", then "ok NAME" or "not ok NAME:
 * why".  After each test the frame lists and the number of free frames are
 * compared with what they were before: a test that leaks fails.
 * Locks: failure_lock, because threads of a test report too.
 */
#include "core/ktest.h"

#include <stdarg.h>

#include "base/format.h"
#include "core/boot_info.h"
#include "core/spinlock.h"
#include "dev/channel.h"
#include "dev/power.h"
#include "ktest_threads.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "provoke.h"
#include "sched/kstack.h"
#include "sched/sched.h"

extern const struct ktest __ktests_start[], __ktests_end[];

static struct spinlock failure_lock = SPINLOCK_INIT("ktest", RANK_PRINTK);
static bool failed;
static char reason[200];

void ktest_fail(const char *format, ...)
{
    va_list args;

    spin_lock(&failure_lock);
    if (!failed) {
        failed = true;
        va_start(args, format);
        base_vsnprintf(reason, sizeof(reason), format, args);
        va_end(args);
    }
    spin_unlock(&failure_lock);
}

bool ktest_has_failed(void)
{
    return __atomic_load_n(&failed, __ATOMIC_RELAXED);
}

/* Free frames once nothing is kept for reuse. */
static uint64_t settled_free_frames(void)
{
    kstack_drain();
    slab_drain();
    return frame_count(FRAME_FREE);
}

static bool run_one(const struct ktest *test)
{
    char line[300];
    uint64_t before = settled_free_frames();

    failed = false;
    test->run();
    uint64_t after = settled_free_frames();
    if (after != before)
        ktest_fail("free frames: %lu before, %lu after", before, after);
    frame_check_lists();
    base_snprintf(line, sizeof(line), "%sok %s%s%s", failed ? "not " : "",
                  test->name, failed ? ": " : "", failed ? reason : "");
    verdict_line(line);
    return !failed;
}

/* `provoke=KIND`: instead of the tests, something that must be reported. */
static void run_provoke(const char *kind)
{
    char line[80];
    bool known = provoke(kind);

    base_snprintf(line, sizeof(line), "%s provoke_%s", known ? "ok" : "not ok",
                  kind);
    verdict_line(line);
    machine_power_off();
}

void ktest_run_all(void)
{
    char line[40];

    if (boot_option_value("provoke=", line, sizeof(line)))
        run_provoke(line);

    /* The first threads on every CPU fill tables that stay. */
    ktest_on_each_cpu(NULL, NULL);
    base_snprintf(line, sizeof(line), "1..%lu", __ktests_end - __ktests_start);
    verdict_line(line);
    for (const struct ktest *t = __ktests_start; t < __ktests_end; t++)
        run_one(t);
    machine_power_off();
}
