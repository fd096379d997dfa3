/*
 * wakeup.c - see wakeup.h.
 */
#include "common/wakeup.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/child.h"

enum {
    ROUNDS = 5000, /* each makes both sides sleep once */
    ROW_SECONDS = 200,
    ROUNDS_PER_SECOND = 500, /* the slowest machine that is not hung */
};

/* What the two sides share. */
struct meeting {
    int processes[2];
    long heard[2];
};

static struct meeting *meeting;
static int my_side;
static uint64_t random_state;
static long seed = 1;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

void wakeup_delay(void)
{
    /* Mostly none or about as long as a system call, at times a long one. */
    static const unsigned most[] = { 1, 1, 300, 300, 1000, 3000, 3000, 20000 };
    uint64_t r = next_random();
    unsigned turns = (unsigned)(r >> 8) % most[r % ARRAY_LENGTH(most)];

    if ((r >> 40) % 16 == 0) {
        sched_yield();
    }
    for (volatile unsigned i = 0; i < turns; i++) {
    }
}

int wakeup_other(void)
{
    return __atomic_load_n(&meeting->processes[!my_side], __ATOMIC_ACQUIRE);
}

long wakeup_count(int side)
{
    return __atomic_load_n(&meeting->heard[side], __ATOMIC_ACQUIRE);
}

void wakeup_heard(int side)
{
    __atomic_fetch_add(&meeting->heard[side], 1, __ATOMIC_RELEASE);
}

int wakeup_insist(int side, int (*again)(int side))
{
    /* Time for the other side to get where it sleeps; more if need be. */
    struct timespec rest = { .tv_nsec = 20000 };
    long before = wakeup_count(side);

    while (wakeup_count(side) == before) {
        if (again(side)) {
            return -1;
        }
        nanosleep(&rest, NULL);
        rest.tv_nsec += rest.tv_nsec < 2000000 ? rest.tv_nsec : 0;
    }
    return 0;
}

static int take_turns(const struct wakeup_row *row, long rounds)
{
    if (row->act) {
        return row->act(my_side, rounds);
    }
    for (long i = 0; i < rounds; i++) {
        wakeup_delay();
        if (my_side == 0 && row->tell(1)) {
            return -1;
        }
        if (row->listen(my_side)) {
            return -1;
        }
        if (my_side == 1 && (wakeup_delay(), row->tell(0))) {
            return -1;
        }
    }
    return 0;
}

static void begin_side(int side, long rounds)
{
    my_side = side;
    random_state = (uint64_t)(seed * 2 + side) * 0x9e3779b97f4a7c15ull + 1;
    __atomic_store_n(&meeting->processes[side], getpid(), __ATOMIC_RELEASE);
    alarm(ROW_SECONDS + (unsigned)(rounds / ROUNDS_PER_SECOND));
}

/* In a child: one row, with everything it opens. */
static int run_row(const struct wakeup_row *row, long rounds)
{
    begin_side(0, rounds);
    if (row->prepare) {
        row->prepare();
    }
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        begin_side(1, rounds);
        int result = take_turns(row, rounds);
        if (result) {
            check_note("%s: side 1: errno %d", row->name, errno);
        }
        _exit(result ? 1 : 0);
    }
    __atomic_store_n(&meeting->processes[1], pid, __ATOMIC_RELEASE);
    int result = take_turns(row, rounds);
    if (result) {
        check_note("%s: side 0: errno %d", row->name, errno);
        kill(pid, SIGKILL);
    }
    int status = child_wait(pid);
    if (row->finish) {
        row->finish();
    }
    return result || status ? 1 : 0;
}

static bool is_wanted(const char *name, int count, char **names)
{
    for (int i = 0; i < count; i++) {
        if (strstr(name, names[i])) {
            return true;
        }
    }
    return count == 0;
}

int wakeup_main(int argc, char **argv, const struct wakeup_row *rows,
                size_t count)
{
    check_start();
    long rounds = check_rounds(argc, argv, ROUNDS);
    seed = argc > 2 ? atol(argv[2]) : 1;
    check_enter_scratch();
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(rows[i].name, argc > 3 ? argc - 3 : 0, argv + 3)) {
            continue;
        }
        alarm(2 * ROW_SECONDS + (unsigned)(rounds / ROUNDS_PER_SECOND));
        meeting = shared_memory(sizeof(*meeting));
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            setpgid(0, 0);
            _exit(run_row(&rows[i], rounds));
        }
        int status = child_wait(pid);
        kill(-pid, SIGKILL); /* whoever was left asleep */
        check_report(status == 0, child_text(status, "0"), "%s", rows[i].name);
    }
    return check_done();
}
