/*
 * schedmix - a mix of processes that compute and sleep, and what each of them
 * gets from the scheduler.
 *
 * The conductor is a real-time process where it may be, so that it begins and
 * ends the experiment in time whatever the policy; the players wait at gates
 * in shared memory, which it opens in the order of the command line.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/files.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: schedmix [-t MS] [-b CPU] [-s] PLAYER...\n"
    "Let players, which are processes, run for MS milliseconds (default "
    "1000),\n"
    "all bound to a CPU (-b), and say what each got; then show /proc/sched "
    "(-s).\n"
    "A PLAYER is a list of words with commas between them:\n"
    "  hog           computes (default)\n"
    "  job=MS        computes for MS milliseconds of CPU time and has done\n"
    "  burst=US/US   computes so many microseconds, sleeps so many, and again\n"
    "  x=N           N players like this\n"
    "  after=MS      begins so late\n"
    "  nice=N fifo=PRIORITY rr=PRIORITY batch idle cpu=N\n"
    "\n"
    "ran, waited: time on a CPU, and ready but not on one, in ms. own, taken:\n"
    "switches because it slept, and because another one was to run. moved: to\n"
    "another CPU. cpus: mask of CPUs seen. longest: from the time that a "
    "burst\n"
    "was due to its beginning. began, done: of a job.\n"
    "\n"
    "Try  schedmix -b 0 hog,x=4,nice=5 hog  with sched=eevdf, and with\n"
    "sched=priority on the kernel's command line.\n";

enum { MOST_PLAYERS = 64, MS = 1000000, US = 1000, SHORT = 100, LONG = 20000 };
enum kind { HOG, JOB, BURST };

/* What a player does, and under which conditions. */
struct part {
    const char *text;
    enum kind kind;
    long work, rest; /* of a job in ms, of a burst in us */
    long count, after_ms;
    long nice, policy, priority, cpu; /* cpu -1: any */
};

/* What a player and the conductor share. */
struct desk {
    volatile uint32_t gate, ready;
    volatile uint64_t began, done, longest; /* ns */
    volatile uint64_t cpus;
};

struct counts {
    uint64_t ran, waited; /* ns */
    long own, taken, moved;
};

struct player {
    const struct part *part;
    struct desk *desk;
    pid_t pid;
    struct counts before, after;
};

static struct part parts[MOST_PLAYERS];
static struct player players[MOST_PLAYERS];
static int player_count;
static volatile uint64_t *start_ns; /* shared */

/* -- the command line --------------------------------------------------------- */

static int take_number(const char *word, const char *name, long *value)
{
    size_t length = strlen(name);
    char *end;
    if (strncmp(word, name, length) != 0 || word[length] != '=')
        return 0;
    *value = strtol(word + length + 1, &end, 10);
    return *end == '\0' && end > word + length + 1;
}

static int take_policy(const char *word, struct part *p)
{
    if (take_number(word, "fifo", &p->priority))
        p->policy = SCHED_FIFO;
    else if (take_number(word, "rr", &p->priority))
        p->policy = SCHED_RR;
    else if (strcmp(word, "batch") == 0)
        p->policy = SCHED_BATCH;
    else if (strcmp(word, "idle") == 0)
        p->policy = SCHED_IDLE;
    else
        return 0;
    return 1;
}

static int take_word(char *word, struct part *p)
{
    if (strcmp(word, "hog") == 0)
        return 1;
    if (take_number(word, "job", &p->work)) {
        p->kind = JOB;
        return p->work > 0;
    }
    if (sscanf(word, "burst=%ld/%ld", &p->work, &p->rest) == 2) {
        p->kind = BURST;
        return p->work >= 0 && p->rest >= 0;
    }
    return take_number(word, "x", &p->count) ||
           take_number(word, "after", &p->after_ms) ||
           take_number(word, "nice", &p->nice) ||
           take_number(word, "cpu", &p->cpu) || take_policy(word, p);
}

/* Returns 0, or -1 after a message. */
static int read_part(const char *text, struct part *p, long cpu)
{
    char words[128], *rest = words;
    *p = (struct part){ .text = text, .count = 1, .cpu = cpu };
    if (strlen(text) < sizeof(words)) {
        memcpy(words, text, strlen(text) + 1);
        for (char *w; (w = strsep(&rest, ",")) != NULL;)
            if (!take_word(w, p))
                goto bad;
        if (p->count >= 1 && p->count <= MOST_PLAYERS - player_count)
            return 0;
        report("not 1 to %d players: '%s'", MOST_PLAYERS, text);
        return -1;
    }
bad:
    report("no such player: '%s'", text);
    return -1;
}

