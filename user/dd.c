/*
 * dd - copies a file block by block, and tells on SIGUSR1 how far it is.
 *
 * Signal handlers only set a flag. They are installed without SA_RESTART, so
 * that a read or write that waits returns with EINTR and the loop sees it.
 * Records are reads and writes; a short one counts as partial (the 1 in 0+1).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: dd [OPERAND]...\n"
    "  if=FILE of=FILE   read and write these, not stdin and stdout\n"
    "  bs=N              bytes of a block (512)\n"
    "  count=N           copy only N blocks of input\n"
    "  skip=N seek=N     pass over N blocks of input, of output\n"
    "  conv=notrunc      keep what of=FILE has already\n"
    "  status=none|noxfer|progress\n"
    "N may end in c w b kB K MB M GB G.\n"
    "\n"
    "Watch kill -USR1 PID: the copy goes on, and the statistics so far are on "
    "stderr.\n"
    "A signal between two reads sets a flag only; one that comes during a read "
    "makes\n"
    "it fail with EINTR, and the read is done again.\n";

enum status { NORMAL, QUIET, NO_TRANSFER, PROGRESS };

static struct {
    const char *in, *out;
    long block, count, skip, seek;
    int keep;
    enum status status;
} o = { .block = 512, .count = -1 };

static struct {
    long full_in, part_in, full_out, part_out, bytes;
    unsigned long long start, shown;
} done;

static volatile sig_atomic_t asked, interrupted;

static void note(int number)
{
    if (number == SIGUSR1)
        asked = 1;
    else
        interrupted = number;
}

/* "4.2 MB" (step 1000) or "4.0 MiB" (step 1024). */
static void print_scaled(double value, double step)
{
    const char *units = step > 1000 ? "BKMGTPE" : "BkMGTPE";
    int unit = 0;
    while (value >= step && unit < 6) {
        value /= step;
        unit++;
    }
    fprintf(stderr, "%.*f ", unit && value < 9.95 ? 1 : 0, value);
    if (unit)
        fprintf(stderr, "%c%s", units[unit], step > 1000 ? "i" : "");
    fputc('B', stderr);
}

static void print_transfer(const char *end)
{
    double seconds = (double)(measure_clock() - done.start) / 1e9;
    double n = (double)done.bytes;
    fprintf(stderr, "%ld byte%s", done.bytes, done.bytes == 1 ? "" : "s");
    if (done.bytes >= 1000) {
        fputs(" (", stderr);
        print_scaled(n, 1000);
        if (done.bytes >= 1024) {
            fputs(", ", stderr);
            print_scaled(n, 1024);
        }
        fputc(')', stderr);
    }
    fprintf(stderr, " copied, %g s, ", seconds);
    print_scaled(seconds > 0 ? n / seconds : 0, 1000);
    fprintf(stderr, "/s%s", end);
}

static void print_statistics(void)
{
    if (o.status == QUIET)
        return;
    if (done.shown)
        fputc('\n', stderr);
    done.shown = 0;
    fprintf(stderr, "%ld+%ld records in\n%ld+%ld records out\n", done.full_in,
            done.part_in, done.full_out, done.part_out);
    if (o.status != NO_TRANSFER)
        print_transfer("\n");
}

/* What signals and time ask for, between two blocks. */
static void look_around(void)
{
    unsigned long long now;
    if (interrupted) {
        print_statistics();
        signal(interrupted, SIG_DFL);
        raise(interrupted);
    }
    if (asked) {
        asked = 0;
        print_statistics();
    }
    if (o.status != PROGRESS)
        return;
    now = measure_clock();
    if (now - (done.shown ? done.shown : done.start) >= 1000000000ull) {
        fputc('\r', stderr);
        print_transfer("");
        done.shown = now;
    }
}

/* Reads one block; as read(), but signals do not end it. */
static ssize_t read_block(char *block)
{
    ssize_t n;
    do {
        look_around();
        n = read(0, block, (size_t)o.block);
    } while (n < 0 && errno == EINTR);
    return n;
}

static int write_block(const char *block, ssize_t length)
{
    for (ssize_t at = 0; at < length;) {
        ssize_t n = write(1, block + at, (size_t)(length - at));
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            at += n;
            done.bytes += n;
        }
        look_around();
    }
    if (length == o.block)
        done.full_out++;
    else
        done.part_out++;
    return 0;
}

