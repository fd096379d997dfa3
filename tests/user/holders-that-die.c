/*
 * A process that is killed while it holds something, or half-way through a
 * call, leaves the others working: what it held is given up, what it sent
 * arrives, what it waited for goes to somebody else.
 *
 * Memory it leaves behind shows as memory lost after the test.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { ROUNDS = 20, BIG = 8000 };

/* What holder and survivor share. */
static struct {
    int ready;
    unsigned word;
} * shared;
static int ends[2], object;
static char bytes[1 << 17];
static struct {
    long type;
    char text[BIG];
} message;

/* In the holder, last of all: wait to be killed. */
static int hold(void)
{
    __atomic_store_n(&shared->ready, 1, __ATOMIC_RELEASE);
    for (;;) {
        pause();
    }
    return 0;
}

/* In the holder, before it blocks where it will be killed. */
static void about_to_block(void)
{
    __atomic_store_n(&shared->ready, 1, __ATOMIC_RELEASE);
}

static bool is_asleep(pid_t pid)
{
    char path[40], text[400];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (check_read_file(path, text, sizeof(text)) <= 0) {
        return true;
    }
    char *name_end = strrchr(text, ')');
    return name_end && name_end[2] == 'S';
}

/* Let a child run `body` until it sleeps, and kill it. */
static bool kill_holder(child_body *body)
{
    shared->ready = 0;
    pid_t pid = child_start(body, NULL);
    while (!__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) ||
           !is_asleep(pid)) {
        usleep(200);
    }
    kill(pid, SIGKILL);
    return child_wait(pid) == SIGKILL;
}

/* ---- locks of files ---- */

static int holds_locks(void *unused)
{
    struct flock range = { .l_type = F_WRLCK, .l_len = 10 };
    struct flock tail = { .l_type = F_RDLCK, .l_start = 20 };
    int whole = open("file", O_RDWR), open_file = open("file", O_RDWR);
    if (flock(whole, LOCK_EX) || fcntl(whole, F_SETLK, &range) ||
        fcntl(open_file, F_OFD_SETLK, &tail)) {
        return 1;
    }
    return hold();
}

static int waits_for_lock(void *unused)
{
    int fd = open("file", O_RDWR);
    about_to_block();
    return flock(fd, LOCK_EX);
}

static bool locks_are_free(void)
{
    struct flock all = { .l_type = F_WRLCK };
    int fd = open("file", O_RDWR);
    bool good = kill_holder(holds_locks) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
                kill_holder(waits_for_lock) && flock(fd, LOCK_UN) == 0 &&
                fcntl(fd, F_SETLK, &all) == 0;
    close(fd);
    return good;
}

/* ---- semaphores ---- */

static int holds_semaphore(void *unused)
{
    struct sembuf take = { .sem_op = -1, .sem_flg = SEM_UNDO };
    return semop(object, &take, 1) ? 1 : hold();
}

static int waits_for_semaphore(void *unused)
{
    struct sembuf take = { .sem_op = -1 };
    about_to_block();
    return semop(object, &take, 1);
}

static bool semaphore_is_given_back(void)
{
    struct sembuf take = { .sem_op = -1, .sem_flg = IPC_NOWAIT };
    struct sembuf give = { .sem_op = 1 };
    object = semget(IPC_PRIVATE, 1, 0600);
    bool good = object >= 0 && semop(object, &give, 1) == 0 &&
                kill_holder(holds_semaphore) && semop(object, &take, 1) == 0 &&
                kill_holder(waits_for_semaphore) &&
                semctl(object, 0, GETNCNT) == 0 &&
                semop(object, &give, 1) == 0 && semctl(object, 0, GETVAL) == 1;
    semctl(object, 0, IPC_RMID);
    return good;
}

/* ---- segments ---- */

static int maps_segment(void *unused)
{
    char *at = shmat(object, NULL, 0);
    if (at == (char *)-1) {
        return 1;
    }
    at[5] = 'x';
    return hold();
}

