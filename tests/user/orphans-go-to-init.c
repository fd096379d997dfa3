/*
 * A process whose parent ends becomes a child of init (pid 1), runs on, and is
 * reaped there.
 *
 * Bad input: rows 74 (parent, child and grandchild end at once), 80.
 * linux-note: a subreaper between us and init takes orphans on a host; the
 * test accepts any ancestor that is not the dead parent.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { ROUNDS = 60 };

struct report {
    pid_t child, parent_before, parent_after;
    volatile int done;
};

static struct report *report;

static int middle(void *gate)
{
    pid_t me = getpid();
    if (fork() == 0) {
        report->child = getpid();
        report->parent_before = me;
        gate_pass(gate);
        report->parent_after = getppid();
        report->done = 1;
        _exit(3);
    }
    return 0;
}

static int ends_with_descendants(void *unused)
{
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            if (fork() == 0) {
                _exit(1);
            }
            _exit(2);
        }
    }
    return 0;
}

/* The pid is free again, or a stranger's: nothing of ours is a zombie. */
static bool gone(pid_t pid)
{
    for (int i = 0; i < 3000; i++) {
        if (kill(pid, 0) < 0 && errno == ESRCH) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

int main(void)
{
    struct gate gate;
    int failed = 0;
    check_start();
    report = shared_memory(PAGE);
    gate_make(&gate);
    CHECK_EXITS(middle, &gate, 0, "the parent of the orphan ends");
    gate_open(&gate);
    while (!report->done) {
        usleep(1000);
    }
    CHECK(report->parent_after != report->parent_before &&
              report->parent_after > 0,
          "the orphan has a new parent (%d)", report->parent_after);
    CHECK(report->parent_after != getpid(), "which is not its grandparent");
    CHECK_ERRNO(waitpid(report->child, NULL, 0), ECHILD, "not our child");
    CHECK(gone(report->child), "the orphan is reaped when it ends");
    for (int i = 0; i < ROUNDS; i++) {
        failed += child_run(ends_with_descendants, NULL) != 0;
    }
    CHECK_EQ(failed, 0, "%d families end at once", ROUNDS);
    CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD, "nothing is left to us");
    return check_done();
}
