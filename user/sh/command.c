/*
 * command.c - simple commands.
 *
 * The order is that of POSIX: words are expanded first, then redirections are
 * done, then assignments. What the name means is looked up as special builtin,
 * function, builtin, program. Read next: builtins.c.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/files.h"
#include "../common/report.h"
#include "builtins.h"
#include "exec.h"
#include "expand.h"
#include "function.h"
#include "jobs.h"
#include "output.h"
#include "process.h"
#include "redirect.h"
#include "state.h"
#include "trap.h"
#include "variables.h"

/* A command with everything expanded. */
struct command {
    const struct node *node;
    struct strings argv;
    struct strings values; /* of the assignments, in their order */
};

/* set -x: the command as it was expanded. */
static void trace(const struct command *c)
{
    struct text line = { NULL, 0, 0 };
    const char *prefix = variable_get("PS4"), *gap = "";
    size_t i = 0;
    text_add_string(&line, prefix ? prefix : "");
    for (const struct word *w = c->node->assignments; w; w = w->next) {
        text_add_string(&line, gap);
        text_add_string(&line, w->name);
        text_add(&line, '=');
        text_add_string(&line, c->values.items[i++]);
        gap = " ";
    }
    for (i = 0; i < c->argv.count; i++) {
        text_add_string(&line, gap);
        text_add_string(&line, c->argv.items[i]);
        gap = " ";
    }
    text_add(&line, '\n');
    output_flush();
    file_write_all(2, line.bytes, line.length);
    text_free(&line);
}

/* Sets the variables; with `saved`, only until they are restored. */
static int assign(const struct command *c, unsigned flags,
                  struct saved_variable **saved)
{
    size_t i = 0;
    for (const struct word *w = c->node->assignments; w; w = w->next) {
        if (saved)
            variable_save(saved, w->name);
        if (variable_set(w->name, c->values.items[i++], flags))
            return -1;
    }
    return 0;
}

static void expand(struct command *c)
{
    expand_words(c->node->words, &c->argv);
    for (const struct word *w = c->node->assignments; w; w = w->next) {
        if (shell.flow != FLOW_NONE)
            return;
        char *value = expand_assignment(w);
        strings_add(&c->values, value);
        /* Without a command the next one may use it: x=1 y=$x. */
        if (!c->argv.count && shell.flow == FLOW_NONE)
            variable_set(w->name, value, 0);
    }
}

/* Only assignments and redirections. */
static int run_nothing(const struct command *c)
{
    struct saved_fds saved = { NULL };
    int status = shell.substitution_status > 0 ? shell.substitution_status : 0;
    if (redirect_apply(c->node->redirects, &saved))
        status = shell.flow == FLOW_NONE ? 2 : shell.status;
    redirect_restore(&saved);
    return status;
}

/* A builtin that could not write its output fails. */
static int run_builtin(const struct builtin *b, const struct strings *argv)
{
    int status = b->run((int)argv->count, argv->items);
    if (output_flush()) {
        report_errno("%s: write error", argv->items[0]);
        if (!status)
            status = 1;
    }
    return status;
}

static int run_special(const struct command *c, const struct builtin *b)
{
    struct saved_fds saved = { NULL };
    int status = 2;
    if (redirect_apply(c->node->redirects, &saved)) {
        if (shell.flow == FLOW_NONE) {
            shell.status = status;
            shell.flow = shell.interactive ? FLOW_ABORT : FLOW_EXIT;
        }
    } else if (!assign(c, 0, NULL)) {
        status = run_builtin(b, &c->argv);
    }
    if (shell.flow != FLOW_NONE)
        status = shell.status;
    if (b->keeps_redirections && shell.flow == FLOW_NONE)
        redirect_keep(&saved);
    else
        redirect_restore(&saved);
    return status;
}

/* A function or a builtin that is not special: assignments are temporary. */
static int run_here(const struct command *c, const struct builtin *b)
{
    struct saved_fds saved = { NULL };
    struct saved_variable *variables = NULL;
    int status = 2;
    if (!redirect_apply(c->node->redirects, &saved) &&
        !assign(c, VARIABLE_EXPORT, &variables))
        status = b ? run_builtin(b, &c->argv)
                   : function_call(c->argv.items, (int)c->argv.count);
    if (shell.flow != FLOW_NONE)
        status = shell.status;
    variables_restore(variables);
    redirect_restore(&saved);
    return status;
}

