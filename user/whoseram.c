/*
 * whoseram - RSS, PSS and USS of a family of processes that share memory.
 *
 * A parent fills memory and forks; the children write to parts of it when they
 * are told to. After each step /proc/PID/smaps_rollup says what everybody has.
 * Read next: cow.c (what the writes cost), common/proc.c (where it stands)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: whoseram [-n CHILDREN] [MIB]\n"
    "A process with MIB (default 8) MiB of data forks CHILDREN (default 3), "
    "which\n"
    "then write to half of it. In KiB, for the parent, its first child and all "
    "of\n"
    "them together:\n"
    "\n"
    "  RSS  pages that the process maps: shared ones count for everybody\n"
    "  PSS  the same, but a page of n processes counts 1/n for each\n"
    "  USS  pages that nobody else maps: what its end would free\n"
    "\n"
    "The last column is the change of the memory in use in the whole machine.\n"
    "The sum of PSS follows it; the sum of RSS does not.\n";

enum { PAGE = 4096, MOST_CHILDREN = 16, MOST_MIB = 256 };

struct family {
    volatile char *memory;
    size_t length;
    long count; /* of children alive */
    struct child {
        pid_t pid;
        int go[2], done[2];
    } children[MOST_CHILDREN];
    long used_before; /* in the machine */
};

static void write_half(const struct family *f)
{
    for (size_t i = 0; i < f->length / 2; i += PAGE)
        f->memory[i]++;
}

/* A child: writes at a word of the parent, ends when the parent hangs up. */
static void live(const struct family *f, const struct child *c)
{
    char token;

    while (read(c->go[0], &token, 1) == 1) {
        write_half(f);
        if (write(c->done[1], &token, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static int tell_to_write(const struct child *c)
{
    char token = 0;

    return write(c->go[1], &token, 1) != 1 || read(c->done[0], &token, 1) != 1;
}

/* Forks a child; it keeps no end of a pipe that would keep another one alive. */
static int start_child(struct family *f)
{
    struct child *c = &f->children[f->count];

    if (pipe(c->go) || pipe(c->done))
        return -1;
    c->pid = fork();
    if (c->pid < 0)
        return -1;
    if (c->pid == 0) {
        for (long i = 0; i <= f->count; i++)
            close(f->children[i].go[1]);
        live(f, c);
    }
    f->count++;
    return 0;
}

static int end_child(struct family *f)
{
    const struct child *c = &f->children[--f->count];

    close(c->go[1]);
    return waitpid(c->pid, NULL, 0) < 0;
}

static void show(const struct proc_memory *m)
{
    printf(" | %7ld %7ld %7ld", m->rss, m->pss, m->uss);
}

/* A row of the table: everybody's memory now. */
static int show_row(const struct family *f, const char *what)
{
    struct proc_memory all = { 0 }, m[MOST_CHILDREN + 1] = { 0 };
    struct measure machine;

    for (long i = 0; i <= f->count; i++) {
        pid_t pid = i ? f->children[i - 1].pid : getpid();
        if (proc_read_memory(pid, &m[i]))
            return -1;
        all.rss += m[i].rss;
        all.pss += m[i].pss;
        all.uss += m[i].uss;
    }
    if (measure_take(&machine))
        return -1;
    printf("%-22s", what);
    show(&m[0]);
    if (f->count)
        show(&m[1]);
    else
        printf(" | %7s %7s %7s", "-", "-", "-");
    show(&all);
    printf(" | %7ld\n", machine.used_kib - f->used_before);
    fflush(stdout);
    return 0;
}

/* The story, step by step; -1 with errno when something failed. */
static int tell(struct family *f, long children)
{
    if (show_row(f, "before fork"))
        return -1;
    for (long i = 0; i < children; i++)
        if (start_child(f))
            return -1;
    if (show_row(f, "after fork") || tell_to_write(&f->children[0]) ||
        show_row(f, "child 1 wrote half"))
        return -1;
    for (long i = 1; i < children; i++)
        if (tell_to_write(&f->children[i]))
            return -1;
    if (show_row(f, "all children did"))
        return -1;
    while (f->count > 1)
        if (end_child(f))
            return -1;
    if (show_row(f, "child 1 is left") || end_child(f))
        return -1;
    return show_row(f, "the parent alone");
}

/* Memory with something on each page, in pages of 4 KiB. */
static int fill(struct family *f)
{
    f->memory = mmap(NULL, f->length, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (f->memory == MAP_FAILED)
        return -1;
#ifdef MADV_NOHUGEPAGE
    madvise((void *)f->memory, f->length, MADV_NOHUGEPAGE);
#endif
    for (size_t i = 0; i < f->length; i += PAGE)
        f->memory[i] = 1;
    return 0;
}

static long number(const char *text, long most, const char *what)
{
    long n;

    if (options_number(text, &n) || n < 1 || n > most) {
        report("not a number of %s from 1 to %ld: '%.40s'", what, most, text);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct family family = { 0 };
    struct measure machine;
    struct options o;
    long mib = 8, children = 3;

    (void)argc;
    options_begin(&o, argv, help, 2);
    while (options_next(&o, "n:") != -1)
        children = number(o.value, MOST_CHILDREN, "children");
    if (o.count > 1)
        options_bad(&o);
    if (o.count)
        mib = number(o.operands[0], MOST_MIB, "MiB");
    family.length = (size_t)mib << 20;
    if (measure_take(&machine) || measure_take(&machine)) {
        report_errno("cannot measure");
        return 1;
    }
    family.used_before = machine.used_kib;
    printf("%ld MiB of data, %ld children; KiB\n", mib, children);
    printf("%-22s | %-23s | %-23s | %-23s |\n", "", "parent", "child 1",
           "together");
    printf("%-22s", "");
    for (int i = 0; i < 3; i++)
        printf(" | %7s %7s %7s", "RSS", "PSS", "USS");
    printf(" | machine\n");
    fflush(stdout);
    if (fill(&family) || tell(&family, children)) {
        report_errno("cannot go on");
        return 1;
    }
    return report_finish(0);
}
