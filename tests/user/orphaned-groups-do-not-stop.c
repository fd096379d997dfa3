/*
 * An orphaned process group: the terminal's stop signals do nothing to it, and
 * a group that becomes one while a member is stopped gets SIGHUP and SIGCONT.
 *
 * smp: 1 4
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

static int in_new_session(void *unused)
{
    (void)unused;
    setsid();
    raise(SIGTSTP);
    raise(SIGTTIN);
    raise(SIGTTOU);
    return 5;
}

struct shared {
    volatile int hups, conts;
    volatile pid_t grandchild;
};

static struct shared *shared;
static struct gate ready, done;

static void note(int number)
{
    if (number == SIGHUP) {
        shared->hups++;
    } else {
        shared->conts++;
    }
}

static int grandchild(void *unused)
{
    (void)unused;
    setpgid(0, 0);
    signal(SIGHUP, note);
    signal(SIGCONT, note);
    gate_open(&ready);
    raise(SIGTSTP);
    gate_open(&done);
    return 0;
}

/* Its child has a group of its own, in the same session: not orphaned until
 * this process ends. */
static int leader(void *unused)
{
    int status;
    (void)unused;
    setsid();
    pid_t pid = child_start(grandchild, NULL);
    shared->grandchild = pid;
    gate_pass(&ready);
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) {
        return 1;
    }
    return 0;
}

static int in_the_middle(void *unused)
{
    int status;
    (void)unused;
    setsid();
    pid_t pid = child_start(grandchild, NULL);
    gate_pass(&ready);
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) {
        return 1;
    }
    usleep(20000);
    if (shared->hups != 0 || waitpid(pid, &status, WNOHANG) != 0) {
        return 2;
    }
    kill(pid, SIGCONT);
    gate_pass(&done);
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 3;
}

int main(void)
{
    check_start();
    shared = shared_memory(sizeof(*shared));
    gate_make(&ready);
    gate_make(&done);
    CHECK_EXITS(in_new_session, NULL, 5, "a session of its own: no stop");
    CHECK_EXITS(in_the_middle, NULL, 0,
                "with a parent outside it stays stopped");
    CHECK_EXITS(leader, NULL, 0, "the leader saw its child stop");
    gate_pass(&done);
    CHECK_EQ(shared->hups, 1, "the stopped orphan got SIGHUP");
    CHECK(shared->conts >= 1, "and SIGCONT");
    return check_done();
}
