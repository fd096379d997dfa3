/*
 * values.c - names of flags, errors and signals.
 */
#include "strace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/signals.h"

#define NAMED(name)                                                            \
    {                                                                          \
        name, #name                                                            \
    }
#define END                                                                    \
    {                                                                          \
        0, NULL                                                                \
    }

static const struct flag open_flags[] = { NAMED(O_CREAT),
                                          NAMED(O_EXCL),
                                          NAMED(O_NOCTTY),
                                          NAMED(O_TRUNC),
                                          NAMED(O_APPEND),
                                          NAMED(O_NONBLOCK),
                                          NAMED(O_SYNC),
                                          NAMED(O_DIRECTORY),
                                          NAMED(O_NOFOLLOW),
                                          NAMED(O_CLOEXEC),
                                          { 0100000, "O_LARGEFILE" },
                                          END };
static const struct flag protections[] = { NAMED(PROT_READ), NAMED(PROT_WRITE),
                                           NAMED(PROT_EXEC), END };
static const struct flag map_flags[] = { NAMED(MAP_SHARED),
                                         NAMED(MAP_PRIVATE),
                                         NAMED(MAP_FIXED),
                                         NAMED(MAP_ANONYMOUS),
                                         NAMED(MAP_GROWSDOWN),
                                         NAMED(MAP_NORESERVE),
                                         NAMED(MAP_POPULATE),
                                         { 0x20000, "MAP_STACK" },
                                         { 0x800, "MAP_DENYWRITE" },
                                         { 0x2000, "MAP_LOCKED" },
                                         { 0x100000, "MAP_FIXED_NOREPLACE" },
                                         END };
static const struct flag clone_flags[] = { NAMED(CLONE_VM),
                                           NAMED(CLONE_FS),
                                           NAMED(CLONE_FILES),
                                           NAMED(CLONE_SIGHAND),
                                           NAMED(CLONE_VFORK),
                                           NAMED(CLONE_THREAD),
                                           NAMED(CLONE_SYSVSEM),
                                           NAMED(CLONE_SETTLS),
                                           NAMED(CLONE_PARENT_SETTID),
                                           NAMED(CLONE_CHILD_CLEARTID),
                                           { 0x400000, "CLONE_DETACHED" },
                                           NAMED(CLONE_CHILD_SETTID),
                                           END };
static const struct flag wait_flags[] = {
    NAMED(WNOHANG),           { 2, "WSTOPPED" },          NAMED(WCONTINUED),
    { 0x40000000, "__WALL" }, { 0x80000000, "__WCLONE" }, END
};
static const struct flag access_modes[] = { NAMED(R_OK), NAMED(W_OK),
                                            NAMED(X_OK), END };
static const struct flag at_flags[] = { NAMED(AT_SYMLINK_NOFOLLOW),
                                        { 0x200, "AT_REMOVEDIR" },
                                        { 0x400, "AT_SYMLINK_FOLLOW" },
                                        { 0x1000, "AT_EMPTY_PATH" },
                                        END };
static const struct flag action_flags[] = { { 0x04000000, "SA_RESTORER" },
                                            NAMED(SA_ONSTACK),
                                            NAMED(SA_RESTART),
                                            NAMED(SA_NODEFER),
                                            NAMED(SA_RESETHAND),
                                            NAMED(SA_SIGINFO),
                                            NAMED(SA_NOCLDSTOP),
                                            NAMED(SA_NOCLDWAIT),
                                            END };

/* Values of which there is one at a time. */
static const struct flag whences[] = { NAMED(SEEK_SET), NAMED(SEEK_CUR),
                                       NAMED(SEEK_END), END };
static const struct flag mask_changes[] = { NAMED(SIG_BLOCK),
                                            NAMED(SIG_UNBLOCK),
                                            NAMED(SIG_SETMASK), END };
static const struct flag clocks[] = {
    { 0, "CLOCK_REALTIME" },           { 1, "CLOCK_MONOTONIC" },
    { 2, "CLOCK_PROCESS_CPUTIME_ID" }, { 3, "CLOCK_THREAD_CPUTIME_ID" },
    { 7, "CLOCK_BOOTTIME" },           END
};
static const struct flag fcntl_commands[] = { NAMED(F_DUPFD),
                                              NAMED(F_GETFD),
                                              NAMED(F_SETFD),
                                              NAMED(F_GETFL),
                                              NAMED(F_SETFL),
                                              NAMED(F_GETLK),
                                              NAMED(F_SETLK),
                                              NAMED(F_SETLKW),
                                              { 1030, "F_DUPFD_CLOEXEC" },
                                              END };
static const struct flag advices[] = { { 0, "MADV_NORMAL" },
                                       { 1, "MADV_RANDOM" },
                                       { 2, "MADV_SEQUENTIAL" },
                                       { 3, "MADV_WILLNEED" },
                                       { 4, "MADV_DONTNEED" },
                                       { 8, "MADV_FREE" },
                                       { 10, "MADV_DONTFORK" },
                                       { 14, "MADV_HUGEPAGE" },
                                       { 20, "MADV_COLD" },
                                       { 21, "MADV_PAGEOUT" },
                                       END };
