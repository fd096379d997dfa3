/*
 * thrash - more and more processes at work, until memory is too small for them.
 *
 *   -n MOST      up to so many processes (default 10)
 *   -o ONLY      with so many only
 *   -p PAGES     working set of each (default 2500)
 *   -s SECONDS   for each measurement (default 4), after as many to warm up
 *   -w WAYS      ways of load control, after one another: off, pff, ws, or
 *                several with commas (default: the one that is set)
 *   -g FILE      a figure in SVG, too: throughput, and CPU use in dashes
 *
 * A unit of work touches pages near each other at several random places of the
 * process' working set, and computes a little.  While all working sets fit,
 * throughput grows until the CPUs are busy; with more, each process waits for
 * pages that another one has just lost.  With load control only as many as fit
 * are in play, and take turns.  Times are those of the machine it runs on.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: thrash [-n MOST | -o ONLY] [-p PAGES] [-s SECONDS] [-w WAYS] [-g "
    "FILE]\n"
    "Throughput and CPU use against the number of processes at work.\n"
    "  -n MOST     up to so many processes (10)\n"
    "  -o ONLY     with so many only\n"
    "  -p PAGES    working set of each (2500)\n"
    "  -s SECONDS  for each measurement (4), after as many more\n"
    "  -w WAYS     ways of load control, with commas: off,pff,ws\n"
    "  -g FILE     write a figure in SVG, too\n"
    "Swap space must be there (swapon). RATIO is to the first way.\n";

enum {
    MOST_WORKERS = 64,
    MOST_WAYS = 3,
    PLACES = 4,  /* in a unit of work */
    NEAR = 8,    /* pages at each */
    LOOPS = 400, /* of computing for each page */
    PAGE = 4096,
};

#define CONTROL "/proc/sys/vm/loadctl"

/* What the workers and we share: units done by each. */
struct board {
    volatile unsigned long units[MOST_WORKERS * 8]; /* 64 bytes apart */
};

/* One measurement. */
struct result {
    double units, cpu, faults; /* a second; percent; a second */
    double least;              /* units a second of who got fewest */
};

static struct board *board;
static long pages = 2500, seconds = 4, most = 10, only;
static char *ways[MOST_WAYS];
static int way_count;
static struct result results[MOST_WAYS][MOST_WORKERS + 1];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Sleeps until a point of time. */
static void sleep_until(double when)
{
    double left;
    while ((left = when - now()) > 0) {
        struct timespec t = { (time_t)left, (long)(left * 1e9) % 1000000000 };
        nanosleep(&t, NULL);
    }
}

/* ---- workers ----------------------------------------------------------------- */

static unsigned long next_random(unsigned long *state)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return *state >> 33;
}

static void work_on(volatile unsigned char *page, unsigned long *state)
{
    unsigned long x = *state;
    for (int i = 0; i < LOOPS; i++)
        x = x * 31 + page[x % PAGE];
    page[0] = (unsigned char)x;
}

static void worker(int number)
{
    size_t bytes = (size_t)pages * PAGE;
    unsigned long state = (unsigned long)number * 7919 + 1;
    unsigned char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    for (;;) {
        for (int place = 0; place < PLACES; place++) {
            long first = (long)(next_random(&state) % (unsigned long)pages);
            for (long i = first; i < first + NEAR && i < pages; i++)
                work_on(memory + i * PAGE, &state);
        }
        board->units[number * 8]++;
    }
}

static void start_workers(pid_t *pids, int count)
{
    memset(board, 0, sizeof *board);
    for (int i = 0; i < count; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            worker(i);
        if (pids[i] < 0)
            report_errno("fork");
    }
}

static void end_workers(const pid_t *pids, int count)
{
    for (int i = 0; i < count; i++)
        if (pids[i] > 0)
            kill(pids[i], SIGKILL);
    while (wait(NULL) > 0)
        continue;
}

/* ---- measuring --------------------------------------------------------------- */

