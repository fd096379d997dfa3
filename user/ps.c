/*
 * ps - lists processes, from /proc.
 *
 *   ps       the processes of this session (all of them if it has no terminal)
 *   -e       all processes
 *   -f       more columns
 *   -L       one line per thread: its number (LWP), how many there are (NLWP)
 *   -F       with resident set, faults and CPU, as -eLF
 *
 * RSS is in KiB; MINFL and MAJFL count page faults without and with a disk
 * read; TIME is CPU time used, in hours, minutes, seconds and hundredths when
 * it is short.  STATE is R for what runs or is ready, S asleep, T stopped, Z a
 * zombie; r and s are the ready and the sleeping that the kernel has suspended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: ps [-e] [-f] [-F] [-L]\n"
    "  -e  all processes (-A is the same)\n"
    "  -f  parent, state and full command line\n"
    "  -F  also memory, page faults and CPU\n"
    "  -L  one line per thread\n"
    "STATE: R running or ready, S asleep, T stopped, Z zombie; r and s: ready\n"
    "and asleep, but suspended by the kernel.\n"
    "Columns: LWP and NLWP number and count of threads, RSS in KiB,\n"
    "MINFL and MAJFL page faults, TIME of CPU used.\n";

enum { TICKS_PER_SECOND = 100 };

static unsigned char on[128]; /* options by letter */
static long page_kib;

static void format_time(const struct proc_info *p, char *out, size_t size)
{
    unsigned long ticks = p->user_ticks + p->system_ticks;
    unsigned long seconds = ticks / TICKS_PER_SECOND;
    snprintf(out, size, "%02lu:%02lu:%02lu.%02lu", seconds / 3600,
             seconds / 60 % 60, seconds % 60, ticks % TICKS_PER_SECOND);
}

static void print_header(void)
{
    printf("%5s ", "PID");
    if (on['L'])
        printf("%5s %4s ", "LWP", "NLWP");
    if (on['f'] || on['F'])
        printf("%5s ", "PPID");
    printf("STATE ");
    if (on['F'])
        printf("%8s %8s %6s %3s ", "RSS", "MINFL", "MAJFL", "CPU");
    printf("%11s CMD\n", "TIME");
}

static void print_process(const struct proc_info *p)
{
    char time[32], command[256];
    format_time(p, time, sizeof time);
    if (on['f'] || on['F'])
        proc_command(p, command, sizeof command);
    else
        snprintf(command, sizeof command, "%s", p->name);
    printf("%5d ", (int)p->pid);
    if (on['L'])
        printf("%5d %4ld ", (int)p->lwp, p->threads);
    if (on['f'] || on['F'])
        printf("%5d ", (int)p->ppid);
    printf("%-5c ", p->state);
    if (on['F'])
        printf("%8ld %8lu %6lu %3d ", p->rss_pages * page_kib, p->minor_faults,
               p->major_faults, p->cpu);
    printf("%s %s%s\n", time, command, p->state == 'Z' ? " <defunct>" : "");
}

/* One line per thread; a process that shows none is its only thread. */
static void print_threads(const struct proc_info *p)
{
    char folder[64];
    size_t count = 0;
    struct proc_info thread;
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)p->pid);
    pid_t *list = on['L'] ? proc_list(folder, &count) : NULL;
    if (!count)
        print_process(p);
    for (size_t i = 0; i < count; i++)
        if (!proc_read_thread(p->pid, list[i], &thread))
            print_process(&thread);
    free(list);
}

int main(int argc, char **argv)
{
    struct options o;
    struct proc_info info, self;
    size_t count;
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "eAfFL")) != -1)
        on[letter] = 1;
    page_kib = sysconf(_SC_PAGESIZE) / 1024;

    pid_t *list = proc_list("/proc", &count);
    if (!list || proc_read(getpid(), &self)) {
        report_errno("/proc");
        return 1;
    }
    print_header();
    for (size_t i = 0; i < count; i++) {
        if (proc_read(list[i], &info))
            continue; /* it has gone meanwhile */
        if (!on['e'] && !on['A'] && self.tty && info.session != self.session)
            continue;
        print_threads(&info);
    }
    free(list);
    return report_finish(0);
}
