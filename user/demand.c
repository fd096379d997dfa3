/*
 * demand - shows demand paging: exec loads nothing of a program's 64 MiB of
 * data; each page arrives when it is touched.
 *
 * The program with 64 MiB of initialised data is a copy of this one, written to
 * /tmp (common/bigprogram.c) and removed at the end. It knows itself by its
 * data not being zero.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bigprogram.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: demand\n"
    "Runs a program with 64 MiB of data in its file, which touches few of its\n"
    "16384 pages.\n"
    "\n"
    "Watch RSS, the memory that the process really has: after exec it is far\n"
    "below 64 MiB. Reading a page for the first time costs one minor fault (a\n"
    "kernel may map some neighbours with it, Linux maps 16), writing to it "
    "one\n"
    "more, which makes a private copy. Touching a page again costs nothing.\n"
    "Faults are minor, because the file is in memory already; major faults\n"
    "(those that wait for a disk) stay 0 until there is a disk.\n";

#define BIG_PATH "/tmp/demand-64M"
#define PATTERN  0x646e616d6564ull

enum {
    PAGE = 4096,
    DATA_BYTES = 64 << 20,
    PAGE_WORDS = PAGE / 8,
    PAGES = DATA_BYTES / PAGE,
    STRIDE = 1021, /* pages between two touches */
    TOUCHED = 16,
};

static uint64_t data[DATA_BYTES / 8] __attribute__((aligned(PAGE)));

static struct measure last;
static unsigned long long last_clock;

static void print_row(const char *what, int touches)
{
    unsigned long long now = measure_clock();
    struct measure m;
    measure_take(&m);
    printf("%-32s %8ld %+8ld %+7ld %+6ld", what, m.rss_kib,
           m.rss_kib - last.rss_kib, (long)(m.minor_faults - last.minor_faults),
           (long)(m.major_faults - last.major_faults));
    if (touches)
        printf(" %9llu\n", (now - last_clock) / (unsigned)touches);
    else
        printf(" %9s\n", "-");
    fflush(stdout);
    measure_take(&last);
    last_clock = measure_clock();
}

/* Reads or writes one word in each of the touched pages; counts wrong ones. */
static int touch(int count, int write)
{
    volatile uint64_t *p = data;
    int wrong = 0;
    for (int i = 1; i <= count; i++) {
        size_t at = (size_t)i * STRIDE * PAGE_WORDS;
        if (write)
            p[at] = PATTERN;
        else
            wrong += p[at] != PATTERN;
    }
    return wrong;
}

/* In the big program. */
static int show(const struct measure *at_start)
{
    int wrong = 0;
    printf("a program with %d MiB of data in %d pages\n", DATA_BYTES >> 20,
           PAGES);
    printf("%-32s %8s %8s %7s %6s %9s\n", "KiB; faults", "RSS", "change",
           "minor", "major", "ns/touch");
    printf("%-32s %8ld %8s %7lu %6lu %9s\n", "after exec, in main()",
           at_start->rss_kib, "", at_start->minor_faults,
           at_start->major_faults, "-");
    fflush(stdout);
    measure_take(&last);
    last_clock = measure_clock();
    print_row("nothing (this table's own cost)", 0);
    wrong += touch(1, 0);
    print_row("read 1 page", 1);
    wrong += touch(TOUCHED, 0);
    print_row("read 15 more pages, far apart", TOUCHED - 1);
    wrong += touch(TOUCHED, 0);
    print_row("read the 16 pages again", TOUCHED);
    touch(TOUCHED, 1);
    print_row("write to the 16 pages", TOUCHED);
    touch(TOUCHED, 1);
    print_row("write to the 16 pages again", TOUCHED);
    if (wrong)
        report("%d pages had wrong contents", wrong);
    return report_finish(wrong != 0);
}

int main(int argc, char **argv)
{
    struct measure first;
    struct options o;
    int status;
    (void)argc;
    measure_take(&first);
    if (argc > 1 && strcmp(argv[1], "--big") == 0 && data[PAGE_WORDS])
        return show(&first);

    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (big_program_write(argv[0], BIG_PATH, data, DATA_BYTES / 8, PATTERN))
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        execl(BIG_PATH, "demand", "--big", (char *)NULL);
        report_errno(BIG_PATH);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        report_errno("cannot run the program");
        status = 1 << 8;
    }
    unlink(BIG_PATH);
    if (WIFSIGNALED(status))
        report("the program was killed by signal %d", WTERMSIG(status));
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
