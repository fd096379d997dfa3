/*
 * The C library with several threads: streams, memory, environment, fork,
 * exit.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"

enum { THREADS = 4, LINES = 400, BLOCKS = 60, ROUNDS = 1500, FORKS = 12 };

static FILE *out;
static volatile int stop;

static void *prints(void *argument)
{
    long me = (long)argument;
    for (int i = 0; i < LINES; i++) {
        switch (i % 4) {
        case 0:
            fprintf(out, "%ld %d %s\n", me, i, "printed in several pieces");
            break;
        case 1:
            fputs("whole line\n", out);
            break;
        case 2:
            flockfile(out);
            for (const char *p = "letter by letter\n"; *p; p++) {
                i % 8 == 2 ? putc(*p, out) : putc_unlocked(*p, out);
            }
            funlockfile(out);
            break;
        default:
            fwrite("a block of bytes\n", 1, 17, out);
        }
    }
    return NULL;
}

/* One of the four kinds of lines, whole. */
static int kind_of(const char *line)
{
    long who;
    int number, length = 0;
    if (!strcmp(line, "whole line\n")) {
        return 1;
    }
    if (!strcmp(line, "letter by letter\n")) {
        return 2;
    }
    if (!strcmp(line, "a block of bytes\n")) {
        return 3;
    }
    sscanf(line, "%ld %d printed in several pieces%n", &who, &number, &length);
    return length > 0 && !strcmp(line + length, "\n") ? 0 : 4;
}

static void run_all(void *(*body)(void *))
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
    }
}

static void check_output(void)
{
    int kinds[5] = { 0 };
    char line[100];
    out = fopen("lines", "w");
    NEED(out != NULL);
    run_all(prints);
    CHECK_EQ(fclose(out), 0, "fclose");
    out = fopen("lines", "r");
    NEED(out != NULL);
    while (fgets(line, sizeof(line), out)) {
        kinds[kind_of(line)]++;
    }
    fclose(out);
    CHECK_EQ(kinds[4], 0, "all lines are whole");
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(kinds[i], THREADS * LINES / 4, "lines of kind %d", i);
    }
}

static int lines_read, lines_wrong;

static void *reads(void *unused)
{
    char line[100];
    while (fgets(line, sizeof(line), out)) {
        __atomic_add_fetch(&lines_read, 1, __ATOMIC_SEQ_CST);
        __atomic_add_fetch(&lines_wrong, kind_of(line) == 4, __ATOMIC_SEQ_CST);
    }
    return unused;
}

static void check_input(void)
{
    out = fopen("lines", "r");
    NEED(out != NULL);
    run_all(reads);
    fclose(out);
    CHECK_EQ(lines_read, THREADS * LINES, "each line is read once");
    CHECK_EQ(lines_wrong, 0, "and whole");
}

static void *tries_stream(void *stream)
{
    return (void *)(long)(ftrylockfile(stream) != 0);
}

static void check_stream_lock(void)
{
    pthread_t thread;
    void *result = NULL;
    flockfile(stdout);
    flockfile(stdout);
    funlockfile(stdout);
    NEED(pthread_create(&thread, NULL, tries_stream, stdout) == 0);
    pthread_join(thread, &result);
    CHECK_EQ(result, 1, "flockfile keeps others out");
    funlockfile(stdout);
    CHECK_EQ(ftrylockfile(stdout), 0, "and lets go");
    funlockfile(stdout);
}

/* A block is filled with its owner's number and checked before it is freed. */
static bool is_filled(const unsigned char *block, size_t size, int byte)
{
    for (size_t i = 0; i < size; i++) {
        if (block[i] != byte) {
            return false;
        }
    }
    return true;
}

static int blocks_wrong;

