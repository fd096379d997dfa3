/*
 * A process in the background of its terminal: reading stops it with SIGTTIN,
 * changing the terminal, or writing with TOSTOP, with SIGTTOU; blocked, ignored
 * or orphaned it gets EIO or is let through.  The end of the session's leader
 * hangs up the foreground group.
 *
 * smp: 1 4
 */
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "common/child.h"
#include "common/terminal.h"

static int terminal;

static int reads(void *unused)
{
    char c;
    (void)unused;
    return read(terminal, &c, 1) < 0 ? errno : 0;
}

static int writes(void *unused)
{
    (void)unused;
    return write(terminal, "x\n", 2) == 2 ? 0 : errno;
}

static int sets(void *unused)
{
    struct termios t;
    (void)unused;
    tcgetattr(terminal, &t);
    return tcsetattr(terminal, TCSANOW, &t) == 0 ? 0 : errno;
}

static int flushes(void *unused)
{
    (void)unused;
    return tcflush(terminal, TCIFLUSH) == 0 ? 0 : errno;
}

static int takes(void *unused)
{
    (void)unused;
    return tcsetpgrp(terminal, getpgrp()) == 0 ? 0 : errno;
}

/* One of the above in a group of its own, with `number` treated as told. */
struct deed {
    child_body *body;
    int number, blocked, ignored;
    struct gate go;
};

static int do_deed(void *argument)
{
    struct deed *d = argument;
    sigset_t set;
    signal(SIGTTIN, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    if (d->ignored) {
        signal(d->number, SIG_IGN);
    }
    if (d->blocked) {
        sigemptyset(&set);
        sigaddset(&set, d->number);
        sigprocmask(SIG_BLOCK, &set, NULL);
    }
    gate_pass(&d->go);
    return d->body(NULL);
}

static pid_t start(struct deed *d)
{
    gate_make(&d->go);
    pid_t pid = child_start(do_deed, d);
    setpgid(pid, pid);
    gate_open(&d->go);
    gate_close(&d->go);
    return pid;
}

static void check_stops(child_body *body, int number, const char *what)
{
    struct deed d = { .body = body, .number = number };
    int status = 0;
    pid_t pid = start(&d);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "%s", what);
    CHECK_EQ(status, (number << 8) | 0x7f, "%s: stopped", what);
    if (!WIFSTOPPED(status)) {
        return;
    }
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "%s: continued", what);
    CHECK_EQ(status, (number << 8) | 0x7f, "%s: tried again and stopped", what);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "%s: killed", what);
}

static void check_let(child_body *body, int number, int result,
                      const char *what)
{
    struct deed d = { .body = body, .number = number, .blocked = 1 };
    CHECK_EQ(child_wait(start(&d)), result << 8, "%s, blocked", what);
    tcsetpgrp(terminal, getpgrp());
    d.blocked = 0;
    d.ignored = 1;
    CHECK_EQ(child_wait(start(&d)), result << 8, "%s, ignored", what);
    tcsetpgrp(terminal, getpgrp());
}

static void set_tostop(int on)
{
    struct termios t;
    NEED(tcgetattr(terminal, &t) == 0);
    t.c_lflag = on ? t.c_lflag | TOSTOP : t.c_lflag & ~(tcflag_t)TOSTOP;
    NEED(tcsetattr(terminal, TCSANOW, &t) == 0);
}

static void check_writing(void)
{
    struct deed d = { .body = writes, .number = SIGTTOU };
    CHECK_EQ(child_wait(start(&d)), 0, "writing without TOSTOP");
    set_tostop(1);
    check_stops(writes, SIGTTOU, "writing with TOSTOP");
    check_let(writes, SIGTTOU, 0, "writing with TOSTOP");
    set_tostop(0);
}

struct orphan {
    volatile int result;
    struct gate done;
};

static struct orphan *orphan;

static int be_orphan(void *parent)
{
    setpgid(0, 0);
    while (getppid() == *(pid_t *)parent) {
        usleep(1000);
    }
    orphan->result = reads(NULL);
    gate_open(&orphan->done);
    return 0;
}

static int make_orphan(void *unused)
{
    pid_t self = getpid();
    (void)unused;
    signal(SIGTTIN, SIG_DFL);
    child_start(be_orphan, &self);
    return 0;
}

static void check_orphan(void)
{
    gate_make(&orphan->done);
    CHECK_EXITS(make_orphan, NULL, 0, "a parent goes");
    gate_pass(&orphan->done);
    CHECK_EQ(orphan->result, EIO, "an orphan that reads is not stopped");
}

static void on_hangup(int number)
{
    __atomic_fetch_or(&orphan->result, number == SIGHUP ? 1 : 2,
                      __ATOMIC_SEQ_CST);
    if (number == SIGHUP) {
        gate_open(&orphan->done);
    }
}

static int waits_for_hangup(void *gate)
{
    signal(SIGHUP, on_hangup);
    signal(SIGCONT, on_hangup);
    setpgid(0, 0);
    tcsetpgrp(terminal, getpgrp());
    gate_open(gate);
    for (int i = 0; i < 6000 && orphan->result != 3; i++) {
        usleep(10000);
    }
    return 0;
}

static int leads(void *unused)
{
    struct gate ready;
    (void)unused;
    setsid();
    terminal = terminal_open();
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 1)) {
        return 2;
    }
    check_subtest();
    signal(SIGTTOU, SIG_IGN);
    check_stops(reads, SIGTTIN, "reading");
    check_stops(sets, SIGTTOU, "tcsetattr");
    check_stops(flushes, SIGTTOU, "tcflush");
    check_stops(takes, SIGTTOU, "tcsetpgrp");
    check_let(reads, SIGTTIN, EIO, "reading");
    check_let(sets, SIGTTOU, 0, "tcsetattr");
    check_let(takes, SIGTTOU, 0, "tcsetpgrp");
    check_writing();
    check_orphan();
    orphan->result = 0;
    gate_make(&ready);
    child_start(waits_for_hangup, &ready);
    gate_pass(&ready);
    signal(SIGHUP, SIG_IGN);
    return check_done();
}

int main(void)
{
    check_start();
    orphan = shared_memory(sizeof(*orphan));
    int status = child_run(leads, NULL);
    if (status == 2 << 8) {
        check_skip("a session's terminal", "there is no terminal to take");
        return check_done();
    }
    CHECK_EQ(status, 0, "a session with a terminal");
    for (int i = 0; i < 3000 && !(orphan->result & 1); i++) {
        usleep(10000);
    }
    CHECK(orphan->result & 1, "its end hangs up the foreground group");
    return check_done();
}