static const struct flag futex_operations[] = {
    { 0, "FUTEX_WAIT" },
    { 1, "FUTEX_WAKE" },
    { 128, "FUTEX_WAIT_PRIVATE" },
    { 129, "FUTEX_WAKE_PRIVATE" },
    { 131, "FUTEX_REQUEUE_PRIVATE" },
    { 137, "FUTEX_WAIT_BITSET_PRIVATE" },
    { 134, "FUTEX_LOCK_PI_PRIVATE" },
    { 135, "FUTEX_UNLOCK_PI_PRIVATE" },
    { 9, "FUTEX_WAIT_BITSET" },
    { 3, "FUTEX_REQUEUE" },
    END
};
static const struct flag resources[] = {
    { 0, "RLIMIT_CPU" },       { 1, "RLIMIT_FSIZE" },
    { 2, "RLIMIT_DATA" },      { 3, "RLIMIT_STACK" },
    { 4, "RLIMIT_CORE" },      { 5, "RLIMIT_RSS" },
    { 6, "RLIMIT_NPROC" },     { 7, "RLIMIT_NOFILE" },
    { 8, "RLIMIT_MEMLOCK" },   { 9, "RLIMIT_AS" },
    { 10, "RLIMIT_LOCKS" },    { 11, "RLIMIT_SIGPENDING" },
    { 12, "RLIMIT_MSGQUEUE" }, END
};
static const struct flag prctl_options[] = {
    { 15, "PR_SET_NAME" }, { 16, "PR_GET_NAME" }, { 4, "PR_SET_DUMPABLE" }, END
};
static const struct flag arch_prctl_options[] = { { 0x1001, "ARCH_SET_GS" },
                                                  { 0x1002, "ARCH_SET_FS" },
                                                  { 0x1003, "ARCH_GET_FS" },
                                                  { 0x1004, "ARCH_GET_GS" },
                                                  END };
static const struct flag ioctls[] = {
    { 0x5401, "TCGETS" },    { 0x5402, "TCSETS" },    { 0x5403, "TCSETSW" },
    { 0x540f, "TIOCGPGRP" }, { 0x5410, "TIOCSPGRP" }, { 0x5413, "TIOCGWINSZ" },
    { 0x540e, "TIOCSCTTY" }, { 0x541b, "FIONREAD" },  END
};
static const struct flag domains[] = { { 1, "AF_UNIX" },
                                       { 2, "AF_INET" },
                                       END };
static const struct flag socket_types[] = { NAMED(SOCK_STREAM),
                                            NAMED(SOCK_DGRAM),
                                            NAMED(SOCK_SEQPACKET), END };

/* `zero`: what stands for no flag at all; NULL: one value, not a set. */
static const struct {
    char kind;
    const struct flag *flags;
    const char *zero;
} kinds[] = {
    { 'Z', arch_prctl_options, NULL },
    { 'I', ioctls, NULL },
    { 'P', protections, "PROT_NONE" },
    { 'M', map_flags, "0" },
    { 'W', wait_flags, "0" },
    { 'm', access_modes, "F_OK" },
    { 'a', at_flags, "0" },
    { '2', action_flags, "0" },
    { 'k', whences, NULL },
    { 'h', mask_changes, NULL },
    { 'K', clocks, NULL },
    { 'c', fcntl_commands, NULL },
    { 'L', advices, NULL },
    { 'Q', futex_operations, NULL },
    { 'R', resources, NULL },
    { 'D', prctl_options, NULL },
    { 'T', domains, NULL },
    { 'Y', socket_types, NULL },
    { 'O', open_flags, "" },
    { 'C', clone_flags, "" },
};

static void print_one(const struct flag *f, unsigned long value)
{
    for (; f->name; f++)
        if (f->value == value) {
            out("%s", f->name);
            return;
        }
    out("%#lx", value);
}

/* The names of what is set; returns whether there were any. */
static bool print_set(const struct flag *f, unsigned long value, bool any)
{
    for (; f->name; f++)
        if (f->value != 0 && (value & f->value) == f->value) {
            out("%s%s", any ? "|" : "", f->name);
            value &= ~f->value;
            any = true;
        }
    if (value != 0)
        out("%s%#lx", any ? "|" : "", value);
    return any || value != 0;
}

bool value_print_flags(char kind, unsigned long value)
{
    static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR",
                                         "O_ACCMODE" };
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && kinds[i].kind != kind)
        i++;
    if (i == sizeof kinds / sizeof *kinds)
        return false;
    value &= 0xffffffff;
    if (!kinds[i].zero) {
        print_one(kinds[i].flags, value);
    } else if (kind == 'O') {
        out("%s", modes[value & O_ACCMODE]);
        print_set(kinds[i].flags, value & ~(unsigned long)O_ACCMODE, true);
    } else if (kind == 'C') {
        bool any = print_set(kinds[i].flags, value & ~0xfful, false);
        if (value & 0xff) {
            out("%s", any ? "|" : "");
            value_print_signal((int)(value & 0xff));
        } else if (!any) {
            out("0");
        }
    } else if (!print_set(kinds[i].flags, value, false)) {
        out("%s", kinds[i].zero);
    }
    return true;
}

