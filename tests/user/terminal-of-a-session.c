/*
 * TIOCNOTTY: a process that gives up its controlling terminal does so for
 * itself; only the session's leader does it for all.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "common/child.h"
#include "common/terminal.h"

static int detaches(void *terminal)
{
    return ioctl(*(int *)terminal, TIOCNOTTY) == 0 &&
                   tcgetpgrp(*(int *)terminal) < 0 && errno == ENOTTY
               ? 0
               : 1;
}

static int leads(void *unused)
{
    (void)unused;
    signal(SIGHUP, SIG_IGN);
    setsid();
    int terminal = terminal_open();
    if (terminal < 0) {
        return 2;
    }
    check_subtest();
    CHECK_EQ(ioctl(terminal, TIOCSCTTY, 1), 0, "a session gets a terminal");
    CHECK_EQ(tcgetpgrp(terminal), getpid(), "and its leader the foreground");
    CHECK_EXITS(detaches, &terminal, 0, "a child gives it up");
    CHECK_EQ(tcgetpgrp(terminal), getpid(), "the leader still has it");
    int again = open("/dev/tty", O_RDWR);
    CHECK(again >= 0, "also by name");
    CHECK_EQ(ioctl(terminal, TIOCNOTTY), 0, "the leader gives it up");
    CHECK_ERRNO(tcgetpgrp(terminal), ENOTTY, "it has none");
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO, "nor by name");
    return check_done();
}

int main(void)
{
    check_start();
    int status = child_run(leads, NULL);
    if (status == 2 << 8) {
        check_skip("a session's terminal", "there is no terminal to take");
    } else {
        CHECK_EQ(status, 0, "a session with a terminal");
    }
    return check_done();
}