/* -- a player ------------------------------------------------------------------ */

static long futex(volatile uint32_t *word, int operation, uint32_t value)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    const struct timespec t = { .tv_sec = (time_t)(ns / 1000000000u),
                                .tv_nsec = (long)(ns % 1000000000u) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

/* Compute until this process has used so much CPU time in all. */
static void compute_until(struct desk *d, uint64_t ns, int chunk)
{
    do {
        for (volatile int i = 0; i < chunk; i++)
            ;
        d->cpus |= 1ull << (sched_getcpu() & 63);
    } while (cpu_ns() < ns);
}

static int take_place(const struct part *p)
{
    struct sched_param param = { .sched_priority = (int)p->priority };
    cpu_set_t set;
    CPU_ZERO(&set);
    if (p->cpu >= 0 && p->cpu < CPU_SETSIZE)
        CPU_SET((size_t)p->cpu, &set);
    if ((p->cpu >= 0 && sched_setaffinity(0, sizeof(set), &set) != 0) ||
        sched_setscheduler(0, (int)p->policy, &param) != 0 ||
        (p->nice != 0 && setpriority(PRIO_PROCESS, 0, (int)p->nice) != 0)) {
        report_errno("'%s'", p->text);
        return -1;
    }
    return 0;
}

static void burst(const struct part *p, struct desk *d)
{
    for (uint64_t due = measure_clock();; due = measure_clock()) {
        due += (uint64_t)p->rest * US;
        sleep_until(due);
        uint64_t late = measure_clock() - due;
        if (late > d->longest)
            d->longest = late;
        compute_until(d, cpu_ns() + (uint64_t)p->work * US, SHORT);
    }
}

static void play(const struct part *p, struct desk *d)
{
    if (take_place(p) != 0)
        _exit(1);
    d->ready = 1;
    while (d->gate == 0)
        futex(&d->gate, FUTEX_WAIT, 0);
    if (p->after_ms)
        sleep_until(*start_ns + (uint64_t)p->after_ms * MS);
    d->began = measure_clock();
    if (p->kind == BURST)
        burst(p, d);
    if (p->kind == JOB)
        compute_until(d, cpu_ns() + (uint64_t)p->work * MS, SHORT);
    else
        compute_until(d, UINT64_MAX, LONG);
    d->done = measure_clock();
    for (;;)
        pause(); /* the conductor wants to look at it */
}

/* -- the conductor --------------------------------------------------------------- */

static long number_after(const char *text, const char *name)
{
    const char *p = strstr(text, name);
    p = p ? strchr(p, ':') : NULL;
    return p ? strtol(p + 1, NULL, 10) : 0;
}

static char *read_of(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return file_read_all(path, NULL);
}

/* Times first: on other CPUs they go on. */
static void take_times(struct player *p, struct counts *c)
{
    char *text = read_of(p->pid, "schedstat"), *rest = text;
    if (text) {
        c->ran = strtoull(rest, &rest, 10);
        c->waited = strtoull(rest, &rest, 10);
    }
    free(text);
}

static void take_counts(struct player *p, struct counts *c)
{
    char *text = read_of(p->pid, "status");
    if (text) {
        c->own = number_after(text, "\nvoluntary_ctxt_switches");
        c->taken = number_after(text, "\nnonvoluntary_ctxt_switches");
    }
    free(text);
    text = read_of(p->pid, "sched");
    if (text)
        c->moved = number_after(text, "nr_migrations");
    free(text);
}

static int start_players(struct desk *desks)
{
    for (int i = 0; i < player_count; i++) {
        struct player *p = &players[i];
        p->desk = &desks[i];
        fflush(stdout);
        p->pid = fork();
        if (p->pid < 0) {
            report_errno("cannot fork");
            return -1;
        }
        if (p->pid == 0)
            play(p->part, p->desk);
        while (!p->desk->ready) {
            if (waitpid(p->pid, NULL, WNOHANG) != 0) {
                p->pid = 0;
                return -1;
            }
            usleep(1000);
        }
    }
    usleep(5000); /* the last one comes to its gate */
    return 0;
}

static void conduct(long ms)
{
    for (int i = 0; i < player_count; i++) {
        take_counts(&players[i], &players[i].before);
        take_times(&players[i], &players[i].before);
    }
    *start_ns = measure_clock();
    for (int i = 0; i < player_count; i++) {
        players[i].desk->gate = 1;
        futex(&players[i].desk->gate, FUTEX_WAKE, 1);
    }
    sleep_until(*start_ns + (uint64_t)ms * MS);
    for (int i = 0; i < player_count; i++)
        take_times(&players[i], &players[i].after);
    for (int i = 0; i < player_count; i++)
        take_counts(&players[i], &players[i].after);
}

static void end_players(void)
{
    for (int i = 0; i < player_count; i++)
        if (players[i].pid > 0)
            kill(players[i].pid, SIGKILL);
    for (int i = 0; i < player_count; i++)
        if (players[i].pid > 0)
            waitpid(players[i].pid, NULL, 0);
}

static void print_ms(int width, uint64_t ns)
{
    printf(" %*llu.%02llu", width - 3, (unsigned long long)ns / MS,
           (unsigned long long)ns / 10000 % 100);
}

/* A time since the start, or a dash. */
static void print_since_start(uint64_t ns)
{
    if (ns)
        print_ms(9, ns - *start_ns);
    else
        printf(" %9s", "-");
}

static void print_player(const struct player *p, uint64_t all)
{
    const struct counts *b = &p->before, *a = &p->after;
    uint64_t ran = a->ran - b->ran;
    uint64_t share = all ? ran * 1000 / all : 0;
    printf("%-24s", p->part->text);
    print_ms(9, ran);
    printf(" %3llu.%llu%%", (unsigned long long)share / 10,
           (unsigned long long)share % 10);
    print_ms(9, a->waited - b->waited);
    printf(" %6ld %6ld %5ld %4llx", a->own - b->own, a->taken - b->taken,
           a->moved - b->moved, (unsigned long long)p->desk->cpus);
    print_ms(8, p->desk->longest);
    print_since_start(p->part->kind == JOB ? p->desk->began : 0);
    print_since_start(p->desk->done);
    printf("\n");
}

static void print_all(void)
{
    uint64_t all = 0;
    for (int i = 0; i < player_count; i++)
        all += players[i].after.ran - players[i].before.ran;
    printf("%-24s %9s %6s %9s %6s %6s %5s %4s %8s %9s %9s\n", "player", "ran",
           "share", "waited", "own", "taken", "moved", "cpus", "longest",
           "began", "done");
    for (int i = 0; i < player_count; i++)
        print_player(&players[i], all);
}

/* Before others, if that is allowed; players set their own policy. */
static void become_urgent(void)
{
    const struct sched_param p = { .sched_priority = 99 };
    sched_setscheduler(0, SCHED_FIFO, &p);
}

static int perform(long ms, int shows)
{
    size_t bytes = sizeof(struct desk) * MOST_PLAYERS + sizeof(*start_ns);
    struct desk *desks = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (desks == MAP_FAILED) {
        report_errno("no memory");
        return 1;
    }
    start_ns = (void *)(desks + MOST_PLAYERS);
    become_urgent();
    int failed = start_players(desks) != 0;
    if (!failed)
        conduct(ms);
    char *shown = shows && !failed ? file_read_all("/proc/sched", NULL) : NULL;
    end_players();
    if (!failed)
        print_all();
    if (shown)
        printf("\n%s", shown);
    free(shown);
    return failed;
}

int main(int argc, char **argv)
{
    struct options o;
    long ms = 1000, cpu = -1;
    int option, shows = 0;

    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((option = options_next(&o, "t:b:s")) != -1) {
        if (option == 's')
            shows = 1;
        else if (options_number(o.value, option == 't' ? &ms : &cpu) || ms < 1)
            options_bad(&o);
    }
    if (o.count == 0 || o.count > MOST_PLAYERS)
        options_bad(&o);
    for (int i = 0; i < o.count; i++) {
        if (read_part(o.operands[i], &parts[i], cpu) != 0)
            options_bad(&o);
        for (long k = 0; k < parts[i].count; k++)
            players[player_count++].part = &parts[i];
    }
    return report_finish(perform(ms, shows));
}
