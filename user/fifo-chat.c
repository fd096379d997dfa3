/*
 * fifo-chat - two strangers talk through two named pipes.
 *
 * Each opens the pipe it reads without waiting, then waits at the other until
 * its partner has done the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: fifo-chat [IN OUT]\n"
    "Makes the named pipes IN and OUT where they are missing, sends what is\n"
    "typed to OUT and shows what comes from IN. Start a second one with the\n"
    "names exchanged. Without names two processes show it with a few lines.\n"
    "\n"
    "Watch that the program says nothing until its partner is there: opening\n"
    "a named pipe waits for the other side. The two need not be related, as\n"
    "they must for pipe(): the name is all they share. Bytes never lie in the\n"
    "file system: \"ls -l\" shows a size of 0. When one leaves, the other "
    "reads\n"
    "end of file.\n";

struct tally {
    long pieces, bytes;
};

struct chat {
    const char *name; /* put before what is received */
    int in, out, typed;
    struct tally sent, received;
};

static int make(const char *path)
{
    if (mkfifo(path, 0600) == 0 || errno == EEXIST)
        return 0;
    report_errno("cannot make '%s'", path);
    return -1;
}

static int chat_open(struct chat *c, const char *in, const char *out)
{
    if (make(in) || make(out))
        return -1;
    c->in = open(in, O_RDONLY | O_NONBLOCK);
    c->out = open(out, O_WRONLY); /* waits for the partner */
    if (c->in < 0 || c->out < 0) {
        report_errno("cannot open '%s'", c->in < 0 ? in : out);
        return -1;
    }
    return 0;
}

static void count(struct tally *t, ssize_t bytes)
{
    t->pieces++;
    t->bytes += bytes;
}

/* What was typed goes out; at its end we say no more. */
static int send_typed(struct chat *c)
{
    char bytes[512];
    ssize_t n = read(c->typed, bytes, sizeof bytes);
    if (n > 0 && write(c->out, bytes, (size_t)n) != n)
        return -1;
    if (n > 0)
        count(&c->sent, n);
    if (n <= 0) {
        close(c->out);
        c->typed = -1; /* poll leaves it out */
    }
    return 0;
}

/* Returns 1 when the partner has left. */
static int show_received(struct chat *c)
{
    char bytes[512];
    ssize_t n = read(c->in, bytes, sizeof bytes);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return 1;
    count(&c->received, n);
    printf("%s< %.*s", c->name, (int)n, bytes);
    fflush(stdout);
    return 0;
}

static int chat_run(struct chat *c)
{
    int over = 0;
    while (!over) {
        struct pollfd ready[2] = { { .fd = c->in, .events = POLLIN },
                                   { .fd = c->typed, .events = POLLIN } };
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (ready[1].revents && send_typed(c))
            return -1;
        if (ready[0].revents)
            over = show_received(c);
    }
    return 0;
}

static void print_table(const struct chat *c)
{
    printf("%s%-10s %8s %8s\n%s%-10s %8ld %8ld\n%s%-10s %8ld %8ld\n", c->name,
           "", "pieces", "bytes", c->name, "sent", c->sent.pieces,
           c->sent.bytes, c->name, "received", c->received.pieces,
           c->received.bytes);
}

static int chat_between(struct chat *c, const char *in, const char *out)
{
    if (chat_open(c, in, out))
        return 1;
    if (chat_run(c)) {
        report_errno("the chat broke");
        return 1;
    }
    print_table(c);
    return report_finish(0);
}

/* A descriptor from which `text` can be read, and then the end. */
static int typed_text(const char *text)
{
    int ends[2];
    if (pipe(ends) ||
        write(ends[1], text, strlen(text)) != (ssize_t)strlen(text))
        return -1;
    close(ends[1]);
    return ends[0];
}

static int show(void)
{
    static const char a[] = "/tmp/fifo-chat.a", b[] = "/tmp/fifo-chat.b";
    struct chat anna = { .name = "anna ",
                         .typed = typed_text("hello, are you there?\n") };
    struct chat ben = { .name = "ben  ",
                        .typed = typed_text("yes: you could not have opened "
                                            "this pipe without me\n") };
    int status = 1;
    if (make(a) || make(b))
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(chat_between(&ben, b, a));
    int mine = chat_between(&anna, a, b);
    if (pid > 0)
        waitpid(pid, &status, 0);
    unlink(a);
    unlink(b);
    return mine || status;
}

int main(int argc, char **argv)
{
    struct chat c = { .name = "" };
    struct options o;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count == 0)
        return show();
    if (o.count != 2)
        options_bad(&o);
    return chat_between(&c, o.operands[0], o.operands[1]);
}
