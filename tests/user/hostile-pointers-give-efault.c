/*
 * Every pointer argument of every call, given each bad address in turn, is
 * EFAULT; results are never written to a read-only page.
 *
 * Bad input: rows 26, 27, 28.
 * One line of the table is one pointer argument: P stands for the bad one.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/numbers.h"
#include "common/raw.h"

enum {
    P = 0x7ffa0000, /* the bad pointer */
    FILE_FD,        /* a file of 8192 bytes, open for both */
    FOLDER,         /* a descriptor of "." */
    PATH,           /* "file" */
    FRESH,          /* a name that is not there */
    LINK,           /* a symlink */
    BUFFER,         /* 4096 zero bytes */
    PIPE_IN,        /* the read end, with data */
    PIPE_OUT,
    PAGE_, /* a mapped page */
};

enum {
    OUT = 1,      /* the call writes to P */
    OPTIONAL = 2, /* a system may lack the call */
};

static const struct entry {
    const char *name;
    short number, flags;
    int args[6];
} entries[] = {
    { "read", SYS_read, OUT, { FILE_FD, P, 100 } },
    { "read a pipe", SYS_read, OUT, { PIPE_IN, P, 100 } },
    { "write", SYS_write, 0, { FILE_FD, P, 100 } },
    { "write a pipe", SYS_write, 0, { PIPE_OUT, P, 100 } },
    { "pread64", SYS_pread64, OUT, { FILE_FD, P, 100, 0 } },
    { "pwrite64", SYS_pwrite64, 0, { FILE_FD, P, 100, 0 } },
    { "readv", SYS_readv, 0, { FILE_FD, P, 1 } },
    { "writev", SYS_writev, 0, { FILE_FD, P, 1 } },
    { "preadv", NUMBER_preadv, OPTIONAL, { FILE_FD, P, 1, 0 } },
    { "open", SYS_open, 0, { P, 0, 0 } },
    { "creat", SYS_creat, 0, { P, 0 } },
    { "openat", SYS_openat, 0, { FOLDER, P, 0, 0 } },
    { "stat path", SYS_stat, 0, { P, BUFFER } },
    { "stat", SYS_stat, OUT, { PATH, P } },
    { "fstat", SYS_fstat, OUT, { FILE_FD, P } },
    { "lstat path", SYS_lstat, 0, { P, BUFFER } },
    { "lstat", SYS_lstat, OUT, { PATH, P } },
    { "newfstatat path", SYS_newfstatat, 0, { FOLDER, P, BUFFER, 0 } },
    { "newfstatat", SYS_newfstatat, OUT, { FOLDER, PATH, P, 0 } },
    { "statx path", NUMBER_statx, OPTIONAL, { FOLDER, P, 0, 0xfff, BUFFER } },
    { "statx", NUMBER_statx, OUT | OPTIONAL, { FOLDER, PATH, 0, 0xfff, P } },
    { "statfs path", NUMBER_statfs, OPTIONAL, { P, BUFFER } },
    { "statfs", NUMBER_statfs, OUT | OPTIONAL, { PATH, P } },
    { "fstatfs", NUMBER_fstatfs, OUT | OPTIONAL, { FILE_FD, P } },
    { "access", SYS_access, 0, { P, 0 } },
    { "faccessat", SYS_faccessat, 0, { FOLDER, P, 0 } },
    { "poll", SYS_poll, 0, { P, 1, 0 } },
    { "ppoll", SYS_ppoll, 0, { P, 1, BUFFER, 0, 0 } },
    { "ppoll time", SYS_ppoll, 0, { 0, 0, P, 0, 0 } },
    { "select read set", SYS_select, 0, { 1, P, 0, 0, BUFFER } },
    { "select write set", SYS_select, 0, { 1, 0, P, 0, BUFFER } },
    { "select time", SYS_select, 0, { 0, 0, 0, 0, P } },
    { "pselect6 set", SYS_pselect6, 0, { 1, P, 0, 0, BUFFER, 0 } },
    { "pselect6 time", SYS_pselect6, 0, { 0, 0, 0, 0, P, 0 } },
    { "pipe", SYS_pipe, OUT, { P } },
    { "pipe2", SYS_pipe2, OUT, { P, 0 } },
    { "nanosleep", SYS_nanosleep, 0, { P, 0 } },
    { "clock_nanosleep", SYS_clock_nanosleep, 0, { 0, 0, P, 0 } },
    { "getitimer", SYS_getitimer, OUT, { 0, P } },
    { "setitimer new", SYS_setitimer, 0, { 0, P, 0 } },
    { "setitimer old", SYS_setitimer, OUT, { 0, BUFFER, P } },
    { "sendfile", SYS_sendfile, 0, { PIPE_OUT, FILE_FD, P, 10 } },
    { "uname", SYS_uname, OUT, { P } },
    { "truncate", SYS_truncate, 0, { P, 0 } },
    { "getcwd", SYS_getcwd, OUT, { P, 100 } },
    { "chdir", SYS_chdir, 0, { P } },
    { "rename from", SYS_rename, 0, { P, FRESH } },
    { "rename to", SYS_rename, 0, { PATH, P } },
    { "renameat", SYS_renameat, 0, { FOLDER, PATH, FOLDER, P } },
    { "mkdir", SYS_mkdir, 0, { P, 0 } },
    { "mkdirat", SYS_mkdirat, 0, { FOLDER, P, 0 } },
    { "rmdir", SYS_rmdir, 0, { P } },
    { "link from", SYS_link, 0, { P, FRESH } },
    { "link to", SYS_link, 0, { PATH, P } },
    { "linkat", SYS_linkat, 0, { FOLDER, PATH, FOLDER, P, 0 } },
    { "unlink", SYS_unlink, 0, { P } },
    { "unlinkat", SYS_unlinkat, 0, { FOLDER, P, 0 } },
    { "symlink target", SYS_symlink, 0, { P, FRESH } },
    { "symlink name", SYS_symlink, 0, { PATH, P } },
    { "symlinkat", SYS_symlinkat, 0, { PATH, FOLDER, P } },
    { "readlink path", SYS_readlink, 0, { P, BUFFER, 100 } },
    { "readlink", SYS_readlink, OUT, { LINK, P, 100 } },
    { "readlinkat", SYS_readlinkat, OUT, { FOLDER, LINK, P, 100 } },
    { "chmod", SYS_chmod, 0, { P, 0 } },
    { "fchmodat", NUMBER_fchmodat, OPTIONAL, { FOLDER, P, 0 } },
    { "chown", NUMBER_chown, OPTIONAL, { P, 0, 0 } },
    { "lchown", NUMBER_lchown, OPTIONAL, { P, 0, 0 } },
    { "fchownat", NUMBER_fchownat, OPTIONAL, { FOLDER, P, 0, 0, 0 } },
    { "mknod", NUMBER_mknod, OPTIONAL, { P, 0100644, 0 } },
    { "utimensat", NUMBER_utimensat, OPTIONAL, { FOLDER, PATH, P, 0 } },
    { "utimensat path", NUMBER_utimensat, OPTIONAL, { FOLDER, P, 0, 0 } },
    { "gettimeofday", SYS_gettimeofday, OUT, { P, 0 } },
    { "time", SYS_time, OUT, { P } },
    { "clock_gettime", SYS_clock_gettime, OUT, { 0, P } },
    { "clock_gettime 1", SYS_clock_gettime, OUT, { 1, P } },
    { "clock_getres", SYS_clock_getres, OUT, { 0, P } },
    { "getrlimit", SYS_getrlimit, OUT, { 7, P } },
    { "setrlimit", SYS_setrlimit, 0, { 7, P } },
    { "prlimit64", SYS_prlimit64, OUT, { 0, 7, 0, P } },
    { "getrusage", SYS_getrusage, OUT, { 0, P } },
    { "sysinfo", SYS_sysinfo, OUT, { P } },
    { "times", SYS_times, OUT, { P } },
    { "prctl set name", SYS_prctl, 0, { 15, P } },
    { "prctl get name", SYS_prctl, OUT, { 16, P } },
    { "getdents64", SYS_getdents64, OUT, { FOLDER, P, 4096 } },
    { "getrandom", SYS_getrandom, OUT, { P, 16, 0 } },
    { "sched_getaffinity", SYS_sched_getaffinity, OUT, { 0, 128, P } },
    { "sched_setaffinity", NUMBER_sched_setaffinity, OPTIONAL, { 0, 128, P } },
    { "ioctl FIONREAD", SYS_ioctl, OUT, { PIPE_IN, 0x541b, P } },
    { "mincore", NUMBER_mincore, OUT | OPTIONAL, { PAGE_, 4096, P } },
    { "getresuid", NUMBER_getresuid, OUT | OPTIONAL, { P, BUFFER, BUFFER } },
    { "getresgid", NUMBER_getresgid, OUT | OPTIONAL, { BUFFER, BUFFER, P } },
    { "rt_sigprocmask", SYS_rt_sigprocmask, 0, { 0, P, 0, 8 } },
    { "rt_sigprocmask old", SYS_rt_sigprocmask, OUT, { 0, 0, P, 8 } },
    { "rt_sigpending", SYS_rt_sigpending, OUT, { P, 8 } },
    { "rt_sigaction", SYS_rt_sigaction, OUT, { 10, 0, P, 8 } },
    { "rt_sigtimedwait",
      NUMBER_rt_sigtimedwait,
      OPTIONAL,
      { P, 0, BUFFER, 8 } },
    { "sigaltstack", SYS_sigaltstack, OUT, { 0, P } },
    { "getcpu", NUMBER_getcpu, OUT | OPTIONAL, { P, 0, 0 } },
    { "execve", SYS_execve, 0, { P, 0, 0 } },
    { "utime", NUMBER_utime, OPTIONAL, { P, 0 } },
};