static bool segment_counts_one_less(void)
{
    struct shmid_ds state;
    object = shmget(IPC_PRIVATE, 100000, 0600);
    bool good = kill_holder(maps_segment) &&
                shmctl(object, IPC_STAT, &state) == 0 && state.shm_nattch == 0;
    char *at = shmat(object, NULL, 0);
    good = good && at[5] == 'x' && kill_holder(maps_segment) &&
           shmctl(object, IPC_STAT, &state) == 0 && state.shm_nattch == 1;
    shmdt(at);
    shmctl(object, IPC_RMID, NULL);
    return good;
}

/* ---- queues ---- */

static int waits_for_message(void *unused)
{
    about_to_block();
    return (int)msgrcv(object, &message, BIG, 0, 0);
}

static int waits_to_send(void *unused)
{
    message.type = 1;
    about_to_block();
    for (;;) {
        msgsnd(object, &message, BIG, 0);
    }
    return 0;
}

static bool queue_goes_on(void)
{
    object = msgget(IPC_PRIVATE, 0600);
    message.type = 2;
    bool good = kill_holder(waits_for_message) &&
                msgsnd(object, &message, 3, 0) == 0 &&
                msgrcv(object, &message, BIG, 2, IPC_NOWAIT) == 3 &&
                kill_holder(waits_to_send) &&
                msgrcv(object, &message, BIG, 0, IPC_NOWAIT) == BIG;
    msgctl(object, IPC_RMID, NULL);
    return good;
}

static mqd_t mail;

static int waits_for_mail(void *unused)
{
    char text[8];
    about_to_block();
    return (int)mq_receive(mail, text, sizeof(text), NULL);
}

static int waits_to_mail(void *unused)
{
    about_to_block();
    for (;;) {
        mq_send(mail, "x", 1, 0);
    }
    return 0;
}

static int wants_notice(void *unused)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                              .sigev_signo = SIGURG };
    return mq_notify(mail, &event) ? 1 : hold();
}

static bool mail_goes_on(void)
{
    struct mq_attr small = { .mq_maxmsg = 2, .mq_msgsize = 8 };
    struct sigevent none = { .sigev_notify = SIGEV_NONE };
    char name[40], text[8];
    snprintf(name, sizeof(name), "/holders-%d", (int)getpid());
    mail = mq_open(name, O_RDWR | O_CREAT, 0600, &small);
    bool good = mq_unlink(name) == 0 && kill_holder(wants_notice) &&
                mq_notify(mail, &none) == 0 && mq_notify(mail, NULL) == 0 &&
                kill_holder(waits_for_mail) &&
                mq_send(mail, "abc", 3, 1) == 0 &&
                mq_receive(mail, text, sizeof(text), NULL) == 3 &&
                kill_holder(waits_to_mail) &&
                mq_receive(mail, text, sizeof(text), NULL) == 1 &&
                mq_receive(mail, text, sizeof(text), NULL) == 1;
    mq_close(mail);
    return good;
}

/* ---- pipes and sockets ---- */

static int writes_more_than_fits(void *unused)
{
    close(ends[0]);
    memset(bytes, 'x', sizeof(bytes));
    about_to_block();
    return (int)write(ends[1], bytes, sizeof(bytes));
}

/* What was written is read, then comes the end. */
static bool reads_to_the_end(long least)
{
    long total = 0;
    ssize_t n;
    close(ends[1]);
    while ((n = read(ends[0], bytes, sizeof(bytes))) > 0) {
        total += n;
    }
    close(ends[0]);
    return n == 0 && total >= least && total < (long)sizeof(bytes);
}

static bool half_a_write_arrives(void)
{
    NEED(pipe(ends) == 0);
    return kill_holder(writes_more_than_fits) && reads_to_the_end(65536);
}

static int sends_more_than_fits(void *unused)
{
    about_to_block();
    while (send(ends[1], bytes, sizeof(bytes), 0) > 0) {
    }
    return 0;
}

