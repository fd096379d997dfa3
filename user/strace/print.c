/*
 * print.c - arguments of calls, in strace's notation.
 *
 * Memory of the tracee is read word by word with PEEKDATA, which gets at all that
 * it has; what it does not have is shown by its address.
 */
#include "strace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "common/report.h"

enum { SHOWN_BYTES = 32, SHOWN_ITEMS = 32, MAX_ARRAY = 1024 };

static FILE *file;
static int column;

void out_to(const char *path)
{
    file = path ? fopen(path, "we") : stderr;
    if (!file) {
        report_errno("%s", path);
        exit(1);
    }
    if (path)
        return;
    static char buffer[4096];
    setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
}

void out(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *newline = strrchr(text, '\n');
    column = newline ? (int)strlen(newline + 1) : column + (int)strlen(text);
    fputs(text, file);
}

void out_column(int to)
{
    if (column < to)
        out("%*s", to - column, "");
}

void out_flush(void)
{
    fflush(file);
}

/* ---- memory ----------------------------------------------------------------- */

size_t peek(pid_t pid, unsigned long address, void *bytes, size_t count)
{
    char *to = bytes;
    size_t done = 0;
    while (done < count) {
        unsigned long at = (address + done) & ~7ul;
        size_t skip = (address + done) - at;
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, pid, (void *)at, NULL);
        if (errno)
            break;
        size_t part = sizeof word - skip;
        if (part > count - done)
            part = count - done;
        memcpy(to + done, (char *)&word + skip, part);
        done += part;
    }
    return done;
}

static void print_address(unsigned long address)
{
    if (address)
        out("%#lx", address);
    else
        out("NULL");
}

/* The object at `address` into *to; if it cannot be had, its address instead. */
static bool fetch(pid_t pid, unsigned long address, void *to, size_t bytes)
{
    if (address && peek(pid, address, to, bytes) == bytes)
        return true;
    print_address(address);
    return false;
}

static void print_byte(unsigned char c, unsigned char next)
{
    static const char letters[] = "\tt\nn\vv\ff\rr\"\"\\\\";
    for (const char *l = letters; *l; l += 2)
        if (c == (unsigned char)*l) {
            out("\\%c", l[1]);
            return;
        }
    if (c >= ' ' && c < 0x7f)
        out("%c", c);
    else if (next >= '0' && next <= '7')
        out("\\%03o", c); /* or the next one would be read as part of it */
    else
        out("\\%o", c);
}

/* `count` bytes of at most `total`, quoted. */
static void print_bytes(const unsigned char *bytes, size_t count, size_t total)
{
    out("\"");
    for (size_t i = 0; i < count; i++)
        print_byte(bytes[i], i + 1 < count ? bytes[i + 1] : 0);
    out("\"%s", total > count ? "..." : "");
}

static void print_buffer(pid_t pid, unsigned long address, size_t total)
{
    unsigned char bytes[SHOWN_BYTES];
    size_t count = total < sizeof bytes ? total : sizeof bytes;
    if (count == 0 && address)
        out("\"\"");
    else if (fetch(pid, address, bytes, count))
        print_bytes(bytes, count, total);
}

static void print_string(pid_t pid, unsigned long address, size_t most)
{
    unsigned char bytes[4096] = "";
    size_t got = address ? peek(pid, address, bytes, most + 1) : 0;
    unsigned char *end = memchr(bytes, 0, got);
    if (!end && got <= most)
        print_address(address);
    else
        print_bytes(bytes, end ? (size_t)(end - bytes) : most,
                    end ? 0 : most + 1);
}

/* ---- structures --------------------------------------------------------------- */

static void print_mode(unsigned mode)
{
    static const char *const types[] = {
        [S_IFIFO >> 12] = "S_IFIFO",   [S_IFCHR >> 12] = "S_IFCHR",
        [S_IFDIR >> 12] = "S_IFDIR",   [S_IFBLK >> 12] = "S_IFBLK",
        [S_IFREG >> 12] = "S_IFREG",   [S_IFLNK >> 12] = "S_IFLNK",
        [S_IFSOCK >> 12] = "S_IFSOCK", [15] = NULL
    };
    const char *type = types[mode >> 12 & 15];
    if (type)
        out("%s|%#03o", type, mode & 07777);
    else
        out("%#o", mode);
}

