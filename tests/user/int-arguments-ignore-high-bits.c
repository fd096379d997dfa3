/*
 * An int argument is the low half of its register: garbage above it changes
 * nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

#define DIRTY 0x7fedcba900000000l

int main(void)
{
    char bytes[4];
    int fd, status;
    check_start();
    check_enter_scratch();
    NEED(check_write_file("file", "abcd", 4) == 0);
    fd = (int)RAW3(SYS_open, "file", DIRTY | O_RDWR, DIRTY | 0644);
    CHECK(fd >= 0, "open");
    CHECK_EQ(RAW3(SYS_read, DIRTY | fd, bytes, 4), 4, "read");
    CHECK_EQ(RAW3(SYS_lseek, DIRTY | fd, 0, DIRTY | SEEK_SET), 0, "lseek");
    CHECK_EQ(RAW3(SYS_write, DIRTY | fd, bytes, 4), 4, "write");
    CHECK_EQ(RAW3(SYS_fcntl, DIRTY | fd, DIRTY | F_GETFD, 0), 0, "fcntl");
    CHECK_EQ(RAW2(SYS_dup2, DIRTY | fd, DIRTY | 40), 40, "dup2");
    CHECK_EQ(RAW1(SYS_close, DIRTY | 40), 0, "close");
    CHECK_EQ(RAW2(SYS_kill, DIRTY | getpid(), DIRTY), 0, "kill");
    CHECK_EQ(RAW1(SYS_umask, DIRTY | 022) & ~0777, 0, "umask");
    pid_t pid = fork();
    if (pid == 0) {
        RAW1(SYS_exit_group, DIRTY | 5);
    }
    CHECK_EQ(RAW4(SYS_wait4, DIRTY | pid, &status, DIRTY, 0), pid, "wait4");
    CHECK_EQ(status, 5 << 8, "exit_group");
    long page = RAW6(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, DIRTY | fd, 0);
    CHECK(!raw_failed(page), "mmap's descriptor");
    return check_done();
}
