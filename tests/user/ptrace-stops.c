/*
 * Stops of the whole process under a tracer, attaching and detaching, and what
 * becomes of tracees whose tracer is not their parent, or dies.
 *
 * smp: 1 2 4
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/tracee.h"

enum { SET_PTRACER = 0x59616d61 }; /* where only parents may trace */

/* In a group of its own, which is no orphan. */
static int waits(void *unused)
{
    (void)unused;
    setpgid(0, 0);
    prctl(SET_PTRACER, -1l, 0, 0, 0);
    for (;;)
        pause();
    return 0;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK_EQ(tracee_wait(pid), SIGKILL, "SIGKILL ends it");
}

/* Until it sleeps in pause(). */
static void await_state(pid_t pid, char state)
{
    while (tracee_state(pid) != state)
        sched_yield();
}

static void check_group_stop(void)
{
    siginfo_t info;
    int status;
    pid_t pid = tracee_start(waits, NULL, 0);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGSTOP), STOPPED(SIGSTOP),
             "a stop signal let through stops the process");
    CHECK_ERRNO(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), EINVAL,
                "such a stop has no siginfo");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "SIGCONT is told");
    CHECK_EQ(status, 0xffff, "as such");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGCONT),
             "and comes as a signal when the tracer lets it go on");
    NEED(ptrace(PTRACE_CONT, pid, NULL, (void *)SIGCONT) == 0);
    await_state(pid, 'S');
    kill(pid, SIGTSTP);
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGTSTP), "SIGTSTP, as a signal");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGTSTP), STOPPED(SIGTSTP),
             "and as a stop");
    NEED(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
    await_state(pid, 'S');
    kill(pid, SIGSTOP);
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP), "let go on alone, it stops");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGSTOP), STOPPED(SIGSTOP), "anew");
    CHECK_EQ(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0, "detached from");
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "it stays stopped");
    await_state(pid, 'T');
    end(pid);
}

static void check_attach(void)
{
    siginfo_t info;
    pid_t pid = child_start(waits, NULL);
    CHECK_EQ(ptrace(PTRACE_ATTACH, pid, NULL, NULL), 0, "attach");
    memset(&info, 0, sizeof(info));
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0, "waitid");
    CHECK_EQ(info.si_code, CLD_TRAPPED, "si_code");
    CHECK_EQ(info.si_status, SIGSTOP, "si_status");
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP), "it stops by SIGSTOP");
    CHECK_EQ(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0, "detach");
    await_state(pid, 'S');
    CHECK_EQ(tracee_tracer(pid), 0, "nobody traces it");
    CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, NULL), ESRCH, "no tracee");
    NEED(ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0);
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP), "attached to again");
    CHECK_EQ(ptrace(PTRACE_DETACH, pid, NULL, (void *)SIGTERM), 0,
             "detached from with a signal");
    CHECK_EQ(tracee_wait(pid), SIGTERM, "which kills it");
    pid = child_start(waits, NULL);
    kill(pid, SIGSTOP);
    int status;
    NEED(waitpid(pid, &status, WUNTRACED) == pid);
    CHECK_EQ(ptrace(PTRACE_ATTACH, pid, NULL, NULL), 0, "attach, stopped");
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP), "it is a stop of ours now");
    await_state(pid, 't');
    end(pid);
}

static void check_seize(void)
{
    siginfo_t info;
    pid_t pid = child_start(waits, NULL);
    const int stop = STOPPED(SIGTRAP) | PTRACE_EVENT_STOP << 16;
    await_state(pid, 'S');
    CHECK_EQ(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0, "seize");
    CHECK_EQ(tracee_state(pid), 'S', "does not stop it");
    CHECK_EQ(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0, "INTERRUPT");
    CHECK_EQ(tracee_wait(pid), stop, "does");
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "its siginfo");
    CHECK_EQ(info.si_code, SIGTRAP | PTRACE_EVENT_STOP << 8, "si_code");
    NEED(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
    await_state(pid, 'S');
    kill(pid, SIGSTOP);
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP), "SIGSTOP as signal");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGSTOP),
             STOPPED(SIGSTOP) | PTRACE_EVENT_STOP << 16, "as a stop");
    CHECK_EQ(ptrace(PTRACE_LISTEN, pid, NULL, NULL), 0, "LISTEN");
    CHECK_ERRNO(ptrace(PTRACE_CONT, pid, NULL, NULL), ESRCH, "no requests");
    kill(pid, SIGCONT);
    CHECK_EQ(tracee_wait(pid), stop, "SIGCONT ends that");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGCONT), "its signal");
    end(pid);
}

