/*
 * ps - lists processes, from /proc.
 *
 *   ps       the processes of this session (all of them if it has no terminal)
 *   -e       all processes
 *   -f       more columns
 *   -L       one line per thread: its number (LWP), how many there are (NLWP)
 *   -F       with memory, faults and CPU, as -eLF
 *   -o LIST  these columns: ps -eo pid,rss,pss,uss,majfl,args
 *
 * Memory is in KiB. RSS counts what is resident in full, although others may
 * map it too; PSS is the share of it, USS what nobody else maps: what would
 * become free. MINFL and MAJFL count page faults without and with a disk read;
 * TIME is CPU time used, in hours, minutes, seconds and hundredths when it is
 * short.  STATE is R for what runs or is ready, S asleep, D waiting for a disk
 * or something else that must end soon, T stopped, Z a zombie; r and s are the
 * ready and the sleeping that the kernel has suspended.
 *
 * Every column is a row of a table; the options only choose among them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: ps [-e] [-f] [-F] [-L] [-o COLUMN,...]\n"
    "  -e  all processes (-A is the same)\n"
    "  -f  parent, state and full command line\n"
    "  -F  also memory, page faults and CPU\n"
    "  -L  one line per thread\n"
    "  -o  these columns: pid ppid pgid sid lwp nlwp state rss pss uss swap "
    "vsz\n"
    "      minfl majfl psr time comm args\n"
    "STATE: R running or ready, S asleep, D waiting for a disk, T stopped,\n"
    "Z zombie; r and s: ready and asleep, but suspended by the kernel.\n"
    "Columns: LWP and NLWP number and count of threads; RSS, PSS, USS in KiB:\n"
    "resident, as a share, and nobody else's; MINFL and MAJFL page faults,\n"
    "TIME of CPU used.\n";

enum { TICKS_PER_SECOND = 100, COLUMNS_MAX = 32, CELL_BYTES = 256 };

static unsigned char on[128]; /* options by letter */

/* A line: a process or thread, and what is read when a column wants it. */
struct row {
    const struct proc_info *info;
    struct proc_memory memory;
    int memory_state; /* 0: not read yet, 1: read, -1: cannot be read */
};

struct column {
    const char *names; /* as -o takes it, each between spaces */
    const char *title;
    int width; /* of printf: negative to the left, 0: as long as it is */
    void (*format)(struct row *row, char *cell);
};

/* ---- cells --------------------------------------------------------------- */

static void put_number(char *cell, long n)
{
    snprintf(cell, CELL_BYTES, "%ld", n);
}

static void put_pid(struct row *row, char *cell)
{
    put_number(cell, row->info->pid);
}

static void put_ppid(struct row *row, char *cell)
{
    put_number(cell, row->info->ppid);
}

static void put_pgid(struct row *row, char *cell)
{
    put_number(cell, row->info->pgrp);
}

static void put_sid(struct row *row, char *cell)
{
    put_number(cell, row->info->session);
}

static void put_lwp(struct row *row, char *cell)
{
    put_number(cell, row->info->lwp);
}

static void put_nlwp(struct row *row, char *cell)
{
    put_number(cell, row->info->threads);
}

static void put_state(struct row *row, char *cell)
{
    snprintf(cell, CELL_BYTES, "%c", row->info->state);
}

static void put_rss(struct row *row, char *cell)
{
    put_number(cell, row->info->rss_pages * (sysconf(_SC_PAGESIZE) / 1024));
}

static void put_vsz(struct row *row, char *cell)
{
    put_number(cell, (long)(row->info->virtual_bytes / 1024));
}

static const struct proc_memory *memory_of(struct row *row)
{
    if (!row->memory_state)
        row->memory_state =
            proc_read_memory(row->info->pid, &row->memory) ? -1 : 1;
    return row->memory_state > 0 ? &row->memory : NULL;
}

static void put_memory(char *cell, const long *kib)
{
    if (kib)
        put_number(cell, *kib);
    else
        snprintf(cell, CELL_BYTES, "-");
}

static void put_pss(struct row *row, char *cell)
{
    const struct proc_memory *m = memory_of(row);
    put_memory(cell, m ? &m->pss : NULL);
}

static void put_uss(struct row *row, char *cell)
{
    const struct proc_memory *m = memory_of(row);
    put_memory(cell, m ? &m->uss : NULL);
}

static void put_swap(struct row *row, char *cell)
{
    const struct proc_memory *m = memory_of(row);
    put_memory(cell, m ? &m->swap : NULL);
}

static void put_minor(struct row *row, char *cell)
{
    put_number(cell, (long)row->info->minor_faults);
}

