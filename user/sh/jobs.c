/*
 * jobs.c - the job table: pipelines in the background or stopped.
 *
 * Idea. Every pipeline that is waited for is a job; it enters the table when it
 * stops, or starts in the background. The table is a list, current job (%+)
 * first. The kernel is asked about each process by its number, so that nothing
 * else that waits loses a status. Read next: builtin_jobs.c, job_text.c.
 */
#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../common/files.h"
#include "../common/report.h"
#include "../common/signals.h"
#include "output.h"
#include "process.h"
#include "state.h"
#include "trap.h"

enum job_state { JOB_RUNNING, JOB_STOPPED, JOB_DONE };

struct member {
    pid_t pid;
    enum job_state state;
    int status; /* as wait tells */
};

struct job {
    struct job *next;
    int number; /* 0: not shown */
    pid_t group;
    char *text;
    enum job_state told; /* what the user knows */
    size_t count;
    struct member members[];
};

static struct job *table;

/* ---- one job ------------------------------------------------------------- */

static struct job *make(const pid_t *pids, size_t count, pid_t group)
{
    struct job *j = memory_get(sizeof *j + count * sizeof *j->members);
    memset(j, 0, sizeof *j + count * sizeof *j->members);
    j->group = group;
    j->count = count;
    for (size_t i = 0; i < count; i++)
        j->members[i].pid = pids[i];
    return j;
}

static void discard(struct job *j)
{
    free(j->text);
    free(j);
}

static enum job_state state_of(const struct job *j)
{
    enum job_state state = JOB_DONE;
    for (size_t i = 0; i < j->count; i++) {
        if (j->members[i].state == JOB_RUNNING)
            return JOB_RUNNING;
        if (j->members[i].state == JOB_STOPPED)
            state = JOB_STOPPED;
    }
    return state;
}

static void note(struct member *m, int status)
{
    m->status = status;
    m->state = WIFSTOPPED(status)     ? JOB_STOPPED
               : WIFCONTINUED(status) ? JOB_RUNNING
                                      : JOB_DONE;
}

/* Waits for news of one process; -1 with errno when there is none. */
static int wait_for(struct member *m, int options)
{
    int status;
    pid_t got = waitpid(m->pid, &status, options);
    if (got == m->pid)
        note(m, status);
    else if (got < 0 && errno == ECHILD)
        note(m, 127 << 8); /* somebody else has waited for it */
    else
        return -1;
    return 0;
}

