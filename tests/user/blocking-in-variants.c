/*
 * What ends the calls that do the same as others in another form: with
 * vectors, messages, bit sets, and the C library's semaphores.
 *
 * smp: 1 4
 */
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "common/blocking.h"
#include "common/child.h"

static int *const ends = blocking_ends;
static char bytes[PAGE];
static struct iovec vector[2] = { { bytes, 10 }, { bytes + 10, PAGE - 10 } };

static void close_other(void)
{
    close(ends[1]);
}

/* ---- vectors ---- */

static void make_pipe(void)
{
    NEED(pipe(ends) == 0);
}

static long read_vector(void)
{
    return readv(ends[0], vector, 2);
}

static void write_other(void)
{
    NEED(write(ends[1], "abc", 3) == 3);
}

static void make_full_pipe(void)
{
    int back[2];
    NEED(pipe(back) == 0);
    ends[0] = back[1];
    ends[1] = back[0];
    for (int i = 0; i < 16; i++) {
        NEED(write(ends[0], bytes, PAGE) == PAGE);
    }
}

static long write_vector(void)
{
    return writev(ends[0], vector, 2);
}

static void read_other(void)
{
    NEED(read(ends[1], bytes, PAGE) == PAGE);
}

/* ---- messages ---- */

static struct msghdr message = { .msg_iov = vector, .msg_iovlen = 2 };

static void make_packets(void)
{
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
}

static void make_full_packets(void)
{
    make_packets();
    while (send(ends[0], bytes, PAGE, MSG_DONTWAIT) > 0) {
    }
    NEED(errno == EAGAIN);
}

static long receive_from(void)
{
    return recvfrom(ends[0], bytes, PAGE, 0, NULL, NULL);
}

static long receive_message(void)
{
    return recvmsg(ends[0], &message, 0);
}

static long send_message(void)
{
    return sendmsg(ends[0], &message, MSG_NOSIGNAL);
}

static void send_other(void)
{
    NEED(send(ends[1], "abc", 3, 0) == 3);
}

static void receive_other(void)
{
    while (recv(ends[1], bytes, PAGE, MSG_DONTWAIT) > 0) {
    }
}

/* ---- futex with bits ---- */

static unsigned *word;

static void make_word(void)
{
    word = shared_memory(sizeof(*word));
}

static long wait_for_bit(void)
{
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 4);
}

static long wait_for_bit_shortly(void)
{
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec++; /* a point in time */
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, &limit, NULL, 4);
}

static void wake_bit(void)
{
    while (syscall(SYS_futex, word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 6) == 0) {
        usleep(100);
    }
}

/* ---- semaphores of the C library ---- */

static sem_t *semaphore;

static void make_semaphore(void)
{
    semaphore = shared_memory(sizeof(*semaphore));
    NEED(sem_init(semaphore, 1, 0) == 0);
}

static long wait_semaphore(void)
{
    return sem_wait(semaphore);
}

static long wait_semaphore_for(long seconds)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += seconds;
    return sem_timedwait(semaphore, &limit);
}

static long wait_semaphore_long(void)
{
    return wait_semaphore_for(1000);
}

static long wait_semaphore_late(void)
{
    return wait_semaphore_for(-1);
}

static void post_semaphore(void)
{
    sem_post(semaphore);
}

static const struct blocking_row rows[] = {
    { .name = "readv",
      .prepare = make_pipe,
      .call = read_vector,
      .wake = write_other,
      .woken = 3,
      .hang_up = close_other,
      .ended = 0 },
    { .name = "writev",
      .prepare = make_full_pipe,
      .call = write_vector,
      .wake = read_other,
      .woken = PAGE,
      .hang_up = close_other,
      .ended = -1,
      .ended_errno = EPIPE },
    { .name = "recvfrom",
      .prepare = make_packets,
      .call = receive_from,
      .wake = send_other,
      .woken = 3,
      .hang_up = close_other,
      .ended = 0 },
    { .name = "recvmsg",
      .prepare = make_packets,
      .call = receive_message,
      .wake = send_other,
      .woken = 3,
      .hang_up = close_other,
      .ended = 0 },
    { .name = "sendmsg",
      .prepare = make_full_packets,
      .call = send_message,
      .wake = receive_other,
      .woken = PAGE,
      .hang_up = close_other,
      .ended = -1,
      .ended_errno = ECONNRESET },
    { .name = "FUTEX_WAIT_BITSET",
      .prepare = make_word,
      .call = wait_for_bit,
      .wake = wake_bit,
      .timed = wait_for_bit_shortly,
      .timed_value = -1,
      .timed_errno = ETIMEDOUT },
    { .name = "sem_wait",
      .prepare = make_semaphore,
      .call = wait_semaphore,
      .wake = post_semaphore },
    { .name = "sem_timedwait",
      .prepare = make_semaphore,
      .call = wait_semaphore_long,
      .wake = post_semaphore,
      .habits = NEVER_RESTARTS,
      .timed = wait_semaphore_late,
      .timed_value = -1,
      .timed_errno = ETIMEDOUT },
};

int main(int argc, char **argv)
{
    return blocking_main(argc, argv, rows, ARRAY_LENGTH(rows));
}
