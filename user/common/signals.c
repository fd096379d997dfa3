/*
 * signals.c - names of signals (Linux numbers).
 * Read next: ../kill.c, ../sh/trap.c.
 */
#include "signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    int number;
    const char *name, *description;
} signals[] = {
    { SIGHUP, "HUP", "Hangup" },
    { SIGINT, "INT", "Interrupt" },
    { SIGQUIT, "QUIT", "Quit" },
    { SIGILL, "ILL", "Illegal instruction" },
    { SIGTRAP, "TRAP", "Trace/breakpoint trap" },
    { SIGABRT, "ABRT", "Aborted" },
    { SIGBUS, "BUS", "Bus error" },
    { SIGFPE, "FPE", "Floating point exception" },
    { SIGKILL, "KILL", "Killed" },
    { SIGUSR1, "USR1", "User defined signal 1" },
    { SIGSEGV, "SEGV", "Segmentation fault" },
    { SIGUSR2, "USR2", "User defined signal 2" },
    { SIGPIPE, "PIPE", "Broken pipe" },
    { SIGALRM, "ALRM", "Alarm clock" },
    { SIGTERM, "TERM", "Terminated" },
    { 16, "STKFLT", "Stack fault" },
    { SIGCHLD, "CHLD", "Child exited" },
    { SIGCONT, "CONT", "Continued" },
    { SIGSTOP, "STOP", "Stopped (signal)" },
    { SIGTSTP, "TSTP", "Stopped" },
    { SIGTTIN, "TTIN", "Stopped (tty input)" },
    { SIGTTOU, "TTOU", "Stopped (tty output)" },
    { SIGURG, "URG", "Urgent I/O condition" },
    { SIGXCPU, "XCPU", "CPU time limit exceeded" },
    { SIGXFSZ, "XFSZ", "File size limit exceeded" },
    { SIGVTALRM, "VTALRM", "Virtual timer expired" },
    { SIGPROF, "PROF", "Profiling timer expired" },
    { SIGWINCH, "WINCH", "Window changed" },
    { 29, "POLL", "I/O possible" },
    { 30, "PWR", "Power failure" },
    { SIGSYS, "SYS", "Bad system call" },
};

enum { SIGNALS = sizeof signals / sizeof *signals };

const char *signal_name(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return NULL;
}

int signal_number(const char *text)
{
    if (*text >= '0' && *text <= '9') {
        char *end;
        long number = strtol(text, &end, 10);
        return *end || number > 64 ? -1 : (int)number;
    }
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 0; i < SIGNALS; i++)
        if (strcasecmp(signals[i].name, text) == 0)
            return signals[i].number;
    return -1;
}

const char *signal_description(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].description;
    return "Unknown signal";
}

void signal_print_all(void)
{
    for (int i = 0; i < SIGNALS; i++)
        printf("%2d) SIG%-8s%s", signals[i].number, signals[i].name,
               i % 5 == 4 || i == SIGNALS - 1 ? "\n" : "");
}
