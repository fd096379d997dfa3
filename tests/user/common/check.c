/*
 * check.c - TAP output and the scratch folder of a test program.
 *
 * Lines are formatted into a buffer on the stack and written at once, so that
 * lines of several processes do not mix.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HANG_SECONDS = 150 };

static int checks, failures;
static char scratch[64];
static const char *indent = "";

static void write_line(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t done = write(1, line, length);
        if (done <= 0) {
            return;
        }
        line += done;
        length -= (size_t)done;
    }
}

void check_start(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGPIPE, SIG_DFL);
    alarm(HANG_SECONDS);
}

void check_subtest(void)
{
    indent = "    ";
}

bool check_report(bool ok, const char *why, const char *name, ...)
{
    char line[400], text[200];
    va_list args;
    va_start(args, name);
    vsnprintf(text, sizeof(text), name, args);
    va_end(args);
    checks++;
    failures += !ok;
    int length =
        snprintf(line, sizeof(line), "%s%sok %d - %s%s%.150s\n", indent,
                 ok ? "" : "not ", checks, text, ok ? "" : " ", ok ? "" : why);
    write_line(line, (size_t)length);
    return ok;
}

void check_note(const char *format, ...)
{
    char line[300] = "# ";
    va_list args;
    va_start(args, format);
    vsnprintf(line + 2, sizeof(line) - 3, format, args);
    va_end(args);
    strcat(line, "\n");
    write_line(line, strlen(line));
}

void check_skip(const char *name, const char *why)
{
    char line[300];
    checks++;
    int length =
        snprintf(line, sizeof(line), "%sok %d - %.100s # SKIP %.100s\n", indent,
                 checks, name, why);
    write_line(line, (size_t)length);
}

void check_fatal(const char *what)
{
    check_note("set-up failed: %s (errno %d)", what, errno);
    check_report(false, what, "set-up");
    _exit(1);
}

const char *check_text_equal(long got, long expected)
{
    static char text[100];
    snprintf(text, sizeof(text), "(got %ld expected %ld)", got, expected);
    return text;
}

const char *check_text_errno(long got, int error, int expected)
{
    static char text[100];
    snprintf(text, sizeof(text), "(got %ld errno %d expected -1 errno %d)", got,
             error, expected);
    return text;
}

/* Empties the folder `path`, which holds nothing of value. */
static void remove_content(const char *path, int depth)
{
    char name[400];
    struct dirent *entry;
    DIR *dir = depth > 20 ? NULL : opendir(path);
    if (!dir) {
        return;
    }
    while ((entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) {
            continue;
        }
        snprintf(name, sizeof(name), "%.140s/%s", path, entry->d_name);
        if (unlink(name) < 0) {
            remove_content(name, depth + 1);
            rmdir(name);
        }
    }
    closedir(dir);
}

int check_done(void)
{
    char line[32];
    if (scratch[0]) {
        remove_content(scratch, 0);
        if (chdir("/") == 0) {
            rmdir(scratch);
        }
    }
    int length = snprintf(line, sizeof(line), "%s1..%d\n", indent, checks);
    write_line(line, (size_t)length);
    return failures ? 1 : 0;
}

void check_enter_scratch(void)
{
    mkdir("/tmp", 0777);
    snprintf(scratch, sizeof(scratch), "/tmp/check.%d", (int)getpid());
    remove_content(scratch, 0);
    rmdir(scratch);
    NEED(mkdir(scratch, 0755) == 0);
    NEED(chdir(scratch) == 0);
}

int check_write_file(const char *path, const void *bytes, size_t count)
{
    const char *from = bytes;
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (fd < 0) {
        return -1;
    }
    while (count > 0) {
        ssize_t done = write(fd, from, count);
        if (done <= 0) {
            close(fd);
            return -1;
        }
        from += done;
        count -= (size_t)done;
    }
    return close(fd);
}

long check_read_file(const char *path, char *buffer, size_t size)
{
    size_t length = 0;
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        return -1;
    }
    while (length < size - 1) {
        ssize_t done = read(fd, buffer + length, size - 1 - length);
        if (done < 0) {
            close(fd);
            return -1;
        }
        if (done == 0) {
            break;
        }
        length += (size_t)done;
    }
    buffer[length] = 0;
    close(fd);
    return (long)length;
}

long check_rounds(int argc, char **argv, long otherwise)
{
    return argc > 1 ? atol(argv[1]) : otherwise;
}
