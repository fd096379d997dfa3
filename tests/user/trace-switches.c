/*
 * /proc/trace: the words it takes do what they say, a line with one that is
 * wrong changes nothing, lost events are counted, only root may write, and the
 * memory of the rings comes back.
 */
/* host: no */
/* smp: 1 4 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/scheduling.h"

enum { MARKS = 1000, TEXT = 16384, ROUNDS = 150 };

static char text[TEXT];
static int wrong;

#define TRY(condition)                                                         \
    do {                                                                       \
        if (!(condition)) {                                                    \
            check_note("line %d: %s", __LINE__, #condition);                   \
            wrong++;                                                           \
        }                                                                      \
    } while (0)

/* Write one line: 0 or errno. */
static int put(const char *line, size_t length)
{
    int fd = open("/proc/trace", O_WRONLY);
    if (fd < 0) {
        return errno;
    }
    int err = write(fd, line, length) == (ssize_t)length ? 0 : errno;
    close(fd);
    return err;
}

static int say(const char *line)
{
    return put(line, strlen(line));
}

static const char *look(void)
{
    int fd = open("/proc/trace", O_RDONLY);
    size_t n = 0;
    ssize_t got;
    while (n < TEXT - 1 && (got = read(fd, text + n, TEXT - 1 - n)) > 0) {
        n += (size_t)got;
    }
    text[n] = '\0';
    close(fd);
    return text;
}

/* Sums of what "cpu N: WRITTEN events, LOST lost" says. */
static void count(long *written, long *lost)
{
    *written = *lost = 0;
    for (char *at = strstr(look(), "\ncpu "); at;
         at = strstr(at + 1, "\ncpu ")) {
        char *number = strchr(at, ':') + 1;
        *written += strtol(number, &number, 10);
        *lost += strtol(strchr(number, ',') + 1, NULL, 10);
    }
}

static void bad_lines_change_nothing(void)
{
    static const char *const bad[] = {
        "size=",
        "size=0",
        "size=-1",
        "size=4096 rubbish",
        "rate=0",
        "rate=1000000",
        "size=99999999999999999999999M",
        "on bogus",
        "all nonesuch",
        "-",
        "-all",
        "ON",
        "size=4096x",
        "rate=18446744073709551617",
        "on,off,,,=",
        "none \x01\xff",

        "sched=1",
    };
    char before[TEXT], long_line[4096];
    strcpy(before, look());
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        TRY(say(bad[i]) == EINVAL);
        TRY(strcmp(look(), before) == 0);
    }
    memset(long_line, 'x', sizeof(long_line));
    TRY(put(long_line, sizeof(long_line)) == EINVAL);
    memset(long_line, ' ', sizeof(long_line));
    TRY(put(long_line, 100) == 0); /* no words: nothing to do */
    TRY(put("", 0) == 0);
    TRY(strcmp(look(), before) == 0);
}

static void lost_events_are_counted(void)
{
    long written, lost;
    uint64_t all = get_cpus(0);
    TRY(set_cpus(0, 1ul << first_cpu()) == 0); /* all marks into one ring */
    TRY(say("none mark size=4096 on") == 0);
    count(&written, &lost);
    TRY(written == 0 && lost == 0);
    TRY(say("mark the first") == 0);
    TRY(strstr(look(), "mark text=the first") != NULL);
    for (int i = 0; i < MARKS; i++) {
        TRY(say("mark and others") == 0);
    }
    count(&written, &lost);
    TRY(written == MARKS + 1);
    TRY(lost > 0 && lost < written);
    TRY(written - lost <= 64 * sysconf(_SC_NPROCESSORS_ONLN));
    TRY(strstr(look(), "the first") == NULL);
    TRY(say("off") == 0);
    TRY(say("mark unheard") == 0);
    TRY(strstr(look(), "and others") && !strstr(text, "unheard"));
    TRY(say("clear on") == 0);
    count(&written, &lost);
    TRY(written == 0);
    TRY(say("free") == 0);
    TRY(strncmp(look(), "off ", 4) == 0);
    TRY(set_cpus(0, all) == 0);
}

/* Rings come and go while all CPUs write events. */
static void on_and_off_race_with_writers(void)
{
    pid_t busy[2];
    TRY(say("all size=8K") == 0);
    for (int i = 0; i < 2; i++) {
        busy[i] = fork();
        if (busy[i] == 0) {
            for (;;) {
                if (fork() == 0) {
                    _exit(0);
                }
                wait(NULL);
            }
        }
    }
    for (int i = 0; i < ROUNDS; i++) {
        TRY(say(i % 3 ? "on" : "size=4K rate=5000 on") == 0);
        TRY(say(i % 2 ? "free" : "off size=8K") == 0);
    }
    for (int i = 0; i < 2; i++) {
        kill(busy[i], SIGKILL);
        waitpid(busy[i], NULL, 0);
    }
    TRY(say("free none mark") == 0);
}

static void too_large_a_ring_is_an_error(void)
{
    TRY(say("size=256M on") == ENOMEM); /* as much as there is memory */
    TRY(strncmp(look(), "off ", 4) == 0);
    TRY(say("size=4K on") == 0);
    TRY(say("free") == 0);
}

static void others_may_not(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (setuid(1000) != 0) {
            _exit(1);
        }
        _exit(say("on") == EACCES && open("/proc/trace", O_RDONLY) < 0 ? 0 : 2);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    TRY(status == 0);
}

int main(void)
{
    bad_lines_change_nothing();
    CHECK_EQ(wrong, 0, "a line with a wrong word changes nothing");
    lost_events_are_counted();
    CHECK_EQ(wrong, 0, "lost events are counted");
    on_and_off_race_with_writers();
    CHECK_EQ(wrong, 0, "rings come and go while all CPUs write");
    too_large_a_ring_is_an_error();
    CHECK_EQ(wrong, 0, "a ring that does not fit is an error");
    others_may_not();
    CHECK_EQ(wrong, 0, "only root may");
    return check_done();
}
