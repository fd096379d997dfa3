/*
 * pipes - two pipes make a channel that goes both ways.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: pipes [ROUNDS]\n"
    "A parent sends words to its child through one pipe; the child sends them\n"
    "back in capitals through another. Then both pass ROUNDS (default 1000)\n"
    "messages of several sizes back and forth.\n"
    "\n"
    "Watch that a pipe goes one way: each process closes the end that it does\n"
    "not use. When the parent closes its end the child reads end of file and\n"
    "ends; had the child kept a copy of that end, it would wait for ever.\n"
    "A message costs two switches between processes, however small it is.\n";

enum { LARGEST = 4096 };

struct channel {
    int in, out;
};

static int read_all(int fd, char *bytes, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t part = read(fd, bytes + got, n - got);
        if (part <= 0)
            return got == 0 && part == 0 ? 1 : -1;
        got += (size_t)part;
    }
    return 0;
}

/* The child: a length, then so many bytes, which it sends back. */
static int answer(struct channel c)
{
    static char bytes[LARGEST];
    size_t n;
    int end;
    while ((end = read_all(c.in, (char *)&n, sizeof n)) == 0) {
        if (n > LARGEST || read_all(c.in, bytes, n))
            return 2;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
        if (write(c.out, bytes, n) != (ssize_t)n)
            return 2;
    }
    return end == 1 ? 0 : 2;
}

static int ask(struct channel c, char *bytes, size_t n)
{
    return write(c.out, &n, sizeof n) != sizeof n ||
                   write(c.out, bytes, n) != (ssize_t)n ||
                   read_all(c.in, bytes, n)
               ? -1
               : 0;
}

/* Forks the child at the other end; its PID, or -1. */
static pid_t start(struct channel *c)
{
    int there[2], back[2];
    if (pipe(there) || pipe(back))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(there[1]);
        close(back[0]);
        _exit(answer((struct channel){ there[0], back[1] }));
    }
    close(there[0]);
    close(back[1]);
    *c = (struct channel){ back[0], there[1] };
    return pid;
}

static int show_words(struct channel c)
{
    static const char *const words[] = { "two pipes", "one each way",
                                         "end of file" };
    char bytes[32];
    printf("%-16s %s\n", "parent sends", "child answers");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        snprintf(bytes, sizeof bytes, "%s", words[i]);
        if (ask(c, bytes, strlen(bytes)))
            return -1;
        printf("%-16s %s\n", words[i], bytes);
    }
    return 0;
}

static int show_sizes(struct channel c, long rounds)
{
    static char bytes[LARGEST];
    printf("\n%8s %10s %12s\n", "bytes", "rounds", "ns per round");
    for (size_t n = 1; n <= LARGEST; n *= 16) {
        memset(bytes, 'x', n);
        unsigned long long begin = measure_clock();
        for (long i = 0; i < rounds; i++)
            if (ask(c, bytes, n))
                return -1;
        unsigned long long ns = measure_clock() - begin;
        printf("%8zu %10ld %12llu\n", n, rounds,
               ns / (unsigned long long)rounds);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct channel c;
    long rounds = 1000;
    int status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count && (options_number(o.operands[0], &rounds) || rounds < 1)) {
        report("not a number of rounds: '%s'", o.operands[0]);
        return 1;
    }
    pid_t pid = start(&c);
    if (pid < 0 || show_words(c) || show_sizes(c, rounds)) {
        report_errno("the channel broke");
        return 1;
    }
    close(c.out);
    waitpid(pid, &status, 0);
    printf("\nthe child read end of file and ended with status %d\n",
           WEXITSTATUS(status));
    return report_finish(status != 0);
}
