/*
 * vmtrace - runs a program and writes down each page that it uses.
 *
 * A child asks the kernel to record what it does and becomes the program; the
 * kernel lets it in to a page for one instruction at a time. The parent reads
 * the record as it comes, in the form that tools/replace takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: vmtrace [-o FILE] [-d | -s MS] COMMAND [ARG]...\n"
    "Runs COMMAND and writes each use of a page, in order: r, w or x (read,\n"
    "write, fetch of an instruction) and the page number in hexadecimal. What\n"
    "system calls do to memory is not seen, nor are locked pages; a child of\n"
    "COMMAND is not traced. COMMAND should have one thread.\n"
    "\n"
    "  -o FILE  write there (default: stdout)\n"
    "  -d       data only: leave out x\n"
    "  -s MS    for large programs: every MS milliseconds, which pages were "
    "used\n"
    "           since the last look; w: written to since they came to memory\n"
    "\n"
    "Watch how much there is: each line is a trap, and another after the\n"
    "instruction. tools/replace --trace FILE shows how many faults the string\n"
    "costs with each policy and number of frames.\n";

enum { BUFFER = 65536, MOST_MS = 60000 };

static int record_and_become(char **command)
{
    int fd = open("/proc/self/vmtrace", O_WRONLY);

    if (fd < 0 || write(fd, "exec\n", 5) != 5) {
        report_errno("/proc/self/vmtrace");
        return 126;
    }
    close(fd);
    execvp(command[0], command);
    report_errno("%s", command[0]);
    return errno == ENOENT ? 127 : 126;
}

/* Takes the lines that begin with x out of text; returns what is left. */
static size_t drop_fetches(char *text, size_t length)
{
    size_t kept = 0;

    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = (size_t)(end - (text + at)) + 1;

        if (text[at] != 'x') {
            memmove(text + kept, text + at, line);
            kept += line;
        }
        at += line;
    }
    return kept;
}

/* From the kernel to `out`, until the program has ended. Each read gives whole
 * lines. Returns 0, or -1 after a message. */
static int copy_record(int from, int out, int data_only)
{
    static char text[BUFFER];
    ssize_t length;
    int lost = 0;

    while ((length = read(from, text, sizeof text)) > 0) {
        size_t size = (size_t)length;

        if (data_only)
            size = drop_fetches(text, size);
        if (!lost && size && file_write_all(out, text, size)) {
            report_errno("cannot write the trace");
            lost = 1; /* but read on, or the program would wait for us */
        }
    }
    if (length < 0) {
        report_errno("/proc/vmtrace");
        return -1;
    }
    return -lost;
}

static int run(char **command, int out, int data_only)
{
    int from = open("/proc/vmtrace", O_RDONLY), status, go[2];
    char token;

    if (from < 0 || pipe(go)) {
        report_errno("/proc/vmtrace");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        report_errno("fork");
        return 1;
    }
    if (pid == 0) {
        close(from);
        close(go[0]);
        fcntl(go[1], F_SETFD, FD_CLOEXEC);
        _exit(record_and_become(command));
    }
    /* Until it is recorded: its end of the pipe is closed by exec. */
    close(go[1]);
    while (read(go[0], &token, 1) < 0 && errno == EINTR)
        ;
    int lost = copy_record(from, out, data_only);
    if (waitpid(pid, &status, 0) < 0) {
        report_errno("waitpid");
        return 1;
    }
    if (lost)
        return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Adds what the process has used since the last look; -1: it cannot. */
static int take_sample(pid_t pid, unsigned long number, int out)
{
    char path[40], head[48];
    size_t length;

    snprintf(path, sizeof path, "/proc/%ld/used_pages", (long)pid);
    char *text = file_read_all(path, &length);
    if (!text)
        return 0; /* it has just ended */
    int n = snprintf(head, sizeof head, "# sample %lu\n", number);
    int err = file_write_all(out, head, (size_t)n) ||
              file_write_all(out, text, length);
    free(text);
    if (err)
        report_errno("cannot write the trace");
    return err ? -1 : 0;
}

static int run_sampled(char **command, int out, long ms)
{
    struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
    int status, err = 0;
    pid_t pid = fork();

    if (pid < 0) {
        report_errno("fork");
        return 1;
    }
    if (pid == 0) {
        execvp(command[0], command);
        report_errno("%s", command[0]);
        _exit(errno == ENOENT ? 127 : 126);
    }
    for (unsigned long n = 1; waitpid(pid, &status, WNOHANG) == 0; n++) {
        nanosleep(&pause, NULL);
        if (!err)
            err = take_sample(pid, n, out);
    }
    if (err)
        return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static long read_ms(const struct options *o)
{
    long ms;

    if (options_number(o->value, &ms) || ms < 1 || ms > MOST_MS)
        options_bad(o);
    return ms;
}

int main(int argc, char **argv)
{
    struct options o;
    const char *path = NULL;
    int option, data_only = 0, out = STDOUT_FILENO;
    long sample_ms = 0;

    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((option = options_next(&o, "+o:ds:")) != -1) {
        if (option == 'o')
            path = o.value;
        else if (option == 's')
            sample_ms = read_ms(&o);
        else
            data_only = 1;
    }
    if (o.count == 0)
        options_bad(&o);
    if (path)
        out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0) {
        report_errno("%s", path);
        return 1;
    }
    if (sample_ms)
        return run_sampled(o.operands, out, sample_ms);
    return run(o.operands, out, data_only);
}
