/*
 * Real-time threads of one CPU run strictly by priority: the highest at once,
 * equals in order (SCHED_FIFO) or in turns (SCHED_RR), all others not at all.
 * Who loses priority stays first among its new equals, who gains is last.
 *
 * The conductor is the most urgent: what it does to the others is one step for
 * them. They note their letters, and what they have noted is compared.
 *
 * smp: 1 2 4
 */
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"
#include "common/thread.h"

enum { CONDUCTOR = 90, PLAYERS = 4, MOST_NOTES = 60, TRIES = 4 };

struct notes {
    volatile int count;
    char text[MOST_NOTES + 1];
    volatile int spins, stop;
};
static struct notes *notes;

struct player {
    char letter;
    int policy, priority;
    void (*plays)(const struct player *p);
    struct gate gate;
    pid_t pid;
};
static struct player players[PLAYERS];

static void note(char letter)
{
    if (notes->count < MOST_NOTES) {
        notes->text[notes->count++] = letter;
    }
}

static int player_main(void *player)
{
    struct player *p = player;
    NEED(set_policy(0, p->policy, p->priority) == 0);
    gate_pass(&p->gate);
    p->plays(p);
    return 0;
}

/* The players wait at their gates. */
static void seat(size_t count)
{
    memset(notes, 0, sizeof(*notes));
    for (size_t i = 0; i < count; i++) {
        gate_make(&players[i].gate);
    }
    for (size_t i = 0; i < count; i++) {
        players[i].pid = child_start(player_main, &players[i]);
        NEED(thread_await_state(players[i].pid, players[i].pid, 'S'));
    }
}

/* All gates are open before any player can run. */
static void open_gates(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        gate_open(&players[i].gate);
    }
}

static bool are_noted(size_t count, const char *expected)
{
    for (size_t i = 0; i < count; i++) {
        NEED(child_wait(players[i].pid) == 0);
        gate_close(&players[i].gate);
    }
    bool good = strcmp(notes->text, expected) == 0;
    if (!good) {
        check_note("noted %s expected %s", notes->text, expected);
    }
    return good;
}

static void check_notes(size_t count, const char *expected, const char *name)
{
    CHECK(are_noted(count, expected), "%s", name);
}

/* With turns in the game, which end by the clock: while a processor stands
 * still, who has just got it may lose it before he plays. So there are some
 * tries. */
static void check_turns(size_t count, const char *expected, const char *name)
{
    bool good = false;
    for (int i = 0; i < TRIES && !good; i++) {
        seat(count);
        open_gates(count);
        good = are_noted(count, expected);
    }
    CHECK(good, "%s", name);
}

static void set_player(int i, int policy, int priority,
                       void (*plays)(const struct player *p))
{
    players[i].letter = (char)('a' + i);
    players[i].policy = policy;
    players[i].priority = priority;
    players[i].plays = plays;
}

/* -- scores ------------------------------------------------------------------ */

/* A small letter at the beginning, a capital one at the end. */
static void computes(const struct player *p)
{
    note(p->letter);
    compute_ms(15);
    note((char)(p->letter - 'a' + 'A'));
}

/* Until all have noted something: that takes turns. */
static int notes_of_all;

static void awaits_others(const struct player *p)
{
    uint64_t limit = thread_cpu_ns() + 5000000000u;
    note(p->letter);
    while (notes->count < notes_of_all && thread_cpu_ns() < limit) {
    }
    note((char)(p->letter - 'a' + 'A'));
}

static void yields(const struct player *p)
{
    for (int i = 0; i < 3; i++) {
        note(p->letter);
        RAW1(SYS_sched_yield, 0);
    }
}

static void check_priorities(void)
{
    set_player(0, SCHED_OTHER, 0, computes);
    set_player(1, SCHED_FIFO, 10, computes);
    set_player(2, SCHED_RR, 20, computes);
    set_player(3, SCHED_FIFO, 30, computes);
    seat(4);
    open_gates(4);
    check_notes(4, "dDcCbBaA", "by priority, whatever the policy");
}

static void check_equals(void)
{
    for (int i = 0; i < 3; i++) {
        set_player(i, SCHED_FIFO, 10, computes);
    }
    seat(3);
    open_gates(3);
    check_notes(3, "aAbBcC", "FIFO: in order, each to its end");
    for (int i = 0; i < 3; i++) {
        set_player(i, SCHED_RR, 10, awaits_others);
    }
    notes_of_all = 3;
    check_turns(3, "abcCAB", "RR: in turns");
    set_player(0, SCHED_FIFO, 10, computes);
    notes_of_all = 4;
    check_turns(3, "aAbcCB", "FIFO among RR: to its end");
    for (int i = 0; i < 3; i++) {
        set_player(i, SCHED_FIFO, 10, yields);
    }
    set_player(3, SCHED_FIFO, 9, yields);
    seat(4);
    open_gates(4);
    check_notes(4, "abcabcabcddd", "yield is for equals only");
}

