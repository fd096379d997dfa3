/*
 * exec.c - running syntax trees.
 *
 * 1 Idea. exec_tree() has one function per kind of node. A simple command is
 *   the matter of command.c.
 * 2 Leaving early. break, return, exit and errors set shell.flow; every loop
 *   and list here stops when it is set. The construct it is meant for clears
 *   it.
 * 3 set -e. shell.tested counts the conditions around a command; a command
 *   that fails with none around it sets FLOW_EXIT.
 * 4 Processes. A pipeline's commands, subshells and commands in the background
 *   are children; in them the last command needs no further child (EXEC_LAST).
 * Read next: command.c, process.c.
 */
#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/files.h"
#include "../common/match.h"
#include "../common/report.h"
#include "command.h"
#include "expand.h"
#include "function.h"
#include "jobs.h"
#include "output.h"
#include "process.h"
#include "redirect.h"
#include "state.h"
#include "trap.h"
#include "variables.h"

/* In a child: runs the tree and exits. */
static void run_and_exit(const struct node *n)
{
    exec_tree(n, EXEC_LAST);
    shell_exit(shell.status);
}

static int exec_list(const struct node *n, int flags)
{
    for (const struct node *c = n->first; c; c = c->next) {
        exec_tree(c, c->next ? EXEC_PLAIN : flags);
        if (shell.flow != FLOW_NONE)
            break;
    }
    return shell.status;
}

/* A condition: set -e does not apply in it. */
static int exec_condition(const struct node *n)
{
    shell.tested++;
    int status = exec_tree(n, EXEC_PLAIN);
    shell.tested--;
    return status;
}

static int exec_and_or(const struct node *n, int flags)
{
    int status = exec_condition(n->first);
    if (shell.flow != FLOW_NONE || (status == 0) != (n->kind == NODE_AND))
        return status;
    return exec_tree(n->second, flags);
}

static int exec_if(const struct node *n, int flags)
{
    int status = exec_condition(n->first);
    if (shell.flow != FLOW_NONE)
        return status;
    const struct node *branch = status == 0 ? n->second : n->third;
    return branch ? exec_tree(branch, flags) : 0;
}

/* After a loop's body: whether the loop ends; takes break and continue. */
static int loop_ends(void)
{
    if (shell.flow == FLOW_NONE)
        return 0;
    if (shell.flow != FLOW_BREAK && shell.flow != FLOW_CONTINUE)
        return 1;
    if (--shell.flow_levels > 0)
        return 1;
    int ends = shell.flow == FLOW_BREAK;
    shell.flow = FLOW_NONE;
    return ends;
}

static int exec_loop(const struct node *n)
{
    int status = 0;
    shell.loop_depth++;
    for (;;) {
        int condition = exec_condition(n->first);
        if (shell.flow != FLOW_NONE) {
            if (loop_ends())
                break;
            continue;
        }
        if ((condition == 0) != (n->kind == NODE_WHILE))
            break;
        status = exec_tree(n->second, EXEC_PLAIN);
        if (loop_ends()) {
            status = shell.status;
            break;
        }
    }
    shell.loop_depth--;
    return status;
}

static int exec_for(const struct node *n)
{
    struct strings list = { NULL, 0, 0 };
    int status = 0;
    if (n->over_parameters)
        for (int i = 0; i < shell.parameter_count; i++)
            strings_add(&list, copy_string(shell.parameters[i]));
    else
        expand_words(n->words, &list);
    shell.loop_depth++;
    for (size_t i = 0; i < list.count && shell.flow == FLOW_NONE; i++) {
        if (variable_set(n->name, list.items[i], 0))
            break;
        status = exec_tree(n->second, EXEC_PLAIN);
        if (loop_ends())
            break;
    }
    if (shell.flow != FLOW_NONE)
        status = shell.status;
    shell.loop_depth--;
    strings_free(&list);
    return status;
}

static int item_matches(const struct case_item *item, const char *text)
{
    for (const struct word *w = item->patterns; w; w = w->next) {
        char *pattern = expand_pattern(w);
        int matches = shell.flow == FLOW_NONE && match_pattern(pattern, text);
        free(pattern);
        if (matches)
            return 1;
    }
    return 0;
}

static int exec_case(const struct node *n, int flags)
{
    char *text = expand_string(n->words);
    const struct case_item *item = n->items;
    while (item && shell.flow == FLOW_NONE && !item_matches(item, text))
        item = item->next;
    free(text);
    if (shell.flow != FLOW_NONE)
        return shell.status;
    shell.status = 0;
    return item && item->body ? exec_tree(item->body, flags) : 0;
}

static int exec_subshell(const struct node *n, int flags)
{
    pid_t group = 0;
    if (flags & EXEC_LAST && !trap_action(TRAP_EXIT))
        return exec_tree(n->first, flags); /* already a process of its own */
    pid_t pid = process_fork(FORK_FOREGROUND, &group);
    if (pid == 0)
        run_and_exit(n->first);
    return pid < 0 ? shell.status : job_run_foreground(n, &pid, 1, group);
}

static int exec_background(const struct node *n)
{
    pid_t group = 0;
    if (!shell.interactive)
        jobs_collect(); /* else between command lines */
    pid_t pid = process_fork(FORK_BACKGROUND, &group);
    if (pid == 0)
        run_and_exit(n->first);
    if (pid < 0)
        return shell.status;
    int number = job_remember(n->first, pid, group);
    shell.last_background = pid;
    if (shell.interactive) {
        output_format("[%d] %d\n", number, (int)pid);
        output_flush();
    }
    return 0;
}

