/*
 * The last reader goes while a write is half done: SIGPIPE at once, and for
 * who ignores it the number of bytes that went.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"

enum { BYTES = 1 << 20 };

static char bytes[BYTES];

/* Starts to write far more than a pipe holds; 0 if the write was cut short. */
static int writes_much(void *ends)
{
    int *pipe_ends = ends;

    close(pipe_ends[0]);
    ssize_t n = write(pipe_ends[1], bytes, BYTES);
    return n > 0 && n < BYTES ? 0 : 1;
}

/* Reads a little of what `pid` writes and goes. */
static int break_pipe(int *ends, pid_t pid)
{
    char some[100];

    close(ends[1]);
    CHECK(read(ends[0], some, sizeof(some)) > 0, "the reader reads a little");
    close(ends[0]);
    return child_wait(pid);
}

int main(void)
{
    int ends[2];

    check_start();
    CHECK_EQ(pipe(ends), 0, "a pipe");
    CHECK_EQ(break_pipe(ends, child_start(writes_much, ends)), SIGPIPE,
             "the writer dies in its first write");
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(pipe(ends), 0, "a pipe");
    CHECK_EQ(break_pipe(ends, child_start(writes_much, ends)), 0,
             "without the signal the write is short");
    return check_done();
}