/* The number after `name` in a file of /proc; 0: there is none. */
static double read_number(const char *path, const char *name)
{
    static char text[16384];
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return 0;
    text[got] = 0;
    const char *at = strstr(text, name);
    return at ? strtod(at + strlen(name), NULL) : 0;
}

/* Ticks that all CPUs had, and those without work. */
static void read_ticks(double *all, double *idle)
{
    char text[256];
    int fd = open("/proc/stat", O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    *all = *idle = 0;
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return;
    text[got] = 0;
    char *at = strchr(text, ' ');
    for (int field = 0; at && field < 8; field++) {
        double ticks = strtod(at, &at);
        *all += ticks;
        if (field == 3 || field == 4)
            *idle += ticks;
    }
}

/* A moment in the life of the machine. */
struct moment {
    double time, all, idle, faults;
    unsigned long units[MOST_WORKERS];
};

static void look(struct moment *m, int count)
{
    m->time = now();
    read_ticks(&m->all, &m->idle);
    m->faults = read_number("/proc/vmstat", "pgmajfault ");
    for (int i = 0; i < count; i++)
        m->units[i] = board->units[i * 8];
}

static struct result measure(int count)
{
    static struct moment before, after;
    struct result r = { .least = 1e18 };
    pid_t pids[MOST_WORKERS];
    start_workers(pids, count);
    double start = now() + (double)seconds;
    sleep_until(start);
    look(&before, count);
    sleep_until(start + (double)seconds);
    look(&after, count);
    end_workers(pids, count);

    double time = after.time - before.time, all = after.all - before.all;
    for (int i = 0; i < count; i++) {
        double units = (double)(after.units[i] - before.units[i]) / time;
        r.units += units;
        if (units < r.least)
            r.least = units;
    }
    r.faults = (after.faults - before.faults) / time;
    if (all > 0)
        r.cpu = 100 * (1 - (after.idle - before.idle) / all);
    return r;
}

/* ---- telling ----------------------------------------------------------------- */

/* The way that is set: restored in the end. */
static char *get_way(void)
{
    static char name[16] = "off";
    int fd = open(CONTROL, O_RDONLY);
    if (fd < 0)
        return name;
    ssize_t got = read(fd, name, sizeof name - 1);
    close(fd);
    name[got > 0 ? got : 0] = 0;
    name[strcspn(name, "\n")] = 0;
    return name;
}

static int set_way(const char *name)
{
    int fd = open(CONTROL, O_WRONLY);
    if (fd < 0)
        return strcmp(name, "off") ? -1 : 0;
    ssize_t done = write(fd, name, strlen(name));
    close(fd);
    return done < 0 ? -1 : 0;
}

static void print_table(void)
{
    printf("%5s %5s %10s %6s %9s %10s %6s\n", "WAY", "PROCS", "UNITS/S", "CPU%",
           "FAULTS/S", "LEAST/S", "RATIO");
    for (int w = 0; w < way_count; w++)
        for (long n = only ? only : 1; n <= most; n++) {
            const struct result *r = &results[w][n];
            double first = results[0][n].units;
            printf("%5s %5ld %10.1f %6.1f %9.1f %10.2f %6.2f\n", ways[w], n,
                   r->units, r->cpu, r->faults, r->least,
                   first > 0 ? r->units / first : 0);
        }
}

static const char *const colours[MOST_WAYS] = { "#c0392b", "#1f77b4",
                                                "#2a8f3c" };

enum { WIDTH = 640, HEIGHT = 400, LEFT = 70, TOP = 30, ROOM = 90 };

static double x_of(double n)
{
    return LEFT + n / (double)most * (WIDTH - LEFT - ROOM);
}

static double y_of(double part)
{
    return TOP + (1 - part) * (HEIGHT - 2 * TOP - 20);
}

static void draw_axes(FILE *f, double highest)
{
    double right = x_of((double)most);
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    for (int i = 0; i <= 4; i++) {
        double y = y_of(i / 4.0);
        fprintf(f, "<path d=\"M%d %.1fH%.1f\" stroke=\"#ddd\"/>\n", LEFT, y,
                right);
        fprintf(f, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>",
                LEFT - 6, y + 4, highest * i / 4);
        fprintf(f, "<text x=\"%.1f\" y=\"%.1f\">%d %%</text>\n", right + 6,
                y + 4, i * 25);
    }
    for (long n = 1; n <= most; n++)
        fprintf(f,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%ld"
                "</text>\n",
                x_of((double)n), y_of(0) + 16, n);
    fprintf(f,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">processes "
            "of %ld pages each</text>\n",
            x_of((double)most / 2), y_of(0) + 36, pages);
    fprintf(f,
            "<text x=\"%d\" y=\"18\">units of work a second (left), CPU use "
            "in dashes (right)</text>\n",
            LEFT);
}

/* Throughput or CPU use of one way. */
static void draw_curve(FILE *f, int way, double highest, int cpu)
{
    fprintf(f, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s d=\"M",
            colours[way], cpu ? "1" : "2",
            cpu ? " stroke-dasharray=\"5 4\"" : "");
    for (long n = only ? only : 1; n <= most; n++) {
        const struct result *r = &results[way][n];
        fprintf(f, " %.1f %.1f", x_of((double)n),
                y_of(cpu ? r->cpu / 100 : r->units / highest));
    }
    fprintf(f, "\"/>\n");
}

static int draw_figure(const char *path)
{
    double highest = 1;
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    for (int w = 0; w < way_count; w++)
        for (long n = 1; n <= most; n++)
            if (results[w][n].units > highest)
                highest = results[w][n].units;
    draw_axes(f, highest);
    for (int w = 0; w < way_count && w < MOST_WAYS; w++) {
        draw_curve(f, w, highest, 0);
        draw_curve(f, w, highest, 1);
        fprintf(f, "<text x=\"%.1f\" y=\"%d\" fill=\"%s\">%s</text>\n",
                x_of((double)most) + 44, TOP + 20 + 18 * w, colours[w],
                strcmp(ways[w], "off") ? ways[w] : "none");
    }
    fprintf(f, "</svg>\n");
    return fclose(f);
}

/* ---- options ----------------------------------------------------------------- */

static void split_ways(const struct options *o, char *list)
{
    for (char *w = strtok(list, ","); w; w = strtok(NULL, ",")) {
        if (way_count == MOST_WAYS)
            options_bad(o);
        ways[way_count++] = w;
    }
}

static void read_number_option(const struct options *o, long *number, long top)
{
    if (options_number(o->value, number) || *number < 1 || *number > top)
        options_bad(o);
}

int main(int argc, char **argv)
{
    struct options o;
    const char *figure = NULL;
    char *initial = get_way();
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "n:o:p:s:w:g:")) != -1) {
        if (letter == 'n')
            read_number_option(&o, &most, MOST_WORKERS);
        else if (letter == 'o')
            read_number_option(&o, &only, MOST_WORKERS);
        else if (letter == 'p')
            read_number_option(&o, &pages, 1 << 20);
        else if (letter == 's')
            read_number_option(&o, &seconds, 3600);
        else if (letter == 'w')
            split_ways(&o, (char *)o.value);
        else
            figure = o.value;
    }
    if (only)
        most = only;
    if (way_count == 0)
        ways[way_count++] = initial;
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        report_errno("mmap");
        return 1;
    }
    for (int w = 0; w < way_count; w++) {
        if (set_way(ways[w])) {
            report_errno("%s: %s", CONTROL, ways[w]);
            return 1;
        }
        for (long n = only ? only : 1; n <= most; n++)
            results[w][n] = measure((int)n);
    }
    set_way(initial);
    print_table();
    if (figure && draw_figure(figure)) {
        report_errno("%s", figure);
        return 1;
    }
    return report_finish(0);
}