static void *allocates(void *argument)
{
    int me = (int)(long)argument + 1, wrong = 0;
    unsigned char *blocks[BLOCKS] = { NULL };
    size_t sizes[BLOCKS] = { 0 };
    unsigned seed = (unsigned)me;
    for (int i = 0; i < ROUNDS; i++) {
        int at = rand_r(&seed) % BLOCKS;
        size_t size = (size_t)(rand_r(&seed) % (i % 50 ? 600 : 200000));
        wrong += !is_filled(blocks[at], sizes[at], me);
        if (i % 3) {
            free(blocks[at]);
            blocks[at] = malloc(size);
        } else {
            blocks[at] = realloc(blocks[at], size + 1);
        }
        sizes[at] = blocks[at] ? size : 0;
        if (blocks[at]) {
            memset(blocks[at], me, size);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        wrong += !is_filled(blocks[i], sizes[i], me);
        free(blocks[i]);
    }
    __atomic_add_fetch(&blocks_wrong, wrong, __ATOMIC_SEQ_CST);
    return NULL;
}

static int variables_wrong;

static void *changes_environment(void *argument)
{
    char name[20], value[20];
    snprintf(name, sizeof(name), "NAME%ld", (long)argument);
    for (int i = 0; i < 200; i++) {
        snprintf(value, sizeof(value), "%ld-%d", (long)argument, i);
        setenv(name, value, 1);
        const char *seen = getenv(name);
        if (!seen || strcmp(seen, value) != 0) {
            __atomic_add_fetch(&variables_wrong, 1, __ATOMIC_SEQ_CST);
        }
    }
    return argument;
}

/* Keeps the library busy until told to stop. */
static void *is_busy(void *unused)
{
    while (!stop) {
        free(malloc(100));
        fprintf(out, "some text\n");
        fflush(NULL);
    }
    return unused;
}

static int uses_library(void *unused)
{
    pthread_t thread;
    void *result = NULL;
    (void)unused;
    char *memory = malloc(300);
    FILE *null = fopen("/dev/null", "w");
    bool good =
        memory && null && fprintf(null, "%d", 7) == 1 && fclose(null) == 0;
    free(memory);
    fprintf(out, "%s", "");
    stop = 1;
    good = good && pthread_create(&thread, NULL, tries_stream, stdin) == 0 &&
           pthread_join(thread, &result) == 0;
    return good ? 3 : 4;
}

static int prepared, in_parent, in_child;

static void prepare(void)
{
    prepared++;
}

static void parent(void)
{
    in_parent++;
}

static void child(void)
{
    in_child++;
}

static int counts_handlers(void *unused)
{
    (void)unused;
    return in_child == 1 && prepared == 1 && in_parent == 0;
}

static void check_fork(void)
{
    pthread_t threads[2];
    int good = 0;
    out = fopen("/dev/null", "w");
    NEED(out != NULL);
    for (int i = 0; i < 2; i++) {
        NEED(pthread_create(&threads[i], NULL, is_busy, NULL) == 0);
    }
    for (int i = 0; i < FORKS; i++) {
        good += child_run(uses_library, NULL) == 3 << 8;
    }
    stop = 1;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    fclose(out);
    CHECK_EQ(good, FORKS, "children of busy threads use the library");
    CHECK_EQ(pthread_atfork(prepare, parent, child), 0, "pthread_atfork");
    CHECK_EXITS(counts_handlers, NULL, 1, "handlers in the child");
    CHECK(prepared == 1 && in_parent == 1 && in_child == 0, "and in us");
}

static int pipe_ends[2];

static void says_goodbye(void)
{
    (void)!write(pipe_ends[1], "bye", 3);
}

static void *reads_for_ever(void *stream)
{
    fgetc(stream);
    return NULL;
}

static void *exits(void *unused)
{
    fprintf(unused, "left in the buffer");
    exit(5);
}

/* One thread is inside a stream; another one ends the process. */
static int ends_by_thread(void *unused)
{
    pthread_t thread;
    int ends[2];
    (void)unused;
    NEED(pipe(ends) == 0);
    FILE *silent = fdopen(ends[0], "r"), *file = fopen("last", "w");
    NEED(silent && file && atexit(says_goodbye) == 0);
    pthread_create(&thread, NULL, reads_for_ever, silent);
    usleep(3000);
    pthread_create(&thread, NULL, exits, file);
    pthread_join(thread, NULL);
    return 1;
}

static void check_exit(void)
{
    char bytes[40] = "";
    NEED(pipe(pipe_ends) == 0);
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        ends_by_thread(NULL);
        _exit(1);
    }
    CHECK_EQ(child_wait(pid), 5 << 8, "exit from a thread");
    close(pipe_ends[1]);
    CHECK_EQ(read(pipe_ends[0], bytes, sizeof(bytes)), 3, "atexit's function");
    CHECK(check_read_file("last", bytes, sizeof(bytes)) == 18 &&
              !strcmp(bytes, "left in the buffer"),
          "streams are flushed");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_output();
    check_input();
    check_stream_lock();
    run_all(allocates);
    CHECK_EQ(blocks_wrong, 0, "blocks of memory are one's own");
    run_all(changes_environment);
    CHECK_EQ(variables_wrong, 0, "variables are kept");
    check_fork();
    check_exit();
    return check_done();
}