static void print_stat(pid_t pid, unsigned long address)
{
    struct stat st;
    if (!fetch(pid, address, &st, sizeof st))
        return;
    out("{st_mode=");
    print_mode(st.st_mode);
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
        out(", st_rdev=makedev(%#lx, %#lx), ...}",
            (unsigned long)st.st_rdev >> 8 & 0xfff,
            (unsigned long)st.st_rdev & 0xff);
    else
        out(", st_size=%ld, ...}", (long)st.st_size);
}

struct action {
    unsigned long handler, flags, restorer, mask;
};

static void print_action(pid_t pid, unsigned long address)
{
    struct action a;
    if (!fetch(pid, address, &a, sizeof a))
        return;
    out("{sa_handler=");
    if (a.handler <= 1)
        out("%s", a.handler ? "SIG_IGN" : "SIG_DFL");
    else
        out("%#lx", a.handler);
    out(", sa_mask=");
    value_print_set(a.mask);
    out(", sa_flags=");
    value_print_flags('2', a.flags);
    if (a.flags & 0x04000000)
        out(", sa_restorer=%#lx", a.restorer);
    out("}");
}

static void print_wait_status(pid_t pid, unsigned long address)
{
    int status;
    if (!fetch(pid, address, &status, sizeof status))
        return;
    if (WIFEXITED(status)) {
        out("[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", WEXITSTATUS(status));
    } else if (WIFSTOPPED(status)) {
        out("[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
        value_print_signal(WSTOPSIG(status));
        out("}]");
    } else if (WIFSIGNALED(status)) {
        out("[{WIFSIGNALED(s) && WTERMSIG(s) == ");
        value_print_signal(WTERMSIG(status));
        out("%s}]", WCOREDUMP(status) ? " && WCOREDUMP(s)" : "");
    } else {
        out("[%#x]", (unsigned)status);
    }
}

static void print_time(pid_t pid, unsigned long address, const char *fraction)
{
    struct timespec ts;
    if (fetch(pid, address, &ts, sizeof ts))
        out("{tv_sec=%ld, tv_%s=%ld}", (long)ts.tv_sec, fraction, ts.tv_nsec);
}

static void print_set_at(pid_t pid, unsigned long address)
{
    unsigned long set;
    if (fetch(pid, address, &set, sizeof set))
        value_print_set(set);
}

static void print_pair(pid_t pid, unsigned long address)
{
    int pair[2];
    if (fetch(pid, address, pair, sizeof pair))
        out("[%d, %d]", pair[0], pair[1]);
}

static void print_limit(pid_t pid, unsigned long address)
{
    unsigned long limit[2];
    if (!fetch(pid, address, limit, sizeof limit))
        return;
    for (int i = 0; i < 2; i++) {
        out(i ? ", rlim_max=" : "{rlim_cur=");
        if (limit[i] == ~0ul)
            out("RLIM64_INFINITY");
        else if (limit[i] && limit[i] % 1024 == 0)
            out("%lu*1024", limit[i] / 1024);
        else
            out("%lu", limit[i]);
    }
    out("}");
}

static void print_name(pid_t pid, unsigned long address)
{
    struct utsname name;
    if (fetch(pid, address, &name, sizeof name))
        out("{sysname=\"%s\", nodename=\"%s\", ...}", name.sysname,
            name.nodename);
}

/* The bytes are those that were transferred, if that is known. */
static void print_vectors(pid_t pid, unsigned long address, long count,
                          size_t most)
{
    out("[");
    for (long i = 0; i < count && i < SHOWN_ITEMS; i++) {
        struct iovec v;
        if (i)
            out(", ");
        if (!fetch(pid, address + (size_t)i * sizeof v, &v, sizeof v))
            break;
        size_t bytes = v.iov_len < most ? v.iov_len : most;
        out("{iov_base=");
        print_buffer(pid, (unsigned long)v.iov_base, bytes);
        out(", iov_len=%zu}", v.iov_len);
        most -= bytes;
    }
    out("]");
}

static void print_polls(pid_t pid, unsigned long address, unsigned long count)
{
    out("[");
    for (unsigned long i = 0; i < count && i < SHOWN_ITEMS; i++) {
        struct pollfd p;
        if (i)
            out(", ");
        if (!fetch(pid, address + i * sizeof p, &p, sizeof p))
            break;
        out("{fd=%d, events=", p.fd);
        out("%s%s%s", p.events & POLLIN ? "POLLIN" : "",
            p.events & POLLIN && p.events & POLLOUT ? "|" : "",
            p.events & POLLOUT ? "POLLOUT" : "");
        out("%s}", p.events & (POLLIN | POLLOUT) ? "" : "0");
    }
    out("]");
}

/* argv as strings, envp as the number of them. */
static void print_strings(pid_t pid, unsigned long address, bool in_full)
{
    unsigned long string;
    int count = 0;
    if (!address) {
        out("NULL");
        return;
    }
    if (in_full)
        out("[");
    for (; count < MAX_ARRAY; count++) {
        if (peek(pid, address + (size_t)count * sizeof string, &string,
                 sizeof string) != sizeof string ||
            string == 0)
            break;
        if (in_full && count < SHOWN_ITEMS) {
            out("%s", count ? ", " : "");
            print_string(pid, string, SHOWN_BYTES);
        }
    }
    if (in_full)
        out("%s]", count > SHOWN_ITEMS ? ", ..." : "");
    else
        out("%#lx /* %d var%s */", address, count, count == 1 ? "" : "s");
}

/* ---- arguments ------------------------------------------------------------------ */

static void print_number(char kind, unsigned long value)
{
    switch (kind) {
    case 'd':
        out("%d", (int)value);
        break;
    case 'u':
        out("%lu", value);
        break;
    case 'o':
        out("%#03o", (unsigned)value);
        break;
    case 'F':
        if ((int)value == AT_FDCWD)
            out("AT_FDCWD");
        else
            out("%d", (int)value);
        break;
    case 'g':
        value_print_signal((int)value);
        break;
    case 'p':
        print_address(value);
        break;
    default:
        if (!value_print_flags(kind, value))
            out("%#lx", value);
    }
}

/* What an address points to; false: the kind is no such thing. */
static bool print_object(pid_t pid, char kind, unsigned long at)
{
    switch (kind) {
    case 's':
    case 'S':
        print_string(pid, at, 4095);
        return true;
    case 'V':
    case 'E':
        print_strings(pid, at, kind == 'V');
        return true;
    case '1':
        print_stat(pid, at);
        return true;
    case '2':
    case '3':
        print_action(pid, at);
        return true;
    case '4':
    case '5':
        print_set_at(pid, at);
        return true;
    case '6':
    case '7':
    case '0':
        print_time(pid, at, kind == '0' ? "usec" : "nsec");
        return true;
    case '8':
        print_wait_status(pid, at);
        return true;
    case '9':
        print_pair(pid, at);
        return true;
    case 'r':
    case 'e':
        print_limit(pid, at);
        return true;
    case 'n':
        print_name(pid, at);
        return true;
    default:
        return false;
    }
}

void print_argument(pid_t pid, const struct call *call, int n,
                    const unsigned long *a, long result)
{
    char kind = call->kinds[n];
    bool failed = result < 0;

    if (call_is_result(call, n) && failed)
        print_address(a[n]);
    else if (kind == 'b')
        print_buffer(pid, a[n], a[n + 1]);
    else if (kind == 'B')
        print_buffer(pid, a[n], (size_t)result);
    else if (kind == 'v' || kind == 'w')
        print_vectors(pid, a[n], (long)a[n + 1],
                      kind == 'v' ? ~0ul : (size_t)result);
    else if (kind == 'l')
        print_polls(pid, a[n], a[n + 1]);
    else if (kind == '8' && result == 0)
        print_address(a[n]); /* nobody has ended */
    else if (kind == 'd' && (strcmp(call->types[n], "off_t") == 0 ||
                             strcmp(call->types[n], "long") == 0))
        out("%ld", (long)a[n]);
    else if (!print_object(pid, kind, a[n]))
        print_number(kind, a[n]);
}

void print_siginfo(const void *siginfo)
{
    const siginfo_t *info = siginfo;
    int signal = info->si_signo, code = info->si_code;

    out("{si_signo=");
    value_print_signal(signal);
    out(", si_code=");
    value_print_code(signal, code);
    if (signal == SIGCHLD && code > 0) {
        out(", si_pid=%d, si_uid=%d, si_status=", info->si_pid,
            (int)info->si_uid);
        if (code == CLD_EXITED)
            out("%d", info->si_status);
        else
            value_print_signal(info->si_status);
        out(", si_utime=%ld, si_stime=%ld", (long)info->si_utime,
            (long)info->si_stime);
    } else if (code > 0 && code != 0x80) {
        out(", si_addr=");
        print_address((unsigned long)info->si_addr);
    } else if (code <= 0) {
        out(", si_pid=%d, si_uid=%d", info->si_pid, (int)info->si_uid);
    }
    out("}");
}
