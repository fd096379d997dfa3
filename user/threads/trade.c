/*
 * trade.c - what a model costs, and what its threads do to each other.
 *
 * 1 Times.   CPU time, in the kernel, too.  create: in batches, so that stacks are
 *   used again, as a program would.  yield and pass: two threads on one CPU, or the kernel would not have
 *   to switch at all between threads of its own.
 * 2 Fates.   A counting thread runs beside some that block.  From outside, it
 *   goes on when its counter grows after all of them have said that they are
 *   about to block, and stands still when the kernel says that all kernel
 *   threads of the process sleep: no time limit decides.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "threads.h"

enum {
    BATCH = 16,
    YIELDS_PER_COUNT = 20,
    ROUNDS = 5,
    LOOKS = 20000, /* a millisecond each */
    MOST_CPUS = 64,
};

/* ---- times ---------------------------------------------------------------- */

struct times {
    long count;
    struct trade trade;
};

static void *do_nothing(void *unused)
{
    (void)unused;
    return NULL;
}

static void *measure_create(void *argument)
{
    struct times *times = argument;
    struct uthread *threads[BATCH];
    double start = cpu_ns();

    for (long done = 0; done < times->count; done += BATCH) {
        for (int i = 0; i < BATCH; i++)
            threads[i] = must_create(do_nothing, NULL);
        for (int i = 0; i < BATCH; i++)
            uthread_join(threads[i]);
    }
    long made = (times->count + BATCH - 1) / BATCH * BATCH;
    times->trade.create_ns = (cpu_ns() - start) / (double)made;
    return NULL;
}

static void *yields(void *times)
{
    for (long i = ((struct times *)times)->count * YIELDS_PER_COUNT; i > 0; i--)
        uthread_yield();
    return NULL;
}

static struct uthread_channel *there, *back;

static void *echoes(void *unused)
{
    void *value;

    (void)unused;
    while (uthread_channel_receive(there, &value))
        uthread_channel_send(back, value);
    return NULL;
}

static void *measure_switch(void *argument)
{
    struct times *times = argument;
    long count = times->count * YIELDS_PER_COUNT;
    void *value;

    use_one_cpu(); /* also those that are created */
    struct uthread *other = must_create(yields, times);
    uthread_yield(); /* it is there */
    double start = cpu_ns();
    yields(times);
    times->trade.yield_ns = (cpu_ns() - start) / (2 * (double)count);
    uthread_join(other);

    there = uthread_channel_create(0);
    back = uthread_channel_create(0);
    other = must_create(echoes, NULL);
    start = cpu_ns();
    for (long i = 0; i < count; i++) {
        uthread_channel_send(there, NULL);
        uthread_channel_receive(back, &value);
    }
    times->trade.pass_ns = (cpu_ns() - start) / (2 * (double)count);
    uthread_channel_close(there);
    uthread_join(other);
    return NULL;
}

/* ---- speed ---------------------------------------------------------------- */

/* As many steps as it is told; the sum keeps the compiler from leaving it out.
 */
static void *works(void *steps)
{
    unsigned long sum = 1;

    for (long i = (long)steps; i > 0; i--) {
        sum = sum * 6364136223846793005ul + 1442695040888963407ul;
        __asm__ volatile("" : "+r"(sum));
    }
    return (void *)sum;
}

