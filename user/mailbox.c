/*
 * mailbox - direct and indirect communication through one message queue.
 *
 * Clients put requests (type 1) into a System V queue; any server may take the
 * next one: that is a mailbox. A server's answer has the client's pid as its
 * type, and only that client takes it: a named process is the addressee.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: mailbox [CLIENTS [SERVERS [REQUESTS]]]\n"
    "CLIENTS (default 3) send REQUESTS (default 300) each to SERVERS (default "
    "2)\n"
    "through one message queue, and wait for each answer.\n"
    "\n"
    "Watch who gets what. A request has type 1 and no addressee: whichever\n"
    "server is free takes it (indirect communication, by mailbox), so the "
    "work\n"
    "spreads by itself. An answer has the client's process number as its type\n"
    "and its client waits for just this type (direct communication), so that\n"
    "no client ever gets another's answer, although all use the same queue.\n"
    "The queue is bounded: with many clients, senders wait for room. At the "
    "end\n"
    "a last message of type 2 for each server tells it to stop.\n";

enum { REQUEST = 1, STOP = 2, CLIENTS_MAX = 64, SERVERS_MAX = 64 };

struct letter {
    long type;
    struct {
        long from;   /* process number */
        long number; /* to be squared */
        long result;
    } text;
};

enum { LETTER_BYTES = sizeof(struct letter) - sizeof(long) };

/* What a process tells at its end, through a pipe. */
struct account {
    long pid;
    long served; /* requests answered, or answers got */
    long wrong;  /* answers that were not ours */
    double seconds;
};

static int queue, ends[2];

static double seconds_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void finish(const struct account *a)
{
    _exit(write(ends[1], a, sizeof *a) == sizeof *a ? 0 : 1);
}

/* Type -STOP: requests before the order to stop. */
static void serve(long unused)
{
    struct account a = { .pid = getpid() };
    struct letter letter;
    double start = seconds_now();
    (void)unused;
    while (msgrcv(queue, &letter, LETTER_BYTES, -STOP, 0) == LETTER_BYTES &&
           letter.type == REQUEST) {
        letter.type = letter.text.from;
        letter.text.result = letter.text.number * letter.text.number;
        letter.text.from = a.pid;
        if (msgsnd(queue, &letter, LETTER_BYTES, 0))
            break;
        a.served++;
    }
    a.seconds = seconds_now() - start;
    finish(&a);
}

static void ask(long requests)
{
    struct account a = { .pid = getpid() };
    double start = seconds_now();
    for (long i = 0; i < requests; i++) {
        long number = a.pid * 1000 + i;
        struct letter letter = { .type = REQUEST,
                                 .text = { .from = a.pid, .number = number } };
        if (msgsnd(queue, &letter, LETTER_BYTES, 0) ||
            msgrcv(queue, &letter, LETTER_BYTES, a.pid, 0) != LETTER_BYTES)
            break;
        a.served++;
        a.wrong += letter.text.result != number * number;
    }
    a.seconds = seconds_now() - start;
    finish(&a);
}

static int start_all(long count, void (*body)(long), long argument)
{
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return -1;
        if (pid == 0)
            body(argument);
    }
    return 0;
}

/* Reads and prints the accounts of `count` processes; their sum, or -1. */
static long print_accounts(const char *what, long count)
{
    long total = 0;
    for (long i = 0; i < count; i++) {
        struct account a;
        if (read(ends[0], &a, sizeof a) != sizeof a)
            return -1;
        printf("%-8s %8ld %10ld %10.1f %8ld\n", what, a.pid, a.served,
               a.served ? a.seconds * 1e6 / (double)a.served : 0.0, a.wrong);
        total += a.wrong ? -1 : a.served;
    }
    return total;
}

static int show(long clients, long servers, long requests)
{
    struct letter stop = { .type = STOP };
    if (start_all(servers, serve, 0) || start_all(clients, ask, requests))
        return -1;
    printf("%-8s %8s %10s %10s %8s\n", "", "process", "messages", "us each",
           "wrong");
    long asked = print_accounts("client", clients);
    for (long i = 0; i < servers; i++)
        if (msgsnd(queue, &stop, LETTER_BYTES, 0))
            return -1;
    long served = print_accounts("server", servers);
    while (wait(NULL) > 0)
        ;
    printf("%ld requests, %ld answered, %ld got back\n", clients * requests,
           served, asked);
    return served == clients * requests && asked == served ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const long most[3] = { CLIENTS_MAX, SERVERS_MAX, 1000000 };
    long numbers[3] = { 3, 2, 300 };
    struct options o;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    for (int i = 0; i < o.count && i < 3; i++) {
        if (options_number(o.operands[i], &numbers[i]) || numbers[i] < 1 ||
            numbers[i] > most[i]) {
            report("not a number from 1 to %ld: '%s'", most[i], o.operands[i]);
            return 1;
        }
    }
    queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0 || pipe(ends)) {
        report_errno("no message queue");
        return 1;
    }
    int bad = show(numbers[0], numbers[1], numbers[2]);
    /* Whoever still waits is told that the queue is gone. */
    msgctl(queue, IPC_RMID, NULL);
    if (bad)
        report("messages were lost");
    return report_finish(bad ? 1 : 0);
}