/* Only SIGCONT ends PTRACE_LISTEN; what was asked for before that waits. */
static void check_interrupt_in_a_stop(void)
{
    int status;
    pid_t pid = child_start(waits, NULL);
    const int stop = STOPPED(SIGTRAP) | PTRACE_EVENT_STOP << 16;
    kill(pid, SIGSTOP);
    NEED(waitpid(pid, &status, WUNTRACED) == pid);
    NEED(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP) | PTRACE_EVENT_STOP << 16,
             "seized in a stop");
    NEED(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0);
    CHECK_EQ(ptrace(PTRACE_LISTEN, pid, NULL, NULL), 0, "then interrupted");
    usleep(50000);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0, "it stays in that stop");
    kill(pid, SIGCONT);
    CHECK_EQ(tracee_wait(pid), stop, "until SIGCONT");
    NEED(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), stop, "interrupted in a trap");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGCONT), "the signal");
    end(pid);
}

/* ---- a tracer that is not the parent ---------------------------------------- */

struct tracer {
    pid_t tracee;
    struct gate begun, go;
    long options;
};

static int traces(void *argument)
{
    struct tracer *t = argument;
    NEED(ptrace(PTRACE_ATTACH, t->tracee, NULL, NULL) == 0);
    NEED(tracee_wait(t->tracee) == STOPPED(SIGSTOP));
    NEED(ptrace(PTRACE_SETOPTIONS, t->tracee, NULL, (void *)t->options) == 0);
    NEED(ptrace(PTRACE_CONT, t->tracee, NULL, NULL) == 0);
    gate_open(&t->begun);
    gate_pass(&t->go);
    return 5;
}

static int traces_to_the_end(void *argument)
{
    struct tracer *t = argument;
    traces(argument);
    return tracee_wait(t->tracee) == SIGTERM ? 6 : 9;
}

static pid_t start_tracer(struct tracer *t, child_body *body)
{
    gate_make(&t->begun);
    gate_make(&t->go);
    t->tracee = child_start(waits, NULL);
    await_state(t->tracee, 'S'); /* now anybody may trace it */
    pid_t pid = child_start(body, t);
    gate_pass(&t->begun);
    CHECK_EQ(tracee_tracer(t->tracee), pid, "another process traces it");
    return pid;
}

static void end_tracer(struct tracer *t, pid_t pid, int code)
{
    gate_open(&t->go);
    CHECK_EQ(child_wait(pid), code << 8, "the tracer ends");
    gate_close(&t->begun);
    gate_close(&t->go);
}

static void check_other_tracer(void)
{
    struct tracer t = { .options = 0 };
    int status;
    pid_t pid = start_tracer(&t, traces);
    end_tracer(&t, pid, 5);
    await_state(t.tracee, 'S');
    CHECK_EQ(tracee_tracer(t.tracee), 0, "its end sets the tracee free");
    end(t.tracee);

    t.options = PTRACE_O_EXITKILL;
    pid = start_tracer(&t, traces);
    end_tracer(&t, pid, 5);
    CHECK_EQ(child_wait(t.tracee), SIGKILL, "or kills it, with EXITKILL");

    t.options = 0;
    pid = start_tracer(&t, traces_to_the_end);
    NEED(kill(t.tracee, SIGKILL) == 0);
    await_state(t.tracee, 'Z');
    CHECK_EQ(waitpid(t.tracee, &status, WNOHANG), 0,
             "the zombie is the tracer's first");
    gate_open(&t.go);
    CHECK_EQ(child_wait(t.tracee), SIGKILL, "and then the parent's");
    CHECK_EQ(child_wait(pid), 9 << 8, "the tracer has waited");
    gate_close(&t.begun);
    gate_close(&t.go);
}

int main(void)
{
    check_start();
    check_group_stop();
    check_attach();
    check_seize();
    check_interrupt_in_a_stop();
    check_other_tracer();
    return check_done();
}
