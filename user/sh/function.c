/*
 * function.c - shell functions.
 *
 * A definition keeps the arena of the tree it stands in; a call keeps it too,
 * so that a function may redefine itself while it runs.
 */
#include "function.h"

#include <stdlib.h>
#include <string.h>

#include "../common/files.h"
#include "exec.h"
#include "state.h"
#include "variables.h"

/* Calls inside calls; more would sooner or later use up the stack. */
enum { MOST_DEPTH = 1000 };

struct function {
    struct function *next;
    const char *name;
    struct node *body;
    struct arena *arena;
};

static struct function *functions;

/* Variables to restore when the running function returns. */
static struct saved_variable *locals;

static struct function **find(const char *name)
{
    struct function **f = &functions;
    while (*f && strcmp((*f)->name, name) != 0)
        f = &(*f)->next;
    return f;
}

void function_define(const struct node *definition)
{
    struct function *f = memory_get(sizeof *f);
    struct arena *arena = arena_get(definition->arena);
    function_unset(definition->name);
    f->name = definition->name;
    f->body = definition->first;
    f->arena = arena;
    f->next = functions;
    functions = f;
}

int function_unset(const char *name)
{
    struct function **place = find(name), *f = *place;
    if (!f)
        return 0;
    *place = f->next;
    arena_put(f->arena);
    free(f);
    return 1;
}

int function_exists(const char *name)
{
    return *find(name) != NULL;
}

static int run_body(void *argument)
{
    return exec_tree(argument, EXEC_PLAIN);
}

int function_with_parameters(char **parameters, int count, int (*code)(void *),
                             void *argument)
{
    struct strings old_list = shell.parameter_list;
    char **old_parameters = shell.parameters;
    int old_count = shell.parameter_count, old_loops = shell.loop_depth;

    memset(&shell.parameter_list, 0, sizeof shell.parameter_list);
    shell_set_parameters(parameters, count);
    shell.loop_depth = 0;
    shell.function_depth++;
    int status = code(argument);
    if (shell.flow == FLOW_RETURN) {
        shell.flow = FLOW_NONE;
        status = shell.status;
    }
    shell.function_depth--;
    shell.loop_depth = old_loops;
    strings_free(&shell.parameter_list);
    shell.parameter_list = old_list;
    shell.parameters = old_parameters;
    shell.parameter_count = old_count;
    return status;
}

int function_call(char **argv, int argc)
{
    struct function *f = *find(argv[0]);
    if (!f)
        return 127;
    if (shell.function_depth >= MOST_DEPTH) {
        shell_fail(2, "%s: too many calls inside calls", argv[0]);
        return 2;
    }
    struct arena *arena = arena_get(f->arena);
    struct saved_variable *outer = locals;
    locals = NULL;
    int status =
        function_with_parameters(argv + 1, argc - 1, run_body, f->body);
    variables_restore(locals);
    locals = outer;
    arena_put(arena);
    return status;
}

void function_make_local(const char *name)
{
    variable_save(&locals, name);
}
