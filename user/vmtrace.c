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
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: vmtrace [-o FILE] [-d] COMMAND [ARG]...\n"
    "Runs COMMAND and writes each use of a page, in order: r, w or x (read,\n"
    "write, fetch of an instruction) and the page number in hexadecimal. What\n"
    "system calls do to memory is not seen, nor are locked pages; a child of\n"
    "COMMAND is not traced. COMMAND should have one thread.\n"
    "\n"
    "  -o FILE  write there (default: stdout)\n"
    "  -d       data only: leave out x\n"
    "\n"
    "Watch how much there is: each line is a trap, and another after the\n"
    "instruction. tools/replace --trace FILE shows how many faults the string\n"
    "costs with each policy and number of frames.\n";

enum { BUFFER = 65536 };

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

int main(int argc, char **argv)
{
    struct options o;
    const char *path = NULL;
    int option, data_only = 0, out = STDOUT_FILENO;

    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((option = options_next(&o, "+o:d")) != -1) {
        if (option == 'o')
            path = o.value;
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
    return run(o.operands, out, data_only);
}
