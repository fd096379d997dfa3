/*
 * run.c - the loop that reads a command line and runs it.
 *
 * Each line has an arena of its own, freed when it has been run.
 * Read next: parser.c, exec.c.
 */
#include "run.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "jobs.h"
#include "output.h"
#include "parser.h"
#include "state.h"
#include "trap.h"

enum { FIRST_SCRIPT_FD = 10 };

/* After an error or Ctrl-C at the prompt: a new line, a new start. */
static void start_again(struct input *in, struct lexer *lx)
{
    if (shell.interrupted) {
        shell.status = 130;
        shell.interrupted = 0;
        output_string("\n");
        output_flush();
    }
    input_restart(in);
    lexer_begin(lx, in, NULL);
}

/* Runs one line's tree; returns 0 when the input is to be left. */
static int run_tree(struct input *in, const struct node *tree, int is_last)
{
    if (tree)
        exec_tree(tree, is_last && input_is_spent(in) ? EXEC_LAST : EXEC_PLAIN);
    output_flush();
    if (in->interactive && shell.flow == FLOW_ABORT) {
        shell.flow = FLOW_NONE;
        if (shell.interrupted)
            output_string("\n");
        shell.interrupted = 0;
        output_flush();
    }
    return shell.flow == FLOW_NONE;
}

int run_input(struct input *in, int is_last)
{
    struct lexer lx;
    enum parse_result result = PARSE_COMMAND;
    int goes_on = 1;
    lexer_begin(&lx, in, NULL);
    while (goes_on) {
        struct node *tree;
        in->continued = 0;
        if (in->interactive)
            jobs_collect();
        lx.arena = arena_create();
        result = parser_line(&lx, &tree);
        if (result == PARSE_COMMAND) {
            goes_on = run_tree(in, tree, is_last);
        } else if (in->interactive &&
                   (result == PARSE_ERROR || shell.interrupted)) {
            shell.status = 2;
            arena_put(lx.arena);
            start_again(in, &lx);
            continue;
        } else {
            goes_on = 0;
            if (in->interactive)
                output_string("\n"); /* after the prompt */
        }
        arena_put(lx.arena);
    }
    if (result == PARSE_ERROR) {
        shell.status = 2;
        shell.flow = shell.interactive ? FLOW_ABORT : FLOW_EXIT;
    }
    return shell.status;
}

int run_string(const char *commands)
{
    struct input in;
    input_from_string(&in, commands, strlen(commands));
    return run_input(&in, 0);
}

int run_file(const char *path)
{
    struct input in;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fd < FIRST_SCRIPT_FD) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SCRIPT_FD);
        close(fd);
        fd = high;
    }
    input_from_fd(&in, fd, 0, 0);
    int status = run_input(&in, 0);
    close(fd);
    return status;
}
