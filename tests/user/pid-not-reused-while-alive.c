/*
 * The pid counter wraps; a number is not given again while a process, a
 * group or a session bears it.
 *
 * Bad input: row 81.  Argument: number of forks (default 300; 40000 wraps the
 * counter of a small system).
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

static struct gate gate;

static int leader_with_member(void *pids)
{
    setsid();
    pid_t member = fork();
    if (member == 0) {
        gate_pass(&gate);
        _exit(0);
    }
    *(pid_t *)pids = member;
    return 0; /* the leader ends; its session and group live on */
}

int main(int argc, char **argv)
{
    long rounds = check_rounds(argc, argv, 300), wraps = 0, clashes = 0;
    pid_t previous = 0;
    check_start();
    if (rounds > 1000) {
        alarm(0);
    }
    pid_t *member = shared_memory(PAGE);
    gate_make(&gate);
    pid_t leader = child_start(leader_with_member, member);
    NEED(child_wait(leader) == 0);
    for (long i = 0; i < rounds; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(0);
        }
        NEED(pid > 0);
        wraps += pid < previous;
        clashes += pid == leader || pid == *member || pid == getpid();
        previous = pid;
        NEED(waitpid(pid, NULL, 0) == pid);
    }
    CHECK_EQ(clashes, 0, "no living number given again (%ld wraps)", wraps);
    CHECK_EQ(getsid(*member), leader, "the member's session is its leader's");
    CHECK_EQ(kill(-leader, 0), 0, "the group is alive without its leader");
    CHECK_ERRNO(kill(leader, 0), ESRCH, "the leader is not");
    gate_open(&gate);
    return check_done();
}