static double time_of(unsigned threads, long steps)
{
    struct uthread *workers[MOST_CPUS];
    double start = now_ns();

    for (unsigned i = 0; i < threads; i++)
        workers[i] = must_create(works, (void *)steps);
    for (unsigned i = 0; i < threads; i++)
        uthread_join(workers[i]);
    return now_ns() - start;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* In rounds, of which the best counts: others may need the CPUs, too. */
static void *measure_speed(void *speed)
{
    unsigned cpus = cpu_count() < MOST_CPUS ? cpu_count() : MOST_CPUS;
    double alone, together = INFINITY;
    long steps = 1000000;

    while ((alone = time_of(1, steps)) < 2e7)
        steps *= 2;
    for (int i = 0; i < ROUNDS; i++) {
        alone = least(alone, time_of(1, steps));
        together = least(together, time_of(cpus, steps));
    }
    *(double *)speed = (double)cpus * alone / together;
    return NULL;
}

/* ---- fates ---------------------------------------------------------------- */

struct scene {
    int blockers, ends[2];
    long (*block)(struct scene *);
    volatile int blocked, stop;
    volatile long steps;
};

static long wait_in_read(struct scene *scene)
{
    char byte;

    return read(scene->ends[0], &byte, 1);
}

static void *read_for_call(void *scene)
{
    return (void *)wait_in_read(scene);
}

static long wait_in_call(struct scene *scene)
{
    return (long)uthread_call(read_for_call, scene);
}

static long wait_in_uthread_read(struct scene *scene)
{
    char byte;

    return uthread_read(scene->ends[0], &byte, 1);
}

static void *counts(void *argument)
{
    struct scene *scene = argument;

    while (!scene->stop) {
        scene->steps++;
        uthread_yield();
    }
    return NULL;
}

static void *blocks(void *argument)
{
    struct scene *scene = argument;

    __atomic_add_fetch(&scene->blocked, 1, __ATOMIC_SEQ_CST);
    scene->block(scene);
    return NULL;
}

static void *play(void *argument)
{
    struct scene *scene = argument;
    struct uthread *blockers[CARRIERS];
    struct uthread *other = must_create(counts, scene);

    for (int i = 0; i < scene->blockers; i++)
        blockers[i] = must_create(blocks, scene);
    for (int i = 0; i < scene->blockers; i++)
        uthread_join(blockers[i]);
    scene->stop = 1;
    uthread_join(other);
    return NULL;
}

/* The letter of a kernel thread, 'S' when it sleeps; 0: it is gone. */
static char state_of(int pid, const char *tid)
{
    char path[64], text[200], *end;

    snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", pid, tid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    end = strrchr(text, ')');
    return end && end[1] == ' ' ? end[2] : 0;
}

static int all_sleep(int pid)
{
    char path[64];
    const struct dirent *entry;
    int all = 1;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return 0;
    while (all && (entry = readdir(tasks)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            all = state_of(pid, entry->d_name) == 'S';
    closedir(tasks);
    return all;
}

static enum fate watch(int pid, const struct scene *scene)
{
    long before = -1;

    for (int i = 0; i < LOOKS; i++) {
        long steps = __atomic_load_n(&scene->steps, __ATOMIC_SEQ_CST);
        if (before >= 0 && steps > before + 1)
            return FATE_GO_ON;
        if (before < 0 && scene->blocked == scene->blockers)
            before = __atomic_load_n(&scene->steps, __ATOMIC_SEQ_CST);
        if (scene->blocked > 0 && all_sleep(pid) && all_sleep(pid) &&
            steps == scene->steps)
            return FATE_STOP;
        usleep(1000);
    }
    return FATE_UNKNOWN;
}

static enum fate fate_of(enum uthread_model model, int blockers,
                         long (*block)(struct scene *))
{
    static struct scene *scene;

    if (!scene)
        scene = shared_memory(sizeof(*scene));
    *scene = (struct scene){ .blockers = blockers, .block = block };
    if (pipe(scene->ends) != 0)
        return FATE_UNKNOWN;
    int pid = model_start(model, CARRIERS, play, scene);
    enum fate fate = pid > 0 ? watch(pid, scene) : FATE_UNKNOWN;
    if (fate == FATE_UNKNOWN)
        kill(pid, SIGKILL);
    for (int i = 0; i < blockers; i++) /* now they may go on */
        if (write(scene->ends[1], "", 1) != 1)
            fate = FATE_UNKNOWN;
    close(scene->ends[0]);
    close(scene->ends[1]);
    return model_wait(pid) == 0 ? fate : FATE_UNKNOWN;
}

static void *crashes(void *address)
{
    *(volatile int *)address = 1;
    return NULL;
}

static void *play_crash(void *stop)
{
    struct scene scene = { .stop = 0 };
    struct rlimit none = { 0, 0 };

    (void)stop;
    setrlimit(RLIMIT_CORE, &none);
    struct uthread *other = must_create(counts, &scene);
    struct uthread *bad = must_create(crashes, (void *)64);
    uthread_join(bad);
    scene.stop = 1;
    uthread_join(other);
    return NULL;
}

static enum fate fate_of_crash(enum uthread_model model)
{
    int status, pid = model_start(model, CARRIERS, play_crash, NULL);

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return FATE_UNKNOWN;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSEGV ? FATE_END : FATE_UNKNOWN;
    return FATE_GO_ON;
}

/* ---- one model ------------------------------------------------------------ */

static int measure_times(enum uthread_model model, struct times *times)
{
    return model_wait(model_start(model, 0, measure_create, times)) ||
           model_wait(model_start(model, 1, measure_switch, times));
}

static int measure_race(enum uthread_model model, struct trade *trade)
{
    double *speed = shared_memory(sizeof(*speed));

    if (cpu_count() == 1)
        return 0;
    if (model_wait(model_start(model, 0, measure_speed, speed)))
        return -1;
    trade->speed = *speed;
    return 0;
}

int trade_measure(enum uthread_model model, long count, struct trade *trade)
{
    struct times *times = shared_memory(sizeof(*times));

    times->count = count;
    if (measure_times(model, times))
        return -1;
    *trade = times->trade;
    trade->one_reads = fate_of(model, 1, wait_in_read);
    trade->all_read = fate_of(model, CARRIERS, wait_in_read);
    trade->all_call = fate_of(model, CARRIERS, wait_in_call);
    trade->all_uthread_read = fate_of(model, CARRIERS, wait_in_uthread_read);
    trade->crash = fate_of_crash(model);
    return measure_race(model, trade);
}