static void become_program(const struct command *c)
{
    if (redirect_apply(c->node->redirects, NULL))
        shell_exit(shell.flow == FLOW_NONE ? 2 : shell.status);
    if (assign(c, VARIABLE_EXPORT, NULL))
        shell_exit(shell.status);
    shell_exit(command_exec(c->argv.items));
}

static int run_program(const struct command *c, int flags)
{
    pid_t group = 0;
    if (flags & EXEC_LAST && !shell.interactive && !trap_action(TRAP_EXIT))
        become_program(c);
    pid_t pid = process_fork(FORK_FOREGROUND, &group);
    if (pid == 0)
        become_program(c);
    return pid < 0 ? shell.status : job_run_foreground(c->node, &pid, 1, group);
}

static int run(const struct command *c, int flags)
{
    if (!c->argv.count)
        return run_nothing(c);
    const struct builtin *b = builtin_find(c->argv.items[0]);
    if (b && b->is_special)
        return run_special(c, b);
    if (function_exists(c->argv.items[0]))
        return run_here(c, NULL);
    return b ? run_here(c, b) : run_program(c, flags);
}

int command_run(const struct node *n, int flags)
{
    struct command c;
    memset(&c, 0, sizeof c);
    c.node = n;
    shell.substitution_status = -1;
    expand(&c);
    if (shell.flow == FLOW_NONE && shell.xtrace)
        trace(&c);
    int status = shell.flow == FLOW_NONE ? run(&c, flags) : shell.status;
    strings_free(&c.argv);
    strings_free(&c.values);
    return status;
}

int command_run_without_functions(int argc, char **argv)
{
    const struct builtin *b = builtin_find(argv[0]);
    pid_t group = 0;
    if (b)
        return b->run(argc, argv);
    pid_t pid = process_fork(FORK_FOREGROUND, &group);
    if (pid == 0)
        shell_exit(command_exec(argv));
    return pid < 0 ? shell.status : job_run_foreground(NULL, &pid, 1, group);
}

/* The n-th folder of PATH joined with name, or NULL after the last. */
static char *path_candidate(const char **path, const char *name)
{
    if (!*path)
        return NULL;
    size_t length = strcspn(*path, ":");
    char *folder = copy_string(*path);
    folder[length] = 0;
    *path = (*path)[length] ? *path + length + 1 : NULL;
    char *candidate = file_join(length ? folder : ".", name);
    free(folder);
    return candidate;
}

static int is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

char *command_find(const char *name)
{
    const char *path = variable_get("PATH");
    if (strchr(name, '/'))
        return is_program(name) ? copy_string(name) : NULL;
    for (char *try; (try = path_candidate(&path, name)); free(try))
        if (is_program(try))
            return try;
    return NULL;
}

/* Whether the file looks like text, so that a shell can try to read it. */
static int is_text(const char *path)
{
    char start[80];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, start, sizeof start);
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < got && start[i] != '\n'; i++)
        if (!start[i])
            return 0;
    return got >= 0;
}

/* A file without a known format is a script for this shell. */
static void exec_script(const char *path, char **argv, char **environment)
{
    size_t count = 0;
    while (argv[count])
        count++;
    const char **arguments = memory_get((count + 2) * sizeof *arguments);
    arguments[0] = "sh";
    arguments[1] = path;
    for (size_t i = 1; i <= count; i++)
        arguments[i + 1] = argv[i];
    execve("/bin/sh", (char *const *)arguments, environment);
    free(arguments);
}

static void try_exec(const char *path, char **argv, char **environment)
{
    execve(path, argv, environment);
    if (errno == ENOEXEC && is_text(path)) {
        exec_script(path, argv, environment);
        errno = ENOEXEC;
    }
}

int command_exec(char **argv)
{
    char **environment = variables_environment();
    const char *path = variable_get("PATH");
    int error = ENOENT;
    trap_enter_child(0);
    if (strchr(argv[0], '/')) {
        try_exec(argv[0], argv, environment);
        error = errno;
    } else {
        for (char *try; (try = path_candidate(&path, argv[0])); free(try)) {
            try_exec(try, argv, environment);
            if (errno != ENOENT && errno != ENOTDIR)
                error = errno;
        }
    }
    free(environment);
    if (error == ENOENT && !strchr(argv[0], '/'))
        report("%s: not found", argv[0]);
    else
        report("%s: %s", argv[0], strerror(error));
    return error == ENOENT || error == ENOTDIR ? 127 : 126;
}
