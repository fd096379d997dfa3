/*
 * strace - show the system calls of a program.
 *
 * Every call of a tracee stops it twice: where it enters the kernel, its number
 * and arguments are in its registers; where it leaves, its result is. What can
 * be told at the entry is printed there, so that a call that sleeps is seen;
 * when another tracee comes in between, the line is cut ("<unfinished ...>") and
 * taken up later. Signals stop a tracee, too: they are shown and let through.
 * Read next: calls.c (what there is), print.c (how it is shown).
 */
#include "strace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"
#include "common/signals.h"

static const char help[] =
    "Usage: strace [-fc] [-e trace=SET] [-o FILE] {-p PID | COMMAND...}\n"
    "Show the system calls of COMMAND, or of the running process PID, with "
    "their\n"
    "arguments and results, and its signals.\n"
    "\n"
    "  -f            also its children and threads\n"
    "  -c            count calls, errors and time instead\n"
    "  -e trace=SET  only these: names, or %file %desc %process %signal %ipc\n"
    "                %memory, with commas between them; a leading ! inverts\n"
    "  -o FILE       write to FILE, not to stderr\n"
    "\n"
    "The exit status is COMMAND's; a signal that ends it ends strace, too.\n";

enum { TRACEES = 256, RESULT_COLUMN = 40, CANNOT_RUN = 126, NOT_FOUND = 127 };

#ifndef __WALL
#define __WALL 0x40000000
#endif

struct tracee {
    pid_t pid;    /* 0: free */
    bool known;   /* it has stopped for the first time */
    bool in_call; /* between entry and exit */
    long number;  /* of the call */
    unsigned long arguments[ARGUMENTS];
    struct timespec entered;
};

struct count {
    long calls, errors;
    long long ns;
};

static struct tracee tracees[TRACEES];
static struct tracee *unfinished; /* its line has been begun and is the last */
static bool follow, to_file, counting, shown[CALLS], show_unknown = true;
static struct count counts[CALLS];
static pid_t command; /* whose end is ours; 0: with -p */
static volatile sig_atomic_t interrupted;

/* ---- tracees ----------------------------------------------------------------- */

static struct tracee *tracee_of(pid_t pid)
{
    struct tracee *unused = NULL;
    for (int i = 0; i < TRACEES; i++) {
        if (tracees[i].pid == pid)
            return &tracees[i];
        if (!unused && tracees[i].pid == 0)
            unused = &tracees[i];
    }
    if (!unused) {
        report("too many processes");
        exit(1);
    }
    memset(unused, 0, sizeof *unused);
    unused->pid = pid;
    return unused;
}

static int tracee_count(void)
{
    int count = 0;
    for (int i = 0; i < TRACEES; i++)
        count += tracees[i].pid != 0;
    return count;
}

/* ---- lines ------------------------------------------------------------------- */

/* End the line of another tracee that is in the middle of a call. */
static void cut_line(void)
{
    if (unfinished)
        out(" <unfinished ...>\n");
    unfinished = NULL;
}

static void begin_line(const struct tracee *t)
{
    cut_line();
    if (follow && to_file)
        out("%-5d ", (int)t->pid);
    else if (follow && (tracee_count() > 1 || t->pid != command))
        out("[pid %5d] ", (int)t->pid);
}

static bool is_shown(long number)
{
    return number >= 0 && number < CALLS && calls[number].name ? shown[number]
                                                               : show_unknown;
}

/* The arguments from n on that are known now; returns the next one. */
static void print_arguments(const struct tracee *t, const struct call *call,
                            bool at_exit, long result)
{
    int first = 0, count = call_count(call, t->arguments);
    while (first < count && !call_is_result(call, first))
        first++;
    int from = at_exit ? first : 0, to = at_exit ? count : first;
    for (int n = from; n < to; n++) {
        print_argument(t->pid, call, n, t->arguments, result);
        if (n + 1 < count)
            out(", ");
    }
}

static void print_entry(struct tracee *t)
{
    begin_line(t);
    if (t->number >= 0 && t->number < CALLS && calls[t->number].name) {
        out("%s(", calls[t->number].name);
        print_arguments(t, &calls[t->number], false, 0);
    } else {
        out("syscall_%#lx(", (unsigned long)t->number);
        for (int n = 0; n < ARGUMENTS; n++)
            out("%s%#lx", n ? ", " : "", t->arguments[n]);
    }
    unfinished = t;
}

static const char *explain_restart(long error)
{
    switch (error) {
    case 512:
        return "To be restarted if SA_RESTART is set";
    case 513:
        return "To be restarted";
    case 514:
        return "To be restarted if no handler";
    default:
        return "Interrupted by signal";
    }
}

