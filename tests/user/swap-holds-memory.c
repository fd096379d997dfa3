/*
 * Children that fill memory, send it out by MADV_PAGEOUT and read it back: each
 * either finds every byte, or is killed by a signal that says why; none reads
 * anything else.
 *
 * Options: -m MIB of each child (1), -c CHILDREN (2), -r ROUNDS of sending out
 * and reading (1), -s: shared memory, -o PATH: swapoff it while memory is out,
 * -w SECONDS to wait then, -l: leave it to the kernel what goes out, -e MIB
 * that one more child uses for a moment, so that something must go, -k: the
 * parent stays in memory.
 * Prints /proc/swaps while memory is out, and at the end a line
 * "good N bus N killed N wrong N".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"
#include "common/work.h"

enum { MOST_CHILDREN = 64, WRONG = 9 };

static size_t mib = 1, extra_mib;
static int children = 2, rounds = 1, wait_seconds;
static bool shared, lazy, keep;
static const char *swap_off;

struct child {
    pid_t pid;
    struct gate out, in; /* it says that its memory is out; it is to go on */
};

static void send_out(struct work_area *area)
{
    if (!lazy)
        paging_advise(area->at, area->pages * PAGE, ADVICE_PAGEOUT);
}

/* Tells the parent, also by its end, when all has been sent out. */
static int run_child(struct child *child, int number)
{
    size_t pages = mib << 8;
    struct work_area area;

    close(child->in.ends[1]);
    work_make(&area, (unsigned)number,
              shared ? paging_map_shared(pages) : paging_map(pages), pages,
              false);
    work_write_all(&area, 1);
    send_out(&area);
    gate_open(&child->out);
    gate_pass(&child->in);
    for (int round = 0; round < rounds; round++) {
        if (work_check_all(&area))
            return WRONG;
        if (round + 1 < rounds) {
            work_write_all(&area, (unsigned)round + 2);
            send_out(&area);
        }
    }
    return 0;
}

static void start(struct child *child, int number)
{
    gate_make(&child->out);
    gate_make(&child->in);
    child->pid = fork();
    NEED(child->pid >= 0);
    if (child->pid == 0) {
        close(child->out.ends[0]);
        _exit(run_child(child, number));
    }
    close(child->out.ends[1]);
    close(child->in.ends[0]);
}

static void print_swaps(void)
{
    char text[2000];

    if (check_read_file("/proc/swaps", text, sizeof(text)) > 0)
        printf("%s", text);
    fflush(stdout);
}

static int run_extra(void *unused)
{
    size_t pages = extra_mib << 8;
    char *memory = paging_map(pages);

    (void)unused;
    for (size_t i = 0; i < pages; i++)
        memory[i * PAGE] = 1;
    return 0;
}

static void while_it_is_out(void)
{
    if (extra_mib)
        CHECK_EXITS(run_extra, NULL, 0, "one more");
    print_swaps();
    if (wait_seconds)
        sleep((unsigned)wait_seconds);
    if (swap_off) {
        printf("swapoff gave %ld\n", RAW1(NUMBER_swapoff, swap_off));
        print_swaps();
    }
}

static void run(void)
{
    static struct child all[MOST_CHILDREN];
    int good = 0, bus = 0, killed = 0, wrong = 0;

    for (int i = 0; i < children; i++)
        start(&all[i], i);
    for (int i = 0; i < children; i++) {
        char byte;
        (void)!read(all[i].out.ends[0], &byte, 1);
    }
    while_it_is_out();
    for (int i = 0; i < children; i++)
        (void)!write(all[i].in.ends[1], "", 1);
    for (int i = 0; i < children; i++) {
        int status = child_wait(all[i].pid);
        int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        good += status == 0;
        bus += number == SIGBUS;
        killed += number == SIGKILL;
        wrong += status != 0 && number != SIGBUS && number != SIGKILL;
    }
    printf("good %d bus %d killed %d wrong %d\n", good, bus, killed, wrong);
    fflush(stdout);
    CHECK_EQ(wrong, 0, "no other bytes than those written");
    CHECK_EQ(good + bus + killed, children, "all have ended");
}

static void read_options(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "m:c:r:o:w:e:skl")) != -1) {
        if (option == 'm')
            mib = (size_t)atol(optarg);
        else if (option == 'c')
            children = atoi(optarg);
        else if (option == 'r')
            rounds = atoi(optarg);
        else if (option == 'o')
            swap_off = optarg;
        else if (option == 'w')
            wait_seconds = atoi(optarg);
        else if (option == 'e')
            extra_mib = (size_t)atol(optarg);
        else if (option == 's')
            shared = true;
        else if (option == 'k')
            keep = true;
        else if (option == 'l')
            lazy = true;
        else
            check_fatal("options");
    }
    NEED(children <= MOST_CHILDREN);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    check_start();
    alarm(0);
    signal(SIGPIPE, SIG_IGN);
    if (keep)
        NEED(RAW1(NUMBER_mlockall, MCL_CURRENT | MCL_FUTURE) == 0);
    run();
    return check_done();
}