static int file, folder, ends[2];
static char buffer[4096], path[] = "file", fresh[] = "fresh", link_[] = "link";

static long argument(int value, void *bad)
{
    switch (value) {
    case P:
        return (long)bad;
    case FILE_FD:
        return file;
    case FOLDER:
        return folder;
    case PATH:
        return (long)path;
    case FRESH:
        return (long)fresh;
    case LINK:
        return (long)link_;
    case BUFFER:
        return (long)buffer;
    case PIPE_IN:
        return ends[0];
    case PIPE_OUT:
        return ends[1];
    case PAGE_:
        return (long)((uintptr_t)buffer & -PAGE);
    default:
        return value;
    }
}

static long call(const struct entry *entry, void *bad)
{
    long args[6];
    memset(buffer, 0, sizeof(buffer));
    for (int i = 0; i < 6; i++) {
        args[i] = argument(entry->args[i], bad);
    }
    return raw_call(entry->number, args[0], args[1], args[2], args[3], args[4],
                    args[5]);
}

static bool right(const struct entry *entry, long got)
{
    return got == -EFAULT || (got == -ENOSYS && (entry->flags & OPTIONAL));
}

static void check_entry(const struct entry *entry)
{
    int wrong = 0;
    for (size_t i = 0; i < badptr_count(); i++) {
        long got = call(entry, badptr(i));
        if (!right(entry, got)) {
            check_note("%s: pointer %s gives %ld", entry->name, badptr_name(i),
                       got);
            wrong++;
        }
    }
    CHECK_EQ(wrong, 0, "%s: bad pointers", entry->name);
}

