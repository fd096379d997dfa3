/*
 * bench - what the kernel's basic operations cost.
 *
 * Under tools/run --icount one nanosecond of the guest's clock is one
 * instruction, so that the figures are instructions per operation and the same
 * each time; elsewhere they are nanoseconds.
 *
 * Each benchmark runs in a child of its own, so that none inherits the memory
 * of another. Output: "NAME MEDIAN UNIT best=BEST", one line per figure, or
 * "NAME failed REASON".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: bench [-r ROUNDS] [NAME]...\n"
    "Measures all basic operations, or those whose names begin with NAME.\n"
    "  -r  rounds per figure (default 7)\n"
    "  -l  list the names\n";

const char *bench_self;

static const struct bench *const groups[] = {
    process_benches, memory_benches, switch_benches, signal_benches,
    message_benches, lock_benches,   thread_benches, contend_benches,
    uthread_benches, swap_benches,
};

/* Runs one in a child; returns whether it failed. */
static int run_bench(const struct bench *b)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(WATCHDOG_SECONDS);
        if (b->run(b->name) == 0)
            _exit(0);
        printf("%-20s failed %s\n", b->name, strerror(errno));
        fflush(stdout);
        _exit(1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        report_errno("%s", b->name);
        return 1;
    }
    if (WIFSIGNALED(status)) {
        printf("%-20s failed signal %d\n", b->name, WTERMSIG(status));
        fflush(stdout);
    }
    return status != 0;
}

static int is_wanted(const struct options *o, const char *name)
{
    for (int i = 0; i < o->count; i++)
        if (strncmp(name, o->operands[i], strlen(o->operands[i])) == 0)
            return 1;
    return o->count == 0;
}

int main(int argc, char **argv)
{
    struct options o;
    long number;
    int letter, list = 0, failed = 0, found = 0;
    if (argc > 1 && strcmp(argv[1], "--noop") == 0)
        return bench_touch_big();
    bench_self = argv[0];
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "r:l")) != -1) {
        if (letter == 'l') {
            list = 1;
        } else if (options_number(o.value, &number) || number < 1 ||
                   number > MOST_ROUNDS) {
            report("not a number of rounds: '%s'", o.value);
            return 2;
        } else {
            bench_rounds = (int)number;
        }
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const struct bench *b = groups[i]; b->name; b++) {
            if (!is_wanted(&o, b->name))
                continue;
            found = 1;
            if (list)
                printf("%-20s %s\n", b->name, b->what);
            else
                failed |= run_bench(b);
        }
    if (!found) {
        report("no such benchmark: '%s'", o.operands[0]);
        return 2;
    }
    return report_finish(failed);
}