static bool returns_address(const struct tracee *t)
{
    static const char *const names[] = { "mmap", "mremap", "brk", "shmat" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (t->number == call_number(names[i]))
            return true;
    return false;
}

static void print_result(const struct tracee *t, long result)
{
    out(")");
    out_column(RESULT_COLUMN - 1);
    if (result < 0 && result >= -4095) {
        const char *name = value_error(-result);
        if (result <= -512)
            out(" = ? %s (%s)\n", name ? name : "?", explain_restart(-result));
        else
            out(" = -1 %s (%s)\n", name ? name : "?", strerror((int)-result));
    } else if (returns_address(t)) {
        out(" = %#lx\n", (unsigned long)result);
    } else {
        out(" = %ld\n", result);
    }
}

static void print_exit(struct tracee *t, long result)
{
    bool is_known =
        t->number >= 0 && t->number < CALLS && calls[t->number].name;
    if (unfinished != t) {
        begin_line(t);
        out("<... %s resumed>", is_known ? calls[t->number].name : "syscall");
    }
    unfinished = NULL;
    if (is_known)
        print_arguments(t, &calls[t->number], true, result);
    print_result(t, result);
}

/* It has ended, or is about to, inside a call that does not return. */
static void print_no_return(struct tracee *t)
{
    if (!t->in_call || !is_shown(t->number) || counting)
        return;
    if (unfinished != t) {
        begin_line(t);
        out("<... %s resumed>",
            calls[t->number].name ? calls[t->number].name : "syscall");
    }
    unfinished = NULL;
    out(")");
    out_column(RESULT_COLUMN - 1);
    out(" = ?\n");
}

/* ---- calls ------------------------------------------------------------------- */

static void count_call(struct tracee *t, bool failed)
{
    struct timespec now;
    if (t->number < 0 || t->number >= CALLS || !is_shown(t->number))
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    counts[t->number].calls++;
    counts[t->number].errors += failed;
    counts[t->number].ns += (now.tv_sec - t->entered.tv_sec) * 1000000000ll +
                            now.tv_nsec - t->entered.tv_nsec;
}

static void enter_call(struct tracee *t, const struct user_regs_struct *r)
{
    const unsigned long arguments[ARGUMENTS] = { r->rdi, r->rsi, r->rdx,
                                                 r->r10, r->r8,  r->r9 };
    t->in_call = true;
    t->number = (int)r->orig_rax;
    memcpy(t->arguments, arguments, sizeof arguments);
    clock_gettime(CLOCK_MONOTONIC, &t->entered);
    if (!counting && is_shown(t->number))
        print_entry(t);
}

static void leave_call(struct tracee *t, const struct user_regs_struct *r)
{
    long result = (long)r->rax;
    t->in_call = false;
    if (counting)
        count_call(t, result < 0 && result >= -4095);
    else if (is_shown(t->number))
        print_exit(t, result);
}

static void call_stop(struct tracee *t)
{
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, t->pid, NULL, &r) != 0)
        return;
    if (t->in_call)
        leave_call(t, &r);
    else
        enter_call(t, &r);
}

/* ---- other stops --------------------------------------------------------------- */

/* Without information it is a stop of the process. */
static void print_signal_line(struct tracee *t, int signal,
                              const siginfo_t *info)
{
    if (counting)
        return;
    begin_line(t);
    out("--- ");
    if (!info)
        out("stopped by ");
    value_print_signal(signal);
    if (info) {
        out(" ");
        print_siginfo(info);
    }
    out(" ---\n");
}

static long trace_options(void)
{
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
    if (follow)
        options |=
            PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    return options;
}

/* One that was attached to has stopped as a process. */
static bool is_process_stop(int status)
{
    return status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP;
}

/* Returns the signal that it is to go on with. */
static int handle_stop(struct tracee *t, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    siginfo_t info;

    if (!t->known) {
        t->known = true;
        ptrace(PTRACE_SETOPTIONS, t->pid, NULL, (void *)trace_options());
        if (command && signal == SIGSTOP)
            return 0; /* it stopped to be traced; one of -p did not */
    }
    if (signal == (SIGTRAP | 0x80)) {
        call_stop(t);
        return 0;
    }
    if (event && !is_process_stop(status))
        return 0;
    /* A stop of the process has no siginfo, nor anything to let through. */
    bool has_info =
        !event && ptrace(PTRACE_GETSIGINFO, t->pid, NULL, &info) == 0;
    print_signal_line(t, signal, has_info ? &info : NULL);
    return has_info ? signal : 0;
}

static void handle_end(struct tracee *t, int status)
{
    print_no_return(t);
    if (unfinished == t)
        cut_line();
    if (!counting) {
        begin_line(t);
        if (WIFEXITED(status)) {
            out("+++ exited with %d +++\n", WEXITSTATUS(status));
        } else {
            out("+++ killed by ");
            value_print_signal(WTERMSIG(status));
            out("%s +++\n", WCOREDUMP(status) ? " (core dumped)" : "");
        }
    }
    t->pid = 0;
}

/* Until nobody is left.  Returns the wait status of the command. */
static int trace_all(void)
{
    int status, result = 0;
    while (!interrupted) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            break;
        struct tracee *t = tracee_of(pid);
        if (WIFSTOPPED(status)) {
            long signal = handle_stop(t, status);
            if (is_process_stop(status))
                ptrace(PTRACE_LISTEN, pid, NULL, NULL); /* until SIGCONT */
            else
                ptrace(PTRACE_SYSCALL, pid, NULL, (void *)signal);
        } else {
            handle_end(t, status);
            if (pid == command)
                result = status;
        }
        out_flush();
    }
    return result;
}