#define ERROR(name) [name] = #name

static const char *const errors[] = {
    ERROR(EPERM),
    ERROR(ENOENT),
    ERROR(ESRCH),
    ERROR(EINTR),
    ERROR(EIO),
    ERROR(ENXIO),
    ERROR(E2BIG),
    ERROR(ENOEXEC),
    ERROR(EBADF),
    ERROR(ECHILD),
    ERROR(EAGAIN),
    ERROR(ENOMEM),
    ERROR(EACCES),
    ERROR(EFAULT),
    ERROR(EBUSY),
    ERROR(EEXIST),
    ERROR(EXDEV),
    ERROR(ENODEV),
    ERROR(ENOTDIR),
    ERROR(EISDIR),
    ERROR(EINVAL),
    ERROR(ENFILE),
    ERROR(EMFILE),
    ERROR(ENOTTY),
    ERROR(ETXTBSY),
    ERROR(EFBIG),
    ERROR(ENOSPC),
    ERROR(ESPIPE),
    ERROR(EROFS),
    ERROR(EMLINK),
    ERROR(EPIPE),
    ERROR(EDOM),
    ERROR(ERANGE),
    ERROR(EDEADLK),
    ERROR(ENAMETOOLONG),
    ERROR(ENOLCK),
    ERROR(ENOSYS),
    ERROR(ENOTEMPTY),
    ERROR(ELOOP),
    ERROR(ENOMSG),
    ERROR(EIDRM),
    ERROR(EOVERFLOW),
    ERROR(ENOTSOCK),
    ERROR(EDESTADDRREQ),
    ERROR(EMSGSIZE),
    ERROR(EPROTOTYPE),
    ERROR(ENOPROTOOPT),
    ERROR(EPROTONOSUPPORT),
    ERROR(EOPNOTSUPP),
    ERROR(EAFNOSUPPORT),
    ERROR(EADDRINUSE),
    ERROR(EADDRNOTAVAIL),
    ERROR(ECONNABORTED),
    ERROR(ECONNRESET),
    ERROR(ENOBUFS),
    ERROR(EISCONN),
    ERROR(ENOTCONN),
    ERROR(ETIMEDOUT),
    ERROR(ECONNREFUSED),
    ERROR(EALREADY),
    ERROR(EINPROGRESS),
    ERROR(EOWNERDEAD),
    ERROR(ENOTRECOVERABLE),
    /* What a call that is to be restarted returns inside the kernel. */
    [512] = "ERESTARTSYS",
    [513] = "ERESTARTNOINTR",
    [514] = "ERESTARTNOHAND",
    [516] = "ERESTART_RESTARTBLOCK",
};

const char *value_error(long number)
{
    return number > 0 && number < (long)(sizeof errors / sizeof *errors)
               ? errors[number]
               : NULL;
}

void value_print_signal(int number)
{
    const char *name = signal_name(number);
    if (name)
        out("SIG%s", name);
    else if (number >= 32 && number <= 64)
        out("SIGRT_%d", number - 32);
    else
        out("%d", number);
}

void value_print_set(unsigned long set)
{
    const char *before = "";
    int count = 0;
    for (int n = 0; n < 64; n++)
        count += set >> n & 1;
    bool all = count > 32; /* shorter to tell which are not */

    out("%s[", all ? "~" : "");
    if (all)
        set = ~set;
    for (int n = 1; n <= 64; n++) {
        if (!(set >> (n - 1) & 1))
            continue;
        const char *name = signal_name(n);
        if (name)
            out("%s%s", before, name);
        else if (n == 32)
            out("%sRTMIN", before);
        else
            out("%sRT_%d", before, n - 32);
        before = " ";
    }
    out("]");
}

void value_print_code(int signal, int code)
{
    static const char *const of_child[] = { NULL,           "CLD_EXITED",
                                            "CLD_KILLED",   "CLD_DUMPED",
                                            "CLD_TRAPPED",  "CLD_STOPPED",
                                            "CLD_CONTINUED" };
    const char *name = code == 0      ? "SI_USER"
                       : code == 0x80 ? "SI_KERNEL"
                       : code == -1   ? "SI_QUEUE"
                       : code == -2   ? "SI_TIMER"
                       : code == -6   ? "SI_TKILL"
                                      : NULL;
    if (!name && signal == SIGCHLD && code > 0 && code < 7)
        name = of_child[code];
    if (!name && signal == SIGSEGV && (code == 1 || code == 2))
        name = code == 1 ? "SEGV_MAPERR" : "SEGV_ACCERR";
    if (!name && signal == SIGFPE && code == 1)
        name = "FPE_INTDIV";
    if (!name && signal == SIGTRAP && code == 2)
        name = "TRAP_TRACE";
    if (name)
        out("%s", name);
    else
        out("%d", code);
}
