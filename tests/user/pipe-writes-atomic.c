/*
 * Four writers put records of up to PIPE_BUF bytes into one pipe: each comes
 * out whole and in its writer's order.
 *
 * Bad input: row 105.  Argument: records per writer.
 */
/* smp: 1 2 4 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"

#ifndef PIPE_BUF
#define PIPE_BUF 4096
#endif

enum { WRITERS = 4 };

struct record {
    uint32_t length, writer, number;
};

static int ends[2];
static long records;

static int child_writes(void *which)
{
    union {
        struct record head;
        unsigned char bytes[PIPE_BUF];
    } record;
    uint32_t writer = (uint32_t)(uintptr_t)which;
    close(ends[0]);
    srand(writer + 1);
    for (long i = 0; i < records; i++) {
        uint32_t length = (uint32_t)(sizeof(struct record) + 1 +
                                     (unsigned int)rand() %
                                         (PIPE_BUF - sizeof(struct record)));
        memset(record.bytes, (int)(writer * 16 + (uint32_t)i % 16), length);
        record.head = (struct record){ length, writer, (uint32_t)i };
        if (write(ends[1], record.bytes, length) != (ssize_t)length) {
            return 1;
        }
    }
    return 0;
}

static bool read_all(void *to, size_t count)
{
    char *at = to;
    while (count > 0) {
        ssize_t got = read(ends[0], at, count);
        if (got <= 0) {
            return false;
        }
        at += got;
        count -= (size_t)got;
    }
    return true;
}

int main(int argc, char **argv)
{
    unsigned char body[PIPE_BUF];
    pid_t pids[WRITERS];
    uint32_t next[WRITERS] = { 0 };
    struct record head;
    long total = 0, mixed = 0;
    records = check_rounds(argc, argv, 200);
    check_start();
    NEED(pipe(ends) == 0);
    for (uintptr_t i = 0; i < WRITERS; i++) {
        pids[i] = child_start(child_writes, (void *)i);
    }
    close(ends[1]);
    while (read_all(&head, sizeof(head))) {
        if (head.writer >= WRITERS || head.length > PIPE_BUF ||
            head.length <= sizeof(head)) {
            mixed++;
            break;
        }
        size_t length = head.length - sizeof(head);
        NEED(read_all(body, length));
        unsigned char expected =
            (unsigned char)(head.writer * 16 + head.number % 16);
        for (size_t i = 0; i < length; i++) {
            mixed += body[i] != expected;
        }
        mixed += head.number != next[head.writer]++;
        total++;
    }
    CHECK_EQ(mixed, 0, "no record is mixed with another");
    CHECK_EQ(total, WRITERS * records, "all records arrive");
    close(ends[0]);
    for (int i = 0; i < WRITERS; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "writer %d", i);
    }
    return check_done();
}
