/*
 * Threads are cancelled in every call they may block in, their clean-up runs,
 * and a read either takes its byte or is cancelled, not both. Many that spin are
 * cancelled at once; a thread that runs over its stack ends its process.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLS = 16, SPINNERS = 8, ROUNDS = 40, BYTES = 30 };

static int empty[2], full[2], sockets[2], listener, queue;
static sem_t never, started;
static pthread_t forever;
static char fifo[40];
static int cleaned;
static long counted;

static void clean(void *unused)
{
    (void)unused;
    __atomic_fetch_add(&cleaned, 1, __ATOMIC_SEQ_CST);
}

static void wait_for_objects(long call)
{
    struct pollfd p = { empty[0], POLLIN, 0 };
    char bytes[64];
    fd_set set;
    FD_ZERO(&set);
    FD_SET(empty[0], &set);
    if (call == 0)
        poll(&p, 1, -1);
    else if (call == 1)
        select(empty[0] + 1, &set, NULL, NULL, NULL);
    else if (call == 2)
        read(empty[0], bytes, 1);
    else if (call == 3)
        write(full[1], bytes, sizeof(bytes));
    else if (call == 4)
        recv(sockets[0], bytes, 1, 0);
    else if (call == 5)
        accept(listener, NULL, NULL);
    else if (call == 6)
        open(fifo, O_RDONLY);
    else if (call == 7)
        msgrcv(queue, bytes, 8, 0, 0);
}

static void wait_for_others(long call)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec far = { 1ll << 33, 0 };
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    if (call == 8)
        pause();
    else if (call == 9)
        sem_wait(&never);
    else if (call == 10)
        pthread_join(forever, NULL);
    else if (call == 11)
        waitpid(-1, NULL, 0);
    else if (call == 12)
        sigwait(&set, &number);
    else if (call == 13)
        sleep(1000);
    else if (call == 14)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &far, NULL);
    else if (pthread_mutex_lock(&mutex) == 0)
        pthread_cond_timedwait(&condition, &mutex, &far);
}

static void *blocks(void *call)
{
    pthread_cleanup_push(clean, NULL);
    sem_post(&started);
    if ((long)call < 8)
        wait_for_objects((long)call);
    else
        wait_for_others((long)call);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *pauses(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void make(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    if (pipe(empty) || pipe(full) || sem_init(&never, 0, 0) ||
        sem_init(&started, 0, 0) ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
        exit(1);
    snprintf(fifo, sizeof(fifo), "/tmp/fifo.%d", (int)getpid());
    snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/sock.%d",
             (int)getpid());
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    queue = msgget(IPC_PRIVATE, 0600);
    if (mkfifo(fifo, 0600) || queue < 0 ||
        bind(listener, (struct sockaddr *)&name, sizeof(name)) ||
        listen(listener, 1))
        exit(2);
    unlink(name.sun_path);
    fcntl(full[1], F_SETFL, O_NONBLOCK);
    while (write(full[1], fifo, sizeof(fifo)) > 0 || write(full[1], "", 1) > 0)
        ;
    fcntl(full[1], F_SETFL, 0);
    pthread_create(&forever, NULL, pauses, NULL);
}

static int cancel_all(pthread_t *threads, int count)
{
    int cancelled = 0;
    void *value;
    for (int i = 0; i < count; i++)
        pthread_cancel(threads[i]);
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], &value);
        cancelled += value == PTHREAD_CANCELED;
    }
    return cancelled;
}

static int cancel_blocked(void)
{
    pthread_t threads[CALLS];
    pid_t child = fork(); /* for waitpid */
    if (child == 0) {
        pause();
        _exit(0);
    }
    for (long i = 0; i < CALLS; i++) {
        pthread_create(&threads[i], NULL, blocks, (void *)i);
        sem_wait(&started);
    }
    usleep(20000); /* most of them block by now */
    int cancelled = cancel_all(threads, CALLS);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return cancelled;
}

/* -- a read and a cancellation at once ---------------------------------------------- */

static void *reads(void *unused)
{
    char byte;
    while (read(empty[0], &byte, 1) == 1)
        counted++;
    return unused;
}

static long count_bytes(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, reads, NULL);
        for (int n = 0; n < BYTES; n++) {
            if (n == BYTES / 2 + i % 7)
                pthread_cancel(thread);
            if (write(empty[1], "x", 1) != 1)
                return -1;
        }
        pthread_join(thread, NULL);
    }
    close(empty[1]);
    reads(NULL); /* what is left */
    return counted;
}

/* -- at any time ------------------------------------------------------------------------ */

static void *spins(void *unused)
{
    pthread_cleanup_push(clean, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    sem_post(&started);
    for (;;)
        ;
    pthread_cleanup_pop(0);
    return unused;
}

static int cancel_spinning(void)
{
    pthread_t threads[SPINNERS];
    for (int i = 0; i < SPINNERS; i++) {
        pthread_create(&threads[i], NULL, spins, NULL);
        sem_wait(&started);
    }
    return cancel_all(threads, SPINNERS);
}

/* -- beyond the stack -------------------------------------------------------------------- */

static int deep(volatile char *above)
{
    volatile char here[512];
    here[0] = above[0];
    if (here[0] != 0)
        return 0; /* never */
    return deep(here) + here[0];
}

static void *overflows(void *unused)
{
    volatile char top = 0;
    return deep(&top) ? NULL : unused;
}

static int overflow(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, overflows, NULL);
        pthread_join(thread, NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int main(void)
{
    make();
    printf("blocked %d, ", cancel_blocked());
    printf("cleaned %d, ", cleaned);
    printf("bytes %ld of %d, ", count_bytes(), ROUNDS * BYTES);
    printf("spinning %d, ", cancel_spinning());
    printf("cleaned %d, ", cleaned);
    printf("overflow %d\n", overflow());
    unlink(fifo);
    msgctl(queue, IPC_RMID, NULL);
    return 0;
}
