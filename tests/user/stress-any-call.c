/*
 * Processes make calls of any number with arguments that are often nearly
 * right: descriptors, names, buffers, lengths, flags.  Nothing is checked but
 * that all come to an end and the system goes on.
 *
 * Bad input: row 35, with arguments that differ.  Arguments: rounds, seed.
 */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum {
    PROCESSES = 4,
    CALLS = 450,
    PAGES = 16,
    LIFE_FD = 200,
    SECONDS = 1,
    CHILDREN = 5,
};

/* What ends others, outlives us, stops our alarm or reaches the machine. */
static const short left_out[] = {
    13,  14,  15,  /* rt_sigaction, rt_sigprocmask, rt_sigreturn */
    29,  64,  68,  /* shmget, semget, msgget */
    37,  38,       /* alarm, setitimer */
    56,  57,  58,  /* clone, fork, vfork */
    62,  200, 234, /* kill, tkill, tgkill */
    60,  231,      /* exit, exit_group */
    101, 129, 297, /* ptrace, rt_sigqueueinfo, rt_tgsigqueueinfo */
    127, 128, 130, /* rt_sigpending and its like only wait */
    34,  162, 169, /* pause, sync, reboot */
    222, 240, 248, /* timer_create, mq_open, add_key */
    249, 250, 306, /* request_key, keyctl, syncfs */
    424, 434, 435, /* pidfd_send_signal, pidfd_open, clone3 */
    272, 308,      /* unshare, setns */
};

static unsigned long seed;
static char *room;

static unsigned int next(unsigned int below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned int)(seed >> 33) % below;
}

static bool is_left_out(int number)
{
    for (size_t i = 0; i < ARRAY_LENGTH(left_out); i++) {
        if (left_out[i] == number) {
            return true;
        }
    }
    return false;
}

static long any_argument(void)
{
    static const char *const names[] = { "a", "b",         "d/a",
                                         "d", "/dev/null", "/proc/self/stat",
                                         ".", "" };
    static const long lengths[] = { 0, 1, 8, 16, 100, 4096, 8192, 1 << 20 };
    switch (next(12)) {
    case 0:
    case 1:
        return (long)next(24); /* a descriptor or a small number */
    case 2:
        return (long)(uintptr_t)names[next(ARRAY_LENGTH(names))];
    case 3:
    case 4:
        return (long)(uintptr_t)(room + next(PAGES) * PAGE);
    case 5:
        return (long)(uintptr_t)(room + next(PAGES * 4096));
    case 6:
        return lengths[next(ARRAY_LENGTH(lengths))];
    case 7:
        return 1l << next(32);
    case 8:
        return -(long)next(130); /* AT_FDCWD is -100 */
    case 9:
        return (long)next(1u << 31);
    case 10:
        return (long)(uintptr_t)badptr(next((unsigned int)badptr_count()));
    default:
        return 0;
    }
}

/* Small numbers where the room is, so that structures make some sense. */
static void fill_room(void)
{
    for (size_t i = 0; i < PAGES * PAGE / 8; i += 8) {
        long value = next(3) ? (long)next(20) : any_argument();
        memcpy(room + i * 8, &value, 8);
    }
}

static int child_calls(long rounds)
{
    alarm(SECONDS + (unsigned int)(rounds / 5000));
    for (long i = 0; i < rounds; i++) {
        int number = (int)next(CALLS);
        if (i % 200 == 0) {
            room = mmap(room, PAGES * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            fill_room();
        }
        if (!is_left_out(number)) {
            raw_call(number, any_argument(), any_argument(), any_argument(),
                     any_argument(), any_argument(), any_argument());
        }
    }
    return 0;
}

/* Lives through children: each goes as far as its luck. */
static int child_starts_others(long rounds, unsigned long start)
{
    struct rlimit files = { 256, 256 }, size = { 1 << 20, 1 << 20 };
    setrlimit(RLIMIT_FSIZE, &size);
    setrlimit(RLIMIT_NOFILE, &files);
    int null = open("/dev/null", O_RDWR);
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) {
        return 1; /* our output is not theirs to cut */
    }
    if (getuid() == 0 && (setgid(65534) || setuid(65534))) {
        return 1;
    }
    for (unsigned long i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            seed = start * 1000 + i;
            _exit(child_calls(rounds / CHILDREN));
        }
        while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    int life[2], right = 0, status;
    long rounds = check_rounds(argc, argv, 4000);
    unsigned long start = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    char byte;
    check_start();
    alarm(rounds > 10000 ? 0 : 150);
    check_enter_scratch();
    NEED(chmod(".", 0777) == 0 && mkdir("d", 0777) == 0);
    badptr(0);
    room = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(room != MAP_FAILED && pipe(life) == 0);
    NEED(dup2(life[1], LIFE_FD) == LIFE_FD && close(life[1]) == 0);
    for (unsigned long i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            close(life[0]);
            _exit(child_starts_others(rounds, start * 10 + i));
        }
    }
    close(LIFE_FD);
    CHECK_EQ(read(life[0], &byte, 1), 0, "all descendants have ended");
    while (wait(&status) > 0) {
        right += status == 0;
    }
    CHECK_EQ(right, PROCESSES, "those that started them are well");
    return check_done();
}