static int copy(char *block)
{
    while (o.count < 0 || done.full_in + done.part_in < o.count) {
        ssize_t n = read_block(block);
        if (n < 0) {
            report_errno("error reading '%s'", o.in ? o.in : "standard input");
            return 1;
        }
        if (n == 0)
            break;
        if (n == o.block)
            done.full_in++;
        else
            done.part_in++;
        if (write_block(block, n)) {
            report_errno("error writing '%s'",
                         o.out ? o.out : "standard output");
            return 1;
        }
    }
    return 0;
}

/* Opens path as descriptor fd. */
static int open_as(int fd, const char *path, int flags)
{
    int opened = open(path, flags, 0666);
    if (opened < 0 || (opened != fd && dup2(opened, fd) < 0)) {
        report_errno("failed to open '%s'", path);
        return -1;
    }
    if (opened != fd)
        close(opened);
    return 0;
}

static int open_files(char *block)
{
    int cut = !o.keep && !o.seek;
    if (o.in && open_as(0, o.in, O_RDONLY))
        return -1;
    if (o.out && open_as(1, o.out, O_WRONLY | O_CREAT | (cut ? O_TRUNC : 0)))
        return -1;
    if (o.skip && lseek(0, o.skip * o.block, SEEK_CUR) < 0)
        for (long i = 0; i < o.skip; i++)
            if (read_block(block) <= 0)
                break;
    if (!o.seek)
        return 0;
    if (o.out && !o.keep && ftruncate(1, o.seek * o.block) && errno != EINVAL) {
        report_errno("failed to truncate '%s'", o.out);
        return -1;
    }
    if (lseek(1, o.seek * o.block, SEEK_CUR) < 0) {
        report_errno("'%s': cannot seek", o.out ? o.out : "standard output");
        return -1;
    }
    return 0;
}

/* A number with one of dd's suffixes, at least `least`; or ends the program. */
static long number(const char *text, long least)
{
    static const struct {
        const char *name;
        long factor;
    } suffixes[] = {
        { "", 1 },        { "c", 1 },
        { "w", 2 },       { "b", 512 },
        { "kB", 1000 },   { "K", 1 << 10 },
        { "k", 1 << 10 }, { "MB", 1000000 },
        { "M", 1 << 20 }, { "GB", 1000000000 },
        { "G", 1 << 30 },
    };
    char *end = (char *)text;
    errno = 0;
    long value = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (value >= 0 && errno == 0 && strcmp(end, suffixes[i].name) == 0 &&
            !__builtin_mul_overflow(value, suffixes[i].factor, &value) &&
            value >= least)
            return value;
    report("invalid number: '%s'", text);
    exit(1);
}

static int set_status(const char *value)
{
    static const char *const names[] = { "", "none", "noxfer", "progress" };
    for (int i = 1; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            o.status = (enum status)i;
            return 0;
        }
    return -1;
}

/* Takes one NAME=VALUE. Returns 0, or -1 for one that dd does not know. */
static int take(char *operand)
{
    char *value = strchr(operand, '=');
    if (!value)
        return -1;
    size_t length = (size_t)(++value - operand);
    if (strncmp(operand, "if=", length) == 0)
        o.in = value;
    else if (strncmp(operand, "of=", length) == 0)
        o.out = value;
    else if (strncmp(operand, "bs=", length) == 0)
        o.block = number(value, 1);
    else if (strncmp(operand, "count=", length) == 0)
        o.count = number(value, 0);
    else if (strncmp(operand, "skip=", length) == 0)
        o.skip = number(value, 0);
    else if (strncmp(operand, "seek=", length) == 0)
        o.seek = number(value, 0);
    else if (strcmp(operand, "conv=notrunc") == 0)
        o.keep = 1;
    else if (strncmp(operand, "status=", length) == 0)
        return set_status(value);
    else
        return -1;
    return 0;
}

static void catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

int main(int argc, char **argv)
{
    struct options options;
    long end;
    (void)argc;
    options_begin(&options, argv, help, 1);
    while (options_next(&options, "") != -1)
        ;
    for (int i = 0; i < options.count; i++)
        if (take(options.operands[i])) {
            report("unrecognized operand '%s'", options.operands[i]);
            options_bad(&options);
        }
    if (__builtin_mul_overflow(o.skip, o.block, &end) ||
        __builtin_mul_overflow(o.seek, o.block, &end)) {
        report("offset too large");
        return 1;
    }
    char *block = memory_get((size_t)o.block);
    done.start = measure_clock();
    catch_signals();
    if (open_files(block))
        return 1;
    int status = copy(block);
    if (close(1)) {
        report_errno("closing output failed");
        status = 1;
    }
    print_statistics();
    return status;
}
