/*
 * testrun - run test programs one after the other, each in its own process
 * group with a time limit, and say on stdout and stderr how each one ended.
 *
 * usage: testrun [-t SECONDS] [-m] PROGRAM...    PROGRAM may be "sh file.sh"
 *
 * A line "@@case NAME" opens a program's output, "@@end NAME status=0x..."
 * closes it; the status is the one that wait() gave. With -m free memory is
 * compared before and after: a program that leaves less is run once more,
 * because the first run may have filled caches for good, and the second
 * difference counts. tests/harness.py reads these lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/report.h"

#define MOST_WORDS    16
#define SETTLE_ROUNDS 20
#define SETTLE_NS     10000000

struct outcome {
    int status;      /* as wait() gave it */
    int timed_out;   /* we had to kill it */
    long lost_bytes; /* free memory before minus after */
};

/* What a program may do to itself when memory is out, it may not to us. */
static void adjust_oom(const char *value)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd < 0)
        return;
    if (write(fd, value, strlen(value)) < 0)
        report_errno("oom_score_adj");
    close(fd);
}

static volatile pid_t running;
static volatile sig_atomic_t late;

static void on_alarm(int number)
{
    (void)number;
    late = 1;
    if (running > 0)
        kill(-running, SIGKILL);
}

/* Free bytes once the kernel has let go of what it only caches. */
static long free_memory(void)
{
    struct sysinfo info;
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
    if (fd >= 0) {
        if (write(fd, "3\n", 2) < 0)
            report_errno("drop_caches");
        close(fd);
    }
    if (sysinfo(&info))
        return 0;
    return (long)(info.freeram * info.mem_unit);
}

/* What is missing compared to before; gives dying processes time to go. */
static long memory_lost(long before)
{
    long lost = 0;
    for (int round = 0; round < SETTLE_ROUNDS; round++) {
        lost = before - free_memory();
        if (lost <= 0)
            break;
        struct timespec pause_time = { .tv_nsec = SETTLE_NS };
        nanosleep(&pause_time, NULL);
    }
    return lost;
}

/* In the child: becomes the program; words are separated by spaces. */
static void become(char *command)
{
    char *words[MOST_WORDS + 1];
    int count = 0;
    for (char *w = strtok(command, " "); w && count < MOST_WORDS;
         w = strtok(NULL, " "))
        words[count++] = w;
    words[count] = NULL;
    adjust_oom("0");
    setpgid(0, 0);
    execvp(words[0], words);
    int status = errno == ENOENT ? 127 : 126;
    report_errno("%s", words[0]);
    _exit(status);
}

static void run_once(const char *program, unsigned seconds,
                     struct outcome *result)
{
    char *command = strdup(program);
    long before = free_memory();
    late = 0;
    pid_t child = fork();
    if (child == 0)
        become(command);
    if (child > 0) {
        setpgid(child, child);
        running = child;
        alarm(seconds);
        while (waitpid(child, &result->status, 0) < 0 && errno == EINTR)
            continue;
        alarm(0);
        running = 0;
        kill(-child, SIGKILL); /* what it may have left behind */
    } else {
        report_errno("fork");
        result->status = 126 << 8;
    }
    free(command);
    result->timed_out = late;
    result->lost_bytes = memory_lost(before);
}

/* The same line on both streams, so that both can be cut into cases. */
static void mark(const char *text)
{
    printf("\n@@%s\n", text);
    fflush(stdout);
    fprintf(stderr, "\n@@%s\n", text);
}

static void run_case(const char *program, unsigned seconds, int check_memory)
{
    struct outcome result = { .status = 0 };
    char text[512];

    snprintf(text, sizeof text, "case %s", program);
    mark(text);
    run_once(program, seconds, &result);
    if (check_memory && result.lost_bytes > 0 && result.status == 0) {
        mark(text); /* only what follows counts */
        run_once(program, seconds, &result);
    }
    snprintf(text, sizeof text, "end %s status=0x%04x late=%d lost=%ld",
             program, (unsigned)result.status & 0xffff, result.timed_out,
             check_memory && result.lost_bytes > 0 ? result.lost_bytes : 0);
    mark(text);
}

int main(int argc, char **argv)
{
    unsigned seconds = 60;
    int check_memory = 0, option;

    report_set_name(argv[0], "testrun");
    while ((option = getopt(argc, argv, "t:m")) != -1) {
        if (option == 't') {
            seconds = (unsigned)atoi(optarg);
        } else if (option == 'm') {
            check_memory = 1;
        } else {
            fputs("usage: testrun [-t SECONDS] [-m] PROGRAM...\n", stderr);
            return 2;
        }
    }
    struct sigaction action = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &action, NULL);
    adjust_oom("-1000");
    for (int i = optind; i < argc; i++)
        run_case(argv[i], seconds, check_memory);
    return report_finish(0);
}
