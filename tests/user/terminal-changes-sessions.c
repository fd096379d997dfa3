/*
 * TIOCSCTTY with argument 1: the superuser's session leader takes a terminal
 * away from another session, whose processes have none then.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "common/child.h"
#include "common/terminal.h"

enum { SKIP = 2 };

static int terminal;

/* The new owner; `user` is to be without privileges. */
static int takes(void *user)
{
    signal(SIGHUP, SIG_IGN);
    setsid();
    if (user && (setgid(1234) || setuid(1234))) {
        return 1;
    }
    if (ioctl(terminal, TIOCSCTTY, 0) != -1 || errno != EPERM) {
        return 3;
    }
    if (user) {
        return ioctl(terminal, TIOCSCTTY, 1) == -1 && errno == EPERM ? 0 : 4;
    }
    return ioctl(terminal, TIOCSCTTY, 1) == 0 && tcgetpgrp(terminal) == getpid()
               ? 0
               : 5;
}

static int has_none(void *unused)
{
    (void)unused;
    return tcgetpgrp(terminal) == -1 && errno == ENOTTY &&
                   open("/dev/tty", O_RDWR) == -1 && errno == ENXIO
               ? 0
               : 1;
}

static int had_it_first(void *unused)
{
    bool is_user = true;

    (void)unused;
    signal(SIGHUP, SIG_IGN);
    setsid();
    terminal = terminal_open();
    if (terminal < 0) {
        return SKIP;
    }
    check_subtest();
    CHECK_EQ(ioctl(terminal, TIOCSCTTY, 1), 0, "a session has a terminal");
    CHECK_EXITS(takes, &is_user, 0, "a user cannot take it");
    CHECK_EQ(tcgetpgrp(terminal), getpid(), "it is still there");
    CHECK_EXITS(takes, NULL, 0, "the superuser can");
    CHECK_EXITS(has_none, NULL, 0, "a child of the first has none now");
    CHECK_ERRNO(tcgetpgrp(terminal), ENOTTY, "nor has its leader");
    return check_done();
}

int main(void)
{
    check_start();
    int status = geteuid() == 0 ? child_run(had_it_first, NULL) : SKIP << 8;
    if (status == SKIP << 8) {
        check_skip("two sessions", "no terminal, or no rights to take it");
    } else {
        CHECK_EQ(status, 0, "two sessions and a terminal");
    }
    return check_done();
}
