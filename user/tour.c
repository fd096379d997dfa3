/*
 * tour - one mechanism of the kernel at a time, for the pages of docs/tour.
 *
 * Each is a function that does nothing else, to be stopped in by gdb.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: tour touch|cow|signal|pipe|lock\n"
    "Shows one mechanism of the kernel, for gdb and for tools/trace:\n"
    "  touch   a page of fresh memory is written to\n"
    "  cow     parent and child share a page until the child writes to it\n"
    "  signal  a process sends itself a signal and catches it\n"
    "  pipe    a child waits for what its parent writes\n"
    "  lock    a thread waits for a mutex\n";

enum { PAGE = 4096 };

static _Alignas(PAGE) char page[PAGE] = "parent";

/* Functions stay functions, for gdb. */
#define APART static __attribute__((noinline))

APART void set_first(char first)
{
    *(volatile char *)page = first;
}

static int wait_for_child(void)
{
    int status;

    return wait(&status) < 0 ? -1 : status;
}

APART int touch(void)
{
    volatile char *fresh = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED)
        return -1;
    fresh[100] = 'x';
    return fresh[0];
}

APART int cow(void)
{
    set_first('P');
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        set_first('c');
        _exit(0);
    }
    int status = wait_for_child();
    set_first('p');
    return status;
}

static volatile int caught;

APART void handler(int number)
{
    caught = number;
}

APART int send_signal(void)
{
    struct sigaction action = { .sa_handler = handler };

    if (sigaction(SIGUSR1, &action, NULL) || kill(getpid(), SIGUSR1))
        return -1;
    return caught == SIGUSR1 ? 0 : -1;
}

APART int through_pipe(void)
{
    char text[16] = "";
    int ends[2];

    if (pipe(ends))
        return -1;
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0)
        _exit(read(ends[0], text, sizeof(text)) == 5 ? 0 : 1);
    usleep(50000); /* the child waits by now */
    if (write(ends[1], "hello", 5) != 5)
        return -1;
    return wait_for_child();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int guarded;

static void *second_thread(void *unused)
{
    pthread_mutex_lock(&mutex);
    guarded++;
    pthread_mutex_unlock(&mutex);
    return unused;
}

APART int with_lock(void)
{
    pthread_t other;

    pthread_mutex_lock(&mutex);
    if (pthread_create(&other, NULL, second_thread, NULL))
        return -1;
    usleep(50000); /* the other waits by now */
    pthread_mutex_unlock(&mutex);
    return pthread_join(other, NULL) || guarded != 1 ? -1 : 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} shows[] = { { "touch", touch },
              { "cow", cow },
              { "signal", send_signal },
              { "pipe", through_pipe },
              { "lock", with_lock } };

int main(int argc, char **argv)
{
    struct options o;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
        if (o.count != 1 || strcmp(o.operands[0], shows[i].name) != 0)
            continue;
        if (shows[i].run()) {
            report_errno("%s", shows[i].name);
            return 1;
        }
        return 0;
    }
    report("touch, cow, signal, pipe or lock?");
    return 1;
}
