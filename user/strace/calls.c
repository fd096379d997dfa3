/*
 * calls.c - the system calls: names and arguments, from lib/abi/syscall.def.
 *
 * How an argument is shown follows from its type there, unless the table of kinds
 * says more.  The letters:
 *
 *   d u x o  numbers: decimal, unsigned, hexadecimal, octal      p address
 *   s, S string that goes in, comes out    b, B bytes    V argv  E envp
 *   F folder, or AT_FDCWD   g signal   flags and other names: values.c
 *   and what an address points to:
 *   1 stat  2 sigaction in  3 sigaction out  4 sigset in  5 sigset out
 *   6 timespec in  7 timespec out  0 timeval out  8 wait status out
 *   9 two descriptors out  v iovec in  w iovec out  l pollfd
 *   r rlimit in  e rlimit out  n utsname out
 */
#include "strace.h"

#include <fcntl.h>
#include <string.h>

#define SYSCALL0(nr, n)         [nr] = { #n, 0, { NULL }, { NULL }, NULL },
#define SYSCALL1(nr, n, t1, a1) [nr] = { #n, 1, { #t1 }, { #a1 }, NULL },
#define SYSCALL2(nr, n, t1, a1, t2, a2)                                        \
    [nr] = { #n, 2, { #t1, #t2 }, { #a1, #a2 }, NULL },
#define SYSCALL3(nr, n, t1, a1, t2, a2, t3, a3)                                \
    [nr] = { #n, 3, { #t1, #t2, #t3 }, { #a1, #a2, #a3 }, NULL },
#define SYSCALL4(nr, n, t1, a1, t2, a2, t3, a3, t4, a4)                        \
    [nr] = { #n, 4, { #t1, #t2, #t3, #t4 }, { #a1, #a2, #a3, #a4 }, NULL },
#define SYSCALL5(nr, n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                \
    [nr] = {                                                                   \
        #n, 5, { #t1, #t2, #t3, #t4, #t5 }, { #a1, #a2, #a3, #a4, #a5 }, NULL  \
    },
#define SYSCALL6(nr, n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)        \
    [nr] = { #n,                                                               \
             6,                                                                \
             { #t1, #t2, #t3, #t4, #t5, #t6 },                                 \
             { #a1, #a2, #a3, #a4, #a5, #a6 },                                 \
             NULL },

struct call calls[CALLS] = {
#include "../../lib/abi/syscall.def"
};

static const struct {
    const char *name, *kinds;
} known[] = {
    { "read", "dBu" },
    { "write", "dbu" },
    { "open", "sOo" },
    { "stat", "s1" },
    { "fstat", "d1" },
    { "lstat", "s1" },
    { "poll", "lud" },
    { "lseek", "ddk" },
    { "mmap", "puPMdx" },
    { "mprotect", "puP" },
    { "munmap", "pu" },
    { "brk", "p" },
    { "rt_sigaction", "g23u" },
    { "rt_sigprocmask", "h45u" },
    { "pread64", "dBud" },
    { "pwrite64", "dbud" },
    { "readv", "dwd" },
    { "writev", "dvd" },
    { "access", "sm" },
    { "pipe", "9" },
    { "mremap", "puuxp" },
    { "madvise", "puL" },
    { "nanosleep", "67" },
    { "socket", "TYd" },
    { "socketpair", "TYd9" },
    { "sendto", "dbuxpu" },
    { "recvfrom", "dBuxpp" },
    { "clone", "Cpppx" },
    { "execve", "sVE" },
    { "wait4", "d8Wp" },
    { "kill", "dg" },
    { "uname", "n" },
    { "fcntl", "dcx" },
    { "ioctl", "dIx" },
    { "getcwd", "Su" },
    { "arch_prctl", "Zx" },
    { "mkdir", "so" },
    { "creat", "so" },
    { "readlink", "sBu" },
    { "chmod", "so" },
    { "fchmod", "do" },
    { "umask", "o" },
    { "gettimeofday", "0p" },
    { "getrlimit", "Re" },
    { "setrlimit", "Rr" },
    { "rt_sigpending", "5u" },
    { "rt_sigtimedwait", "4p6u" },
    { "rt_sigsuspend", "4u" },
    { "prctl", "Dxxxx" },
    { "tkill", "dg" },
    { "tgkill", "ddg" },
    { "futex", "pQu6px" },
    { "clock_gettime", "K7" },
    { "clock_getres", "K7" },
    { "clock_nanosleep", "Kd67" },
    { "openat", "FsOo" },
    { "mkdirat", "Fso" },
    { "fchownat", "Fsuua" },
    { "newfstatat", "Fs1a" },
    { "unlinkat", "Fsa" },
    { "renameat", "FsFs" },
    { "linkat", "FsFsa" },
    { "symlinkat", "sFs" },
    { "readlinkat", "FsBu" },
    { "fchmodat", "Fso" },
    { "faccessat", "Fsm" },
    { "faccessat2", "Fsma" },
    { "pipe2", "9O" },
    { "dup3", "ddO" },
    { "prlimit64", "dRre" },
    { "getrandom", "Buu" },
    { "exit", "d" },
    { "exit_group", "d" },
};

/* By the type: strings, addresses, numbers with and without sign. */
static char kind_of_type(const char *type)
{
    if (strcmp(type, "const char __user *") == 0)
        return 's';
    if (strchr(type, '*'))
        return 'p';
    if (strcmp(type, "unsigned long") == 0)
        return 'x';
    if (strcmp(type, "size_t") == 0 || strncmp(type, "unsigned", 8) == 0 ||
        strcmp(type, "uid_t") == 0 || strcmp(type, "gid_t") == 0)
        return 'u';
    return 'd';
}

void calls_init(void)
{
    static char by_type[CALLS][ARGUMENTS + 1];

    for (int i = 0; i < CALLS; i++) {
        for (int n = 0; n < calls[i].count; n++)
            by_type[i][n] = kind_of_type(calls[i].types[n]);
        calls[i].kinds = by_type[i];
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int number = call_number(known[i].name);
        if (number >= 0)
            calls[number].kinds = known[i].kinds;
    }
}

int call_number(const char *name)
{
    for (int i = 0; i < CALLS; i++)
        if (calls[i].name && strcmp(calls[i].name, name) == 0)
            return i;
    return -1;
}

int call_count(const struct call *call, const unsigned long *arguments)
{
    const char *flags = strchr(call->kinds, 'O');
    if (!flags || flags[1] != 'o' || arguments[flags - call->kinds] & O_CREAT)
        return call->count;
    return call->count - 1; /* no file is made: the mode is left out */
}

bool call_is_result(const struct call *call, int n)
{
    return strchr("BS135789w0en", call->kinds[n]) != NULL;
}

/* Is `name` among the words of `list`? */
static bool is_in(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at++)
        if ((at == list || at[-1] == ' ') &&
            (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

bool call_is_of(const struct call *call, const char *class)
{
    if (strcmp(class, "file") == 0)
        return strchr(call->kinds, 's') != NULL;
    if (strcmp(class, "desc") == 0)
        return call->count > 0 &&
               (strcmp(call->names[0], "fd") == 0 || call->kinds[0] == 'F');
    if (strcmp(class, "memory") == 0)
        return is_in("brk mmap munmap mprotect mremap madvise msync mincore "
                     "mlock mlock2 munlock mlockall munlockall",
                     call->name);
    if (strcmp(class, "process") == 0)
        return is_in("fork vfork clone clone3 execve exit exit_group wait4 "
                     "waitid kill tkill tgkill",
                     call->name);
    if (strcmp(class, "signal") == 0)
        return strncmp(call->name, "rt_sig", 6) == 0 ||
               is_in("kill tkill tgkill sigaltstack pause", call->name);
    return strcmp(class, "ipc") == 0 && (strncmp(call->name, "shm", 3) == 0 ||
                                         strncmp(call->name, "sem", 3) == 0 ||
                                         strncmp(call->name, "msg", 3) == 0);
}
