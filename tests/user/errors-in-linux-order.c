/*
 * Where a call has more than one thing wrong, the error is the one that Linux
 * sees first.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/raw.h"
#include "check.h"

enum { NOBODY = 999999, BAD_SIGNAL = 65, BAD_LIMIT = 100, BAD_WHENCE = 9 };

static void check_files(void)
{
    char byte = 0;
    int ends[2], path = open(".", O_PATH);

    CHECK_EQ(pipe(ends), 0, "a pipe");
    CHECK_EQ(RAW3(SYS_lseek, ends[0], 0, BAD_WHENCE), -EINVAL,
             "lseek: whence before the pipe");
    CHECK_EQ(RAW4(SYS_pwrite64, ends[0], &byte, 1, 0), -ESPIPE,
             "pwrite: no offsets before no writing");
    CHECK_EQ(RAW4(SYS_pread64, ends[1], 8, 1, 0), -ESPIPE,
             "pread: no offsets before a bad buffer");
    CHECK_EQ(RAW4(SYS_pwritev, ends[0], 8, -1, 0), -ESPIPE,
             "pwritev: no offsets before a bad vector");
    CHECK_EQ(RAW4(SYS_pread64, path, &byte, 1, 0), -EBADF,
             "pread: O_PATH before anything");
    CHECK_EQ(RAW3(SYS_fcntl, path, 5000, 0), -EBADF,
             "fcntl: O_PATH before an unknown command");
    CHECK_EQ(RAW3(SYS_fcntl, ends[0], 5000, 0), -EINVAL,
             "fcntl: an unknown command");
    close(ends[0]);
    close(ends[1]);
    close(path);
}

static void check_processes(void)
{
    siginfo_t info;

    CHECK_EQ(RAW2(SYS_kill, NOBODY, BAD_SIGNAL), -ESRCH,
             "kill: the process before the signal");
    CHECK_EQ(RAW2(SYS_kill, getpid(), BAD_SIGNAL), -EINVAL, "kill: signal");
    CHECK_EQ(RAW2(SYS_tkill, NOBODY, BAD_SIGNAL), -ESRCH,
             "tkill: the thread before the signal");
    CHECK_EQ(RAW4(SYS_prlimit64, NOBODY, BAD_LIMIT, 0, 0), -ESRCH,
             "prlimit: the process before the resource");
    CHECK_EQ(RAW4(SYS_prlimit64, 0, BAD_LIMIT, 0, 0), -EINVAL,
             "prlimit: resource");
    CHECK_EQ(RAW2(SYS_setpgid, -NOBODY, 1), -ESRCH, "setpgid: no such process");
    CHECK_EQ(RAW2(SYS_setpgid, -NOBODY, 0), -EINVAL,
             "setpgid: a negative group");
    CHECK_EQ(RAW6(SYS_waitid, P_ALL, 0, 8, WEXITED, 0, 0), -EFAULT,
             "waitid: the bad pointer before no child");
    memset(&info, 0xff, sizeof(info));
    CHECK_EQ(RAW6(SYS_waitid, P_ALL, 0, &info, WEXITED, 0, 0), -ECHILD,
             "waitid: no child");
    CHECK(info.si_signo == 0 && info.si_code == 0 && info.si_pid == 0,
          "and the information is zero");
}

int main(void)
{
    check_start();
    check_files();
    check_processes();
    return check_done();
}