/* -- changes ----------------------------------------------------------------- */

static void wakes_higher(const struct player *p)
{
    note(p->letter);
    gate_open(&players[1].gate);
    note((char)(p->letter - 'a' + 'A'));
}

static void lowers_itself(const struct player *p)
{
    note(p->letter);
    NEED(set_rt_priority(0, 5) == 0);
    note((char)(p->letter - 'a' + 'A'));
}

static void raises_other(const struct player *p)
{
    note(p->letter);
    NEED(set_rt_priority(players[0].pid, 40) == 0);
    note((char)(p->letter - 'a' + 'A'));
}

static void becomes_normal(const struct player *p)
{
    note(p->letter);
    NEED(set_policy(0, SCHED_OTHER, 0) == 0);
    note((char)(p->letter - 'a' + 'A'));
}

static void check_takes_the_cpu(void)
{
    set_player(1, SCHED_FIFO, 20, computes);
    set_player(0, SCHED_FIFO, 10, wakes_higher);
    seat(2);
    gate_open(&players[0].gate);
    check_notes(2, "abBA", "who is woken and is higher runs at once");
    set_player(0, SCHED_FIFO, 20, wakes_higher);
    seat(2);
    gate_open(&players[0].gate);
    check_notes(2, "aAbB", "an equal does not");
    set_player(0, SCHED_FIFO, 10, computes);
    set_player(1, SCHED_FIFO, 20, lowers_itself);
    seat(2);
    open_gates(2);
    check_notes(2, "baAB", "who lowers itself gives way at once");
    set_player(1, SCHED_FIFO, 20, raises_other);
    seat(2);
    open_gates(2);
    check_notes(2, "baAB", "so does who raises another one");
    set_player(1, SCHED_FIFO, 20, becomes_normal);
    seat(2);
    open_gates(2);
    check_notes(2, "baAB", "or becomes normal");
}

/* Players wait ready: b among its equals before and after. */
static void check_requeued(void)
{
    static const struct {
        int before, after;
        const char *expected, *name;
    } rows[] = {
        { 10, 10, "aAbBcC", "the same priority: the place stays" },
        { 30, 10, "bBaAcC", "lowered: first among equals" },
        { 5, 10, "aAcCbB", "raised: the last of them" },
        { 10, 5, "aAcCbB", "lowered below" },
        { 10, 30, "bBaAcC", "raised above" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        set_player(0, SCHED_FIFO, 10, computes);
        set_player(1, SCHED_FIFO, rows[i].before, computes);
        set_player(2, SCHED_FIFO, 10, computes);
        seat(3);
        open_gates(3);
        NEED(set_rt_priority(players[1].pid, rows[i].after) == 0);
        check_notes(3, rows[i].expected, rows[i].name);
    }
    set_player(0, SCHED_OTHER, 0, computes);
    set_player(1, SCHED_FIFO, 10, computes);
    seat(2);
    open_gates(2);
    NEED(set_policy(players[0].pid, SCHED_FIFO, 11) == 0);
    check_notes(2, "aAbB", "from normal to real time while it waits");
    set_player(0, SCHED_FIFO, 20, computes);
    seat(2);
    open_gates(2);
    NEED(set_policy(players[0].pid, SCHED_OTHER, 0) == 0);
    check_notes(2, "bBaA", "and from real time to normal");
}

/* -- the others ---------------------------------------------------------------- */

static void spins(const struct player *p)
{
    (void)p;
    while (!notes->stop) {
        notes->spins++;
    }
}

static void watches(const struct player *p)
{
    int before = notes->spins;
    note(p->letter);
    compute_ms(60);
    note(notes->spins == before ? 'A' : '!');
    notes->stop = 1;
}

static void check_normal_waits(void)
{
    static const int policies[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        set_player(0, SCHED_FIFO, 1, watches);
        set_player(1, policies[i], 0, spins);
        set_player(2, policies[i], 0, spins);
        seat(3);
        open_gates(3);
        check_notes(3, "aA", "the lowest real-time priority is above all");
    }
}

int main(void)
{
    check_start();
    notes = shared_memory(sizeof(*notes));
    NEED(set_cpus(0, 1ul << first_cpu()) == 0);
    NEED(set_policy(0, SCHED_FIFO, CONDUCTOR) == 0);
    check_priorities();
    check_equals();
    check_takes_the_cpu();
    check_requeued();
    check_normal_waits();
    return check_done();
}