/* ---- counting ------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
    const struct count *x = &counts[*(const int *)a];
    const struct count *y = &counts[*(const int *)b];
    return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : *(int *)a - *(int *)b;
}

static void print_counts(void)
{
    int order[CALLS];
    struct count sum = { 0, 0, 0 };
    for (int i = 0; i < CALLS; i++) {
        order[i] = i;
        sum.calls += counts[i].calls;
        sum.errors += counts[i].errors;
        sum.ns += counts[i].ns;
    }
    qsort(order, CALLS, sizeof *order, by_time);
    static const char rule[] = "------ ----------- ----------- --------- "
                               "--------- ----------------\n";
    out("%% time     seconds  usecs/call     calls    errors syscall\n%s",
        rule);
    for (int i = 0; i < CALLS && counts[order[i]].calls; i++) {
        const struct count *c = &counts[order[i]];
        char errors[24] = "";
        if (c->errors)
            snprintf(errors, sizeof errors, "%ld", c->errors);
        long long tenths = sum.ns ? c->ns * 10000 / sum.ns : 0;
        out("%3lld.%02lld %4lld.%06lld %11lld %9ld %9s %s\n", tenths / 100,
            tenths % 100, c->ns / 1000000000, c->ns / 1000 % 1000000,
            c->ns / 1000 / c->calls, c->calls, errors, calls[order[i]].name);
    }
    out("%s", rule);
    out("100.00 %4lld.%06lld %11lld %9ld %9ld total\n", sum.ns / 1000000000,
        sum.ns / 1000 % 1000000, sum.calls ? sum.ns / 1000 / sum.calls : 0,
        sum.calls, sum.errors);
}

/* ---- beginning ------------------------------------------------------------------- */

/* Takes the list of words to pieces. */
static int choose_words(char *set)
{
    if (strncmp(set, "trace=", 6) == 0)
        set += 6;
    bool inverts = *set == '!';
    set += inverts;
    memset(shown, inverts, sizeof shown);
    show_unknown = inverts;
    for (char *word = strtok(set, ","); word; word = strtok(NULL, ",")) {
        bool class = *word == '%', found = false;
        for (int i = 0; i < CALLS; i++) {
            const struct call *c = &calls[i];
            if (!c->name ||
                (class ? !call_is_of(c, word + 1) : strcmp(c->name, word) != 0))
                continue;
            shown[i] = !inverts;
            found = true;
        }
        if (strcmp(word, "all") == 0 || strcmp(word, "none") == 0) {
            memset(shown, (word[0] == 'a') ^ inverts, sizeof shown);
            found = true;
        }
        if (!found) {
            report("no such system call: '%s'", word);
            return -1;
        }
    }
    return 0;
}

/* "trace=open,%process" or "open,..."; 0, or -1: no such call. */
static int choose_calls(const char *set)
{
    char *words = strdup(set);
    int err = words ? choose_words(words) : -1;

    free(words);
    return err;
}

static void become(char **argv)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    execvp(argv[0], argv);
    report_errno("%s", argv[0]);
    _exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

static int begin(char **argv, long pid)
{
    if (pid) {
        /* Not ATTACH: an exec that is under way would end with a SIGTRAP. */
        if (ptrace(PTRACE_SEIZE, (pid_t)pid, NULL, (void *)trace_options())) {
            report_errno("attach to %ld", pid);
            return -1;
        }
        ptrace(PTRACE_INTERRUPT, (pid_t)pid, NULL, NULL);
        tracee_of((pid_t)pid);
        return 0;
    }
    command = fork();
    if (command < 0) {
        report_errno("fork");
        return -1;
    }
    if (command == 0)
        become(argv);
    tracee_of(command);
    return 0;
}

/* Ctrl-C is the command's; without one, it ends strace, and its end sets what it
 * traces free. */
static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void take_signals(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = command ? SIG_IGN : on_interrupt;
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGQUIT, &sa, NULL);
}

static int end_as(int status)
{
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    struct options o;
    const char *file = NULL;
    const char *set = NULL;
    long pid = 0;
    int option;

    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((option = options_next(&o, "+fce:o:p:")) != -1) {
        follow |= option == 'f';
        counting |= option == 'c';
        if (option == 'o')
            file = o.value;
        to_file = file != NULL;
        if (option == 'e')
            set = o.value;
        if (option == 'p' && (options_number(o.value, &pid) || pid < 1))
            options_bad(&o);
    }
    if ((o.count > 0) == (pid != 0))
        options_bad(&o);
    calls_init();
    memset(shown, true, sizeof shown);
    if (set && choose_calls(set) != 0)
        return 1;
    out_to(file);
    if (begin(o.operands, pid) != 0)
        return 1;
    take_signals();
    int status = trace_all();
    cut_line();
    if (counting)
        print_counts();
    out_flush();
    return end_as(status);
}