static int exit_status(int status)
{
    if (WIFSTOPPED(status))
        return 128 + WSTOPSIG(status);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int last_status(const struct job *j)
{
    return j->count ? j->members[j->count - 1].status : 0;
}

/* ---- the table ----------------------------------------------------------- */

/* Makes it the current job. */
static void enter(struct job *j)
{
    j->next = table;
    table = j;
}

static void take_out(struct job *j)
{
    struct job **p = &table;
    while (*p && *p != j)
        p = &(*p)->next;
    if (*p)
        *p = j->next;
}

static int next_number(void)
{
    int most = 0;
    for (struct job *j = table; j; j = j->next)
        if (j->number > most)
            most = j->number;
    return most + 1;
}

void jobs_forget(void)
{
    for (struct job *next; table; table = next) {
        next = table->next;
        discard(table);
    }
}

int job_remember(const struct node *n, pid_t pid, pid_t group)
{
    struct job *j = make(&pid, 1, group);
    if (n) {
        j->number = next_number();
        j->text = job_text(n);
    }
    enter(j);
    return j->number;
}

int job_kill(const struct job *j, int number)
{
    if (j->group > 0)
        return kill(-j->group, number);
    /* Without job control it is in our own group. */
    int sent = 0;
    errno = ESRCH;
    for (size_t i = 0; i < j->count; i++)
        if (j->members[i].state != JOB_DONE &&
            kill(j->members[i].pid, number) == 0)
            sent++;
    return sent ? 0 : -1;
}

int job_number(const struct job *j)
{
    return j->number;
}

const char *job_line(const struct job *j)
{
    return j->text;
}

/* The n-th job that is shown, from the current one on. */
static struct job *recent(int n)
{
    for (struct job *j = table; j; j = j->next)
        if (j->number && n-- == 0)
            return j;
    return NULL;
}

static struct job *find(const char *name)
{
    if (!name || !*name || strcmp(name, "%") == 0 || strcmp(name, "+") == 0)
        return recent(0);
    if (strcmp(name, "-") == 0)
        return recent(1) ? recent(1) : recent(0);
    for (struct job *j = table; j; j = j->next) {
        if (!j->number)
            continue;
        if (*name >= '0' && *name <= '9' ? atoi(name) == j->number
            : *name == '?'               ? strstr(j->text, name + 1) != NULL
                           : strncmp(j->text, name, strlen(name)) == 0)
            return j;
    }
    return NULL;
}

struct job *job_find(const char *command, const char *name)
{
    struct job *j = find(name && *name == '%' ? name + 1 : name);
    if (!j)
        report("%s: no such job: %s", command, name ? name : "%+");
    return j;
}

/* ---- telling ------------------------------------------------------------- */

static const char *state_text(const struct job *j, char *buffer, size_t size)
{
    int status = last_status(j);
    if (state_of(j) == JOB_RUNNING)
        return "Running";
    if (state_of(j) == JOB_STOPPED)
        return "Stopped";
    if (WIFSIGNALED(status))
        return signal_description(WTERMSIG(status));
    if (!WEXITSTATUS(status))
        return "Done";
    snprintf(buffer, size, "Done(%d)", WEXITSTATUS(status));
    return buffer;
}

void job_print(struct job *j, int with_pids)
{
    char buffer[24], mark = j == recent(0) ? '+' : j == recent(1) ? '-' : ' ';
    output_format("[%d]%c ", j->number, mark);
    if (with_pids)
        output_format("%d ", (int)j->group);
    output_format("%-24s %s\n", state_text(j, buffer, sizeof buffer), j->text);
    j->told = state_of(j);
}

static void update(struct job *j)
{
    for (size_t i = 0; i < j->count; i++)
        while (j->members[i].state != JOB_DONE &&
               wait_for(&j->members[i], WNOHANG | WUNTRACED | WCONTINUED) == 0)
            ;
}

static void update_all(void)
{
    for (struct job *j = table; j; j = j->next)
        update(j);
}

/* Forgets what is done and told; others may still ask for it by wait. */
static void drop_done(void)
{
    for (struct job *j = table, *next; j; j = next) {
        next = j->next;
        if (j->number ? j->told == JOB_DONE : state_of(j) == JOB_DONE) {
            take_out(j);
            discard(j);
        }
    }
}

void jobs_collect(void)
{
    update_all();
    for (struct job *j = table; j; j = j->next)
        if (shell.interactive && j->number && state_of(j) != j->told)
            job_print(j, 0);
    output_flush();
    drop_done();
}

void jobs_print(int with_pids)
{
    update_all();
    for (int number = 1, most = next_number(); number < most; number++)
        for (struct job *j = table; j; j = j->next)
            if (j->number == number)
                job_print(j, with_pids);
    drop_done();
}

/* ---- foreground ---------------------------------------------------------- */

/* After a process was killed: says so. */
static void report_signal(int number)
{
    if (number == SIGINT && shell.interactive)
        shell.interrupted = 1;
    else if (number != SIGINT && number != SIGPIPE)
        fprintf(stderr, "%s\n", signal_description(number));
}

/* Waits until all of it has ended or stopped. */
static void wait_until_still(struct job *j)
{
    int options = process_is_managed() ? WUNTRACED : 0;
    for (size_t i = 0; i < j->count; i++)
        while (j->members[i].state == JOB_RUNNING)
            wait_for(&j->members[i], options); /* again after EINTR */
}

static int stop_status(const struct job *j)
{
    size_t i = 0;
    while (j->members[i].state != JOB_STOPPED)
        i++;
    return exit_status(j->members[i].status);
}

/* The job runs in the foreground; afterwards it is in the table, stopped, or
 * gone. */
static int finish_foreground(struct job *j, const struct node *n)
{
    wait_until_still(j);
    int status = last_status(j), is_killed = WIFSIGNALED(status);
    process_take_terminal(is_killed || state_of(j) == JOB_STOPPED);
    if (state_of(j) == JOB_STOPPED) {
        if (!j->number)
            j->number = next_number();
        if (!j->text)
            j->text = job_text(n);
        enter(j);
        output_string("\n");
        job_print(j, 0);
        output_flush();
        return stop_status(j);
    }
    if (is_killed)
        report_signal(WTERMSIG(status));
    discard(j);
    return exit_status(status);
}

int job_run_foreground(const struct node *n, const pid_t *pids, size_t count,
                       pid_t group)
{
    return finish_foreground(make(pids, count, group), n);
}

int job_continue(struct job *j, int in_foreground)
{
    for (size_t i = 0; i < j->count; i++)
        if (j->members[i].state == JOB_STOPPED)
            j->members[i].state = JOB_RUNNING;
    j->told = JOB_RUNNING;
    take_out(j);
    if (!in_foreground)
        enter(j);
    else
        process_give_terminal(j->group);
    kill(-j->group, SIGCONT);
    return in_foreground ? finish_foreground(j, NULL) : 0;
}

/* ---- wait ---------------------------------------------------------------- */

int job_wait(struct job *j)
{
    int options = process_is_managed() ? WUNTRACED : 0;
    update(j);
    for (size_t i = 0; i < j->count; i++) {
        while (j->members[i].state == JOB_RUNNING) {
            if (wait_for(&j->members[i], options) == 0)
                continue;
            if (trap_pending() || shell.interrupted)
                return 128 + (trap_pending() ? trap_pending() : SIGINT);
        }
    }
    if (state_of(j) == JOB_STOPPED)
        return stop_status(j);
    int status = exit_status(last_status(j));
    take_out(j);
    discard(j);
    return status;
}

int job_wait_pid(pid_t pid)
{
    for (struct job *j = table; j; j = j->next)
        for (size_t i = 0; i < j->count; i++)
            if (j->members[i].pid == pid)
                return job_wait(j);
    return 127;
}

int jobs_wait_all(void)
{
    struct job *j = table;
    while (j) {
        struct job *next = j->next;
        int status = state_of(j) == JOB_STOPPED ? 0 : job_wait(j);
        if (trap_pending() || shell.interrupted)
            return status;
        j = next;
    }
    return 0;
}
