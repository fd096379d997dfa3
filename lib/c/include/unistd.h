/*
 * unistd.h - files, processes and everything else that POSIX puts here.
 */
#pragma once

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"
#include "abi/unistd.h"

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

#define _POSIX_VERSION 200809L

extern char **environ;

int access(const char *path, int mode);
int faccessat(int dir_fd, const char *path, int mode, int flags);
int eaccess(const char *path, int mode);
ssize_t read(int fd, void *buf, size_t count);
ssize_t write(int fd, const void *buf, size_t count);
ssize_t pread(int fd, void *buf, size_t count, off_t offset);
ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset);
off_t lseek(int fd, off_t offset, int whence);
int close(int fd);
int dup(int fd);
int dup2(int fd, int new_fd);
int dup3(int fd, int new_fd, int flags);
int pipe(int fds[2]);
int pipe2(int fds[2], int flags);
int truncate(const char *path, off_t length);
int ftruncate(int fd, off_t length);
/* lockf() */
#define F_ULOCK 0
#define F_LOCK  1
#define F_TLOCK 2
#define F_TEST  3
int lockf(int fd, int command, off_t length);
int fsync(int fd);
int fdatasync(int fd);
void sync(void);

int chdir(const char *path);
int fchdir(int fd);
char *getcwd(char *buf, size_t size);
int link(const char *from, const char *to);
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int symlink(const char *target, const char *path);
int symlinkat(const char *target, int dir_fd, const char *path);
ssize_t readlink(const char *path, char *buf, size_t size);
ssize_t readlinkat(int dir_fd, const char *path, char *buf, size_t size);
int unlink(const char *path);
int unlinkat(int dir_fd, const char *path, int flags);
int rmdir(const char *path);
int chown(const char *path, uid_t uid, gid_t gid);
int fchown(int fd, uid_t uid, gid_t gid);
int lchown(const char *path, uid_t uid, gid_t gid);
int fchownat(int dir_fd, const char *path, uid_t uid, gid_t gid, int flags);

pid_t fork(void);
pid_t vfork(void) __attribute__((returns_twice));
int execve(const char *path, char *const argv[], char *const envp[]);
int execv(const char *path, char *const argv[]);
int execvp(const char *file, char *const argv[]);
int execvpe(const char *file, char *const argv[], char *const envp[]);
int execl(const char *path, const char *arg, ...);
int execlp(const char *file, const char *arg, ...);
int execle(const char *path, const char *arg, ...);
void _exit(int status) __attribute__((noreturn));
pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
pid_t getpgrp(void);
pid_t getpgid(pid_t pid);
int setpgid(pid_t pid, pid_t group);
int setpgrp(void);
pid_t getsid(pid_t pid);
pid_t setsid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int setuid(uid_t uid);
int setgid(gid_t gid);
int getgroups(int count, gid_t groups[]);
int nice(int increment);

unsigned alarm(unsigned seconds);
int pause(void);
unsigned sleep(unsigned seconds);
int usleep(unsigned microseconds);

int isatty(int fd);
char *ttyname(int fd);
pid_t tcgetpgrp(int fd);
int tcsetpgrp(int fd, pid_t group);

int brk(void *end);
void *sbrk(intptr_t increment);
int getpagesize(void);
int gethostname(char *buf, size_t size);
long sysconf(int name);
long pathconf(const char *path, int name);
long fpathconf(int fd, int name);
/* Any system call; see sys/syscall.h. */
long syscall(long number, ...);

/* sysconf() */
#define _SC_ARG_MAX          0
#define _SC_CHILD_MAX        1
#define _SC_CLK_TCK          2
#define _SC_NGROUPS_MAX      3
#define _SC_OPEN_MAX         4
#define _SC_PAGESIZE         30
#define _SC_PAGE_SIZE        _SC_PAGESIZE
#define _SC_IOV_MAX          60
#define _SC_NPROCESSORS_CONF 83
#define _SC_NPROCESSORS_ONLN 84
#define _SC_PHYS_PAGES       85
#define _SC_AVPHYS_PAGES     86

/* pathconf() */
#define _PC_NAME_MAX 3
#define _PC_PATH_MAX 4
#define _PC_PIPE_BUF 5
