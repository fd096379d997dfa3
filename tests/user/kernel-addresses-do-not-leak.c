/*
 * No kernel address comes out: not in a signal frame, its FPU area, siginfo,
 * the auxiliary vector, the initial stack, /proc or results.
 *
 * Security: 7, 8 (padding).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/sigframe.h"

extern char **environ;

static volatile int frames_seen, leaks;

static bool is_kernel_address(uint64_t value)
{
    return value >= 0xffff800000000000 && value < 0xffffffffff600000 &&
           value >> 32 != 0xffffffff; /* small negative numbers */
}

static bool is_kernel_text(uint64_t value)
{
    return value >= 0xffffffff80000000 && value < 0xffffffffc0000000 &&
           (value & 0xffffff) != 0;
}

/* Counts words that look like kernel addresses. */
static int scan(const void *from, size_t bytes)
{
    int found = 0;
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t word;
        memcpy(&word, (const char *)from + i, 8);
        found += is_kernel_address(word) || is_kernel_text(word);
    }
    return found;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const struct frame_context *frame = context;
    frames_seen++;
    leaks += scan(frame, sizeof(*frame));
    leaks += scan(info, 128);
    if (frame->fpstate) {
        leaks += scan((const void *)frame->fpstate, 512 + 64);
    }
}

static void check_frames(void)
{
    struct itimerval soon = { { 0, 0 }, { 0, 5000 } };
    struct sigaction action = { .sa_sigaction = on_signal,
                                .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    raise(SIGUSR1);
    CHECK(frames_seen == 1 && leaks == 0, "frame after a call");
    setitimer(ITIMER_REAL, &soon, NULL);
    while (frames_seen < 2) {
    }
    CHECK_EQ(leaks, 0, "frame after an interrupt");
    alarm(100);
}

static void check_start_of_stack(char **argv)
{
    char **end = environ;
    while (*end) {
        end++;
    }
    char *from = (char *)(argv - 1);
    size_t bytes = (size_t)((char *)(end + 40) - from);
    CHECK_EQ(scan(from, bytes), 0, "argv, envp and auxiliary vector");
}

static void check_results(void)
{
    union {
        struct stat status;
        struct rusage usage;
        struct sysinfo system;
        struct utsname name;
        struct timespec time;
        char bytes[1024];
    } result;
    memset(&result, 0, sizeof(result));
    NEED(stat("/", &result.status) == 0);
    CHECK_EQ(scan(&result, sizeof(struct stat)), 0, "stat");
    memset(&result, 0, sizeof(result));
    NEED(getrusage(RUSAGE_SELF, &result.usage) == 0);
    CHECK_EQ(scan(&result, sizeof(struct rusage)), 0, "getrusage");
    memset(&result, 0, sizeof(result));
    NEED(sysinfo(&result.system) == 0);
    CHECK_EQ(scan(&result, sizeof(struct sysinfo)), 0, "sysinfo");
    memset(&result, 0, sizeof(result));
    NEED(uname(&result.name) == 0);
    CHECK_EQ(scan(&result, sizeof(struct utsname)), 0, "uname");
}

static void check_proc(void)
{
    static const char *const files[] = { "/proc/self/maps",
                                         "/proc/self/status" };
    static char text[32768];
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        NEED(check_read_file(files[i], text, sizeof(text)) > 0);
        int found = 0;
        for (char *at = text; *at; at++) {
            found += (at == text || at[-1] == '\n' || at[-1] == '-') &&
                     (!strncmp(at, "ffff8", 5) || !strncmp(at, "ffffffff8", 9));
        }
        CHECK_EQ(found, 0, "%s", files[i]);
    }
    NEED(check_read_file("/proc/self/stat", text, sizeof(text)) > 0);
    char *fields = strrchr(text, ')');
    int position = 2, found = 0;
    for (char *at = fields; at && *at; at++) {
        if (*at == ' ' && ++position != 25) { /* 25 is the RSS limit */
            found += is_kernel_address(strtoul(at + 1, NULL, 10));
        }
    }
    CHECK_EQ(found, 0, "/proc/self/stat");
}

int main(int argc, char **argv)
{
    check_start();
    check_frames();
    check_start_of_stack(argv);
    check_results();
    check_proc();
    return check_done();
}