static void check_read_only(const struct entry *entry, char *page)
{
    int changed = 0;
    long got = call(entry, page);
    for (size_t i = 0; i < PAGE; i++) {
        changed += page[i] != 'r';
    }
    CHECK(right(entry, got) && !changed, "%s: read-only page (%ld, %d)",
          entry->name, got, changed);
}

int main(void)
{
    static const char text[] = "constant";
    check_start();
    check_enter_scratch();
    NEED(check_write_file("file", buffer, sizeof(buffer)) == 0);
    NEED((file = open("file", O_RDWR)) >= 0 && ftruncate(file, 8192) == 0);
    NEED((folder = open(".", O_RDONLY)) >= 0 && symlink("file", "link") == 0);
    NEED(pipe(ends) == 0 && write(ends[1], buffer, 100) == 100);
    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        check_entry(&entries[i]);
    }
    char *page = badptr_read_only_page('r');
    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        if (entries[i].flags & OUT) {
            check_read_only(&entries[i], page);
        }
    }
    alarm(100);
    CHECK_EQ(RAW3(SYS_read, file, (uintptr_t)main, 16), -EFAULT, "into .text");
    CHECK_EQ(RAW3(SYS_read, file, text, 8), -EFAULT, "into .rodata");
    CHECK(!strcmp(text, "constant"), "which is unchanged");
    return check_done();
}