static void put_major(struct row *row, char *cell)
{
    put_number(cell, (long)row->info->major_faults);
}

static void put_cpu(struct row *row, char *cell)
{
    put_number(cell, row->info->cpu);
}

static void put_time(struct row *row, char *cell)
{
    unsigned long ticks = row->info->user_ticks + row->info->system_ticks;
    unsigned long seconds = ticks / TICKS_PER_SECOND;
    snprintf(cell, CELL_BYTES, "%02lu:%02lu:%02lu.%02lu", seconds / 3600,
             seconds / 60 % 60, seconds % 60, ticks % TICKS_PER_SECOND);
}

static void put_name(struct row *row, char *cell)
{
    snprintf(cell, CELL_BYTES, "%s%s", row->info->name,
             row->info->state == 'Z' ? " <defunct>" : "");
}

static void put_command(struct row *row, char *cell)
{
    proc_command(row->info, cell, CELL_BYTES - sizeof " <defunct>");
    if (row->info->state == 'Z') {
        size_t length = strlen(cell);
        snprintf(cell + length, CELL_BYTES - length, " <defunct>");
    }
}

// clang-format off
static const struct column columns[] = {
    { " pid tgid ", "PID", 5, put_pid },
    { " lwp tid spid ", "LWP", 5, put_lwp },
    { " nlwp thcount ", "NLWP", 4, put_nlwp },
    { " ppid ", "PPID", 5, put_ppid },
    { " pgid pgrp ", "PGID", 5, put_pgid },
    { " sid sess session ", "SID", 5, put_sid },
    { " state s stat ", "STATE", -5, put_state },
    { " vsz vsize ", "VSZ", 8, put_vsz },
    { " rss rssize ", "RSS", 8, put_rss },
    { " pss ", "PSS", 8, put_pss },
    { " uss ", "USS", 8, put_uss },
    { " swap ", "SWAP", 8, put_swap },
    { " minfl minflt min_flt ", "MINFL", 8, put_minor },
    { " majfl majflt maj_flt ", "MAJFL", 6, put_major },
    { " psr cpu ", "CPU", 3, put_cpu },
    { " time cputime ", "TIME", 11, put_time },
    { " comm ucmd ucomm ", "CMD", 0, put_name },
    { " args cmd command ", "CMD", 0, put_command },
};
// clang-format on

/* ---- which columns ------------------------------------------------------- */

static const struct column *chosen[COLUMNS_MAX];
static unsigned chosen_count;

static const struct column *find_column(const char *name)
{
    char word[32];
    if (snprintf(word, sizeof word, " %s ", name) >= (int)sizeof word)
        return NULL;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strstr(columns[i].names, word))
            return &columns[i];
    return NULL;
}

/* Adds the columns of a list with commas; ends the program if one is unknown.
 */
static void choose(const struct options *o, const char *list)
{
    char name[24];
    while (*list) {
        size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        const struct column *column =
            length < sizeof name ? find_column(name) : NULL;
        if (!column || chosen_count == COLUMNS_MAX) {
            report("unknown column '%.*s'", (int)length, list);
            options_bad(o);
        }
        chosen[chosen_count++] = column;
        list += length;
        list += *list == ',';
    }
}

static void choose_by_options(const struct options *o)
{
    choose(o, "pid");
    if (on['L'])
        choose(o, "lwp,nlwp");
    if (on['f'] || on['F'])
        choose(o, "ppid");
    choose(o, "state");
    if (on['F'])
        choose(o, "rss,pss,uss,minfl,majfl,psr");
    choose(o, on['f'] || on['F'] ? "time,args" : "time,comm");
}

/* ---- lines --------------------------------------------------------------- */

/* The last column is not filled up with spaces. */
static void print_cell(unsigned i, const char *cell)
{
    int last = i + 1 == chosen_count;
    int width = chosen[i]->width ? chosen[i]->width : -16;
    printf("%*s%c", last && width < 0 ? 0 : width, cell, last ? '\n' : ' ');
}

static void print_header(void)
{
    for (unsigned i = 0; i < chosen_count; i++)
        print_cell(i, chosen[i]->title);
}

static void print_process(const struct proc_info *info)
{
    struct row row = { .info = info };
    char cell[CELL_BYTES];
    for (unsigned i = 0; i < chosen_count; i++) {
        chosen[i]->format(&row, cell);
        print_cell(i, cell);
    }
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
    while ((letter = options_next(&o, "eAfFLo:")) != -1) {
        on[letter] = 1;
        if (letter == 'o')
            choose(&o, o.value);
    }
    if (!chosen_count)
        choose_by_options(&o);

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
