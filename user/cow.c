/*
 * cow - shows copy-on-write: fork copies nothing, the first write to a page
 * copies that page.
 *
 * Parent and child take turns over two pipes; the child reports its figures
 * through a third.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: cow [MIB]\n"
    "A process with MIB (default 16) MiB of memory forks; the child then "
    "writes\n"
    "to half of the pages, the parent to the same half.\n"
    "\n"
    "Watch the column \"used\": memory in use in the whole machine. The fork\n"
    "adds only page tables, although two processes now have all the memory.\n"
    "Each write of the child adds one page and one minor fault. The parent's\n"
    "writes cost a fault each, but no memory: it is the last owner of these\n"
    "pages, and gets its write permission back.\n"
    "RSS counts shared pages for both processes.\n";

enum { PAGE = 4096 };

struct turn {
    int go[2], done[2];
};

static struct measure start;

static void print_row(const char *what, const struct measure *parent,
                      const struct measure *child)
{
    printf("%-34s %8ld %8ld %7lu ", what, parent->used_kib - start.used_kib,
           parent->rss_kib, parent->minor_faults - start.minor_faults);
    if (child)
        printf("%8ld %7lu\n", child->rss_kib, child->minor_faults);
    else
        printf("%8s %7s\n", "-", "-");
    fflush(stdout);
}

static void write_half(volatile char *memory, size_t pages)
{
    for (size_t i = 0; i < pages; i += 2)
        memory[i * PAGE]++;
}

/* Two turns: only live, then write to every second page. */
static void child(const struct turn *t, volatile char *memory, size_t pages)
{
    struct measure m;
    char token;
    for (int step = 0; read(t->go[0], &token, 1) == 1; step++) {
        if (step == 1)
            write_half(memory, pages);
        if (measure_take(&m) || write(t->done[1], &m, sizeof m) != sizeof m)
            _exit(1);
    }
    _exit(0);
}

/* Lets the child take a turn; returns what both have cost after it. */
static int take_turn(const struct turn *t, struct measure *ours,
                     struct measure *theirs)
{
    if (write(t->go[1], "", 1) != 1 ||
        read(t->done[0], theirs, sizeof *theirs) != sizeof *theirs)
        return -1;
    return measure_take(ours);
}

static int show(volatile char *memory, size_t pages)
{
    struct measure ours, theirs;
    struct turn t;
    int status;
    printf("%-34s %8s %8s %7s %8s %7s\n", "", "used", "parent", "parent",
           "child", "child");
    printf("%-34s %8s %8s %7s %8s %7s\n", "KiB; faults are minor ones",
           "change", "RSS", "faults", "RSS", "faults");
    print_row("before fork", &start, NULL);

    if (pipe(t.go) || pipe(t.done))
        return -1;
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        close(t.go[1]);
        child(&t, memory, pages);
    }
    if (take_turn(&t, &ours, &theirs))
        return -1;
    print_row("after fork", &ours, &theirs);
    if (take_turn(&t, &ours, &theirs))
        return -1;
    print_row("after the child wrote half", &ours, &theirs);
    write_half(memory, pages);
    if (measure_take(&ours))
        return -1;
    print_row("after the parent wrote that half", &ours, &theirs);
    close(t.go[1]);
    if (waitpid(pid, &status, 0) < 0 || measure_take(&ours))
        return -1;
    print_row("after the child's end", &ours, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct measure m;
    long mib = 16;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count && (options_number(o.operands[0], &mib) || mib < 1)) {
        report("not a number of MiB: '%s'", o.operands[0]);
        return 1;
    }
    size_t length = (size_t)mib << 20;
    char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        report_errno("no %ld MiB of memory", mib);
        return 1;
    }
#ifdef MADV_NOHUGEPAGE
    madvise(memory, length, MADV_NOHUGEPAGE); /* Linux only; pages of 4 KiB */
#endif
    for (size_t i = 0; i < length; i += PAGE)
        memory[i] = 1;
    printf("%ld MiB are %zu pages of 4 KiB\n", mib, length / PAGE);
    if (measure_take(&m) || measure_take(&start) ||
        show(memory, length / PAGE)) {
        report_errno("cannot measure");
        return 1;
    }
    return report_finish(0);
}
