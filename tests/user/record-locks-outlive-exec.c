/*
 * Record locks live on through exec, also while somebody reads the process'
 * /proc/PID/fd at that moment (the reader's hold on the descriptor table once
 * made exec copy it and drop the locks).
 *
 * smp: 2 4
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 100 };

/* Is byte 0 of the file locked by somebody else? */
static int is_locked(const char *path)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    int fd = open(path, O_RDWR);
    int err = fcntl(fd, F_GETLK, &lock);

    close(fd);
    return err == 0 && lock.l_type != F_UNLCK;
}

/* The second image: says that it runs, waits for the end of file. */
static int run_second_image(void)
{
    char byte;

    return write(3, "x", 1) == 1 && read(4, &byte, 1) == 0 ? 0 : 1;
}

static void read_descriptors_for_ever(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    for (;;) {
        DIR *dir = opendir(path);
        if (!dir)
            _exit(0);
        while (readdir(dir))
            ;
        closedir(dir);
    }
}

static void child(char *self, const int *ready, const int *go)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    int fd = open("locked", O_RDWR);
    int out = dup2(ready[1], 60), in = dup2(go[0], 61);

    for (int i = 3; i < 60; i++)
        if (i != fd)
            close(i);
    dup2(fd, 5);
    if (fd != 5)
        close(fd);
    fd = 5;
    if (fcntl(fd, F_SETLK, &lock) != 0)
        _exit(2);
    dup2(out, 3);
    dup2(in, 4);
    close(60);
    close(61);
    if (write(3, "l", 1) != 1)
        _exit(3);
    execl(self, self, "second", (char *)NULL);
    _exit(4);
}

static int one_round(char *self)
{
    int ready[2], go[2], status, locked;
    char byte;

    if (pipe(ready) != 0 || pipe(go) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        child(self, ready, go);
    }
    close(ready[1]);
    close(go[0]);
    pid_t reader = fork();
    if (reader == 0)
        read_descriptors_for_ever(pid);
    locked = read(ready[0], &byte, 1) == 1 && byte == 'l' &&
             read(ready[0], &byte, 1) == 1 && byte == 'x' &&
             is_locked("locked");
    kill(reader, SIGKILL);
    waitpid(reader, &status, 0);
    close(go[1]);
    close(ready[0]);
    waitpid(pid, &status, 0);
    return locked && status == 0;
}

int main(int argc, char **argv)
{
    char self[256];
    int good = 0;

    if (argc > 1 && strcmp(argv[1], "second") == 0)
        return run_second_image();
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    check_start();
    NEED(n > 0);
    self[n] = '\0';
    check_enter_scratch();
    NEED(check_write_file("locked", "x", 1) == 0);
    for (int i = 0; i < ROUNDS; i++)
        good += one_round(self) == 1;
    CHECK_EQ(good, ROUNDS, "locked after exec, read from /proc meanwhile");
    return check_done();
}