static bool half_a_message_arrives(void)
{
    long total = 0;
    ssize_t n;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    bool good = kill_holder(sends_more_than_fits);
    close(ends[1]);
    while ((n = recv(ends[0], bytes, sizeof(bytes), 0)) > 0) {
        total += n;
    }
    close(ends[0]);
    return good && n == 0 && total > 65536;
}

static int sends_descriptor(void *unused)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec part = { bytes, 1 };
    struct msghdr header = { .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes) };
    int inner[2];
    if (pipe(inner) || write(inner[1], "y", 1) != 1) {
        return 1;
    }
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &inner[0], sizeof(int));
    return sendmsg(ends[1], &header, 0) == 1 ? hold() : 1;
}

static bool descriptor_in_flight_arrives(void)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec part = { bytes, 1 };
    struct msghdr header = { .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes) };
    int fd = -1;
    char byte = 0;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    bool good =
        kill_holder(sends_descriptor) && recvmsg(ends[0], &header, 0) == 1;
    memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
    good = good && read(fd, &byte, 1) == 1 && byte == 'y' &&
           read(fd, &byte, 1) == 0; /* no writer is left */
    close(fd);
    /* One that nobody ever receives. */
    good = good && kill_holder(sends_descriptor);
    close(ends[0]);
    close(ends[1]);
    return good;
}

/* Dies with connections that wait, and one that it has accepted. */
static int listens(void *unused)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(name.sun_path + 1, 40, "holders-%d", (int)getppid());
    if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || listen(fd, 5)) {
        return 1;
    }
    about_to_block();
    accept(fd, NULL, NULL);
    pause();
    return 0;
}

static bool clients_see_the_end(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int clients[3];
    bool good = true;
    snprintf(name.sun_path + 1, 40, "holders-%d", (int)getpid());
    shared->ready = 0;
    pid_t pid = child_start(listens, NULL);
    while (!__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE)) {
        usleep(200);
    }
    for (int i = 0; i < 3; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        good = good &&
               connect(clients[i], (struct sockaddr *)&name, sizeof(name)) == 0;
    }
    usleep(2000);
    kill(pid, SIGKILL);
    good = good && child_wait(pid) == SIGKILL;
    for (int i = 0; i < 3; i++) {
        ssize_t n = recv(clients[i], bytes, 1, 0);
        good = good && (n == 0 || (n < 0 && errno == ECONNRESET));
        close(clients[i]);
    }
    int late = socket(AF_UNIX, SOCK_STREAM, 0);
    good = good && connect(late, (struct sockaddr *)&name, sizeof(name)) < 0 &&
           errno == ECONNREFUSED;
    close(late);
    return good;
}

/* ---- futex ---- */

static int waits_on_word(void *unused)
{
    about_to_block();
    return (int)syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL);
}

static bool nobody_waits(void)
{
    return kill_holder(waits_on_word) &&
           syscall(SYS_futex, &shared->word, FUTEX_WAKE, 10) == 0;
}

static const struct {
    const char *name;
    bool (*run)(void);
} rows[] = {
    { "locks of files are given up", locks_are_free },
    { "SEM_UNDO gives back, a sleeper is not counted",
      semaphore_is_given_back },
    { "a segment is detached", segment_counts_one_less },
    { "a System V queue goes on", queue_goes_on },
    { "a POSIX queue goes on", mail_goes_on },
    { "what was written to a pipe arrives, then the end",
      half_a_write_arrives },
    { "what was sent to a socket arrives, then the end",
      half_a_message_arrives },
    { "a descriptor in flight arrives", descriptor_in_flight_arrives },
    { "clients of a listener see the end", clients_see_the_end },
    { "a futex has no waiter", nobody_waits },
};

int main(void)
{
    check_start();
    check_enter_scratch();
    NEED(check_write_file("file", "x", 1) == 0);
    shared = shared_memory(sizeof(*shared));
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool good = true;
        for (int round = 0; round < ROUNDS && good; round++) {
            good = rows[i].run();
        }
        CHECK(good, "%s", rows[i].name);
    }
    return check_done();
}
