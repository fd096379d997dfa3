/*
 * Processes whose threads make threads, fork, map memory, signal each other,
 * wait for each other, look into /proc, and at some moment execute, exit or are
 * killed. Each ends in one of these ways, and nothing is left over.
 *
 * args: 30
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { WORKERS = 4, SPARE = 4, AT_ONCE = 3, EXECUTED = 7, EXITED = 9 };

static struct thread workers[WORKERS], spare[SPARE];
static volatile uint32_t word;
static char program[200];
static char *arguments[] = { "stress-threads", "x", "x", NULL };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void on_signal(int unused)
{
    (void)unused;
    RAW1(SYS_sched_yield, 0);
}

static int ends_soon(void *unused)
{
    RAW1(SYS_sched_yield, 0);
    return !!unused;
}

static void make_thread(uint32_t r)
{
    static volatile int busy;
    struct thread *t = &spare[r % SPARE];
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_SEQ_CST) == 0) {
        if (t->tid == 0) {
            thread_try_start(t, ends_soon, NULL);
        }
        busy = 0;
    }
}

static void fork_and_wait(uint32_t r)
{
    long pid = RAW6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
    if (pid == 0) {
        RAW1(SYS_exit_group, r % 2);
    }
    RAW4(SYS_wait4, r % 4 ? pid : -1, 0, 0, 0);
}

static void use_memory(uint32_t r)
{
    long pages = 1 + r % 8;
    long at = RAW6(SYS_mmap, 0, pages * (long)PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw_failed(at)) {
        return;
    }
    for (long i = 0; i < pages; i++) {
        ((volatile char *)at)[i * (long)PAGE] = 1;
    }
    RAW3(SYS_mprotect, at, PAGE, PROT_READ);
    RAW2(SYS_munmap, at, pages * (long)PAGE);
}

static void signal_another(uint32_t r)
{
    int tid = workers[r % WORKERS].tid;
    if (r % 8) {
        RAW3(SYS_tgkill, RAW1(SYS_getpid, 0), tid, SIGUSR1);
    } else {
        RAW2(SYS_kill, RAW1(SYS_getpid, 0), SIGUSR1);
    }
}

static void wait_or_wake(uint32_t r)
{
    struct timespec moment = { 0, (long)(r % 2000) * 1000 };
    if (r % 2) {
        RAW6(SYS_futex, &word, FUTEX_WAIT, word, &moment, 0, 0);
    } else {
        word++;
        RAW6(SYS_futex, &word, FUTEX_WAKE, 2, 0, 0, 0);
    }
}

static void look(uint32_t r)
{
    static char *const paths[] = { "/proc/self/task", "/proc/thread-self/stat",
                                   "/proc/self/status", "/proc/self/maps" };
    char text[512];
    long fd = RAW3(SYS_open, paths[r % 4], O_RDONLY, 0);
    RAW3(r % 4 ? SYS_read : SYS_getdents64, fd, text, sizeof(text));
    RAW1(SYS_close, fd);
}

static void change_self(uint32_t r)
{
    RAW2(SYS_prctl, PR_SET_NAME, r % 2 ? "one" : "another");
    thread_set_mask(r % 3 ? 0 : THREAD_SIGNAL(SIGUSR1));
}

static void end_all(uint32_t r)
{
    if (r % 64 == 0) {
        RAW3(SYS_execve, program, arguments, 0);
    } else if (r % 64 == 1) {
        RAW1(SYS_exit_group, EXITED);
    }
}

static __attribute__((noreturn)) int works(void *seed)
{
    static void (*const actions[])(uint32_t) = {
        make_thread,  fork_and_wait, use_memory,  signal_another,
        wait_or_wake, look,          change_self, end_all,
    };
    uint32_t state = (uint32_t)(unsigned long)seed;
    for (;;) {
        uint32_t r = next_random(&state);
        actions[r % ARRAY_LENGTH(actions)](r / ARRAY_LENGTH(actions));
    }
}

static int child_works(void *argument)
{
    unsigned long seed = (unsigned long)argument;
    signal(SIGUSR1, on_signal);
    for (unsigned long i = 0; i < WORKERS; i++) {
        thread_start(&workers[i], works, (void *)(seed * WORKERS + i));
    }
    if (seed % 3 == 0) {
        RAW1(SYS_exit, 1);
    }
    for (;;) {
        pause();
    }
    return 0;
}

int main(int argc, char **argv)
{
    long rounds = check_rounds(argc, argv, 30), bad = 0;
    if (argc > 2) {
        return EXECUTED;
    }
    check_start();
    NEED(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
    for (long i = 0; i < rounds; i += AT_ONCE) {
        pid_t pids[AT_ONCE];
        for (long n = 0; n < AT_ONCE; n++) {
            pids[n] = child_start(child_works, (void *)(i + n));
        }
        usleep((unsigned)(i % 7) * 5000);
        for (int n = 0; n < AT_ONCE; n++) {
            kill(pids[n], SIGKILL);
            int status = child_wait(pids[n]);
            /* SIGUSR1 may come when the new program has no handler yet. */
            bad += status != SIGKILL && status != EXECUTED << 8 &&
                   status != EXITED << 8 && status != SIGUSR1;
        }
    }
    CHECK_EQ(bad, 0, "%ld processes end in a way they may", rounds);
    return check_done();
}