/* In a pipeline's child: its ends of the pipes as 0 and 1. */
static void connect_pipes(int in, const int out[2])
{
    if (in >= 0) {
        dup2(in, 0);
        close(in);
    }
    if (out[0] >= 0)
        close(out[0]);
    if (out[1] >= 0) {
        dup2(out[1], 1);
        close(out[1]);
    }
}

static int exec_pipeline(const struct node *n)
{
    size_t count = 0, started = 0;
    pid_t group = 0;
    int in = -1, out[2];
    for (const struct node *c = n->first; c; c = c->next)
        count++;
    pid_t *pids = memory_get(count * sizeof *pids);
    for (const struct node *c = n->first; c; c = c->next) {
        out[0] = out[1] = -1;
        if (c->next && pipe(out)) {
            shell_fail(2, "cannot make a pipe: %s", strerror(errno));
            break;
        }
        pid_t pid = process_fork(FORK_FOREGROUND, &group);
        if (pid == 0) {
            connect_pipes(in, out);
            run_and_exit(c);
        }
        if (in >= 0)
            close(in);
        if (out[1] >= 0)
            close(out[1]);
        in = out[0];
        if (pid < 0)
            break;
        pids[started++] = pid;
    }
    if (in >= 0)
        close(in);
    int status = job_run_foreground(n, pids, started, group);
    free(pids);
    return started < count ? 2 : status;
}

/* One command alone stands in a pipeline because of a "!" before it. */
static int exec_pipeline_or_one(const struct node *n)
{
    int status;
    shell.tested += n->negated;
    if (n->first->next)
        status = exec_pipeline(n);
    else
        status = exec_tree(n->first, EXEC_PLAIN);
    shell.tested -= n->negated;
    return n->negated && shell.flow == FLOW_NONE ? !status : status;
}

static int exec_kind(const struct node *n, int flags)
{
    switch (n->kind) {
    case NODE_SIMPLE:
        return command_run(n, flags);
    case NODE_PIPELINE:
        return exec_pipeline_or_one(n);
    case NODE_AND:
    case NODE_OR:
        return exec_and_or(n, flags);
    case NODE_LIST:
        return exec_list(n, flags);
    case NODE_BACKGROUND:
        return exec_background(n);
    case NODE_SUBSHELL:
        return exec_subshell(n, flags);
    case NODE_GROUP:
        return exec_tree(n->first, flags);
    case NODE_IF:
        return exec_if(n, flags);
    case NODE_WHILE:
    case NODE_UNTIL:
        return exec_loop(n);
    case NODE_FOR:
        return exec_for(n);
    case NODE_CASE:
        return exec_case(n, flags);
    case NODE_FUNCTION:
        function_define(n);
        return 0;
    }
    return 0;
}

/* With set -e: whether the failure of this kind of command ends the shell. */
static int failure_counts(const struct node *n)
{
    return n->kind == NODE_SIMPLE || n->kind == NODE_SUBSHELL ||
           (n->kind == NODE_PIPELINE && !n->negated);
}

static int exec_redirected(const struct node *n, int flags)
{
    struct saved_fds saved = { NULL };
    int status = 2;
    if (redirect_apply(n->redirects, &saved) == 0)
        status = exec_kind(n, flags);
    else if (shell.flow != FLOW_NONE)
        status = shell.status;
    redirect_restore(&saved);
    return status;
}

int exec_tree(const struct node *n, int flags)
{
    int status = 0;
    if (n && n->redirects && n->kind != NODE_SIMPLE)
        status = exec_redirected(n, flags);
    else if (n)
        status = exec_kind(n, flags);
    if (shell.flow == FLOW_NONE) {
        shell.status = status;
        if (n && status && shell.errexit && !shell.tested && failure_counts(n))
            shell.flow = FLOW_EXIT;
    }
    if (shell.interrupted && shell.interactive && shell.flow == FLOW_NONE) {
        shell.status = 130;
        shell.flow = FLOW_ABORT;
    }
    trap_run_pending();
    return shell.status;
}

/* Reads to the end of file; zero bytes are left out. */
static char *read_output(int fd)
{
    struct text text = { NULL, 0, 0 };
    char buffer[4096];
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; i++)
            if (buffer[i])
                text_add(&text, buffer[i]);
    }
    while (text.length && text.bytes[text.length - 1] == '\n')
        text.bytes[--text.length] = 0;
    return text_take(&text);
}

char *exec_substitution(const struct node *n)
{
    int ends[2];
    pid_t group = 0;
    shell.substitution_status = 0;
    if (!n)
        return copy_string("");
    if (pipe(ends)) {
        shell_fail(2, "cannot make a pipe: %s", strerror(errno));
        return copy_string("");
    }
    pid_t pid = process_fork(FORK_SUBSTITUTION, &group);
    if (pid == 0) {
        const int out[2] = { ends[0], ends[1] };
        connect_pipes(-1, out);
        run_and_exit(n);
    }
    close(ends[1]);
    char *output = pid > 0 ? read_output(ends[0]) : copy_string("");
    close(ends[0]);
    if (pid > 0)
        shell.substitution_status = job_run_foreground(NULL, &pid, 1, 0);
    return output;
}
