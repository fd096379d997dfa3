/*
 * variables.c - shell variables, in a hash table of lists.
 *
 * Each holds its text as NAME=VALUE, ready for the environment of a command.
 * Read next: expand.c.
 */
#include "variables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../common/files.h"
#include "memory.h"
#include "output.h"
#include "state.h"

enum { BUCKETS = 64 };

struct variable {
    struct variable *next;
    char *text; /* NAME=VALUE */
    size_t name_length;
    unsigned flags;
    int is_set;
};

static struct variable *buckets[BUCKETS];

static struct variable **find(const char *name, size_t length)
{
    unsigned hash = 0;
    for (size_t i = 0; i < length; i++)
        hash = hash * 31 + (unsigned char)name[i];
    struct variable **v = &buckets[hash % BUCKETS];
    while (*v && ((*v)->name_length != length ||
                  memcmp((*v)->text, name, length) != 0))
        v = &(*v)->next;
    return v;
}

static char *join(const char *name, size_t length, const char *value)
{
    size_t value_size = strlen(value) + 1;
    char *text = memory_get(length + 1 + value_size);
    memcpy(text, name, length);
    text[length] = '=';
    memcpy(text + length + 1, value, value_size);
    return text;
}

static void set(const char *name, size_t length, const char *value,
                unsigned flags)
{
    struct variable **place = find(name, length), *v = *place;
    if (!v) {
        v = *place = memory_get(sizeof *v);
        memset(v, 0, sizeof *v);
        v->name_length = length;
        v->text = join(name, length, "");
    }
    if (value) {
        char *text = join(name, length, value);
        free(v->text);
        v->text = text;
        v->is_set = 1;
    }
    v->flags |= flags;
}

void variables_init(char **environment)
{
    for (; environment && *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (!equals)
            continue;
        size_t length = (size_t)(equals - *environment);
        if (variable_is_name(*environment, length))
            set(*environment, length, equals + 1, VARIABLE_EXPORT);
    }
    variable_set("IFS", " \t\n", 0);
    variable_set("PS2", "> ", 0);
    variable_set("PS4", "+ ", 0);
    if (!variable_get("PS1"))
        variable_set("PS1", "$ ", 0);
    if (!variable_get("PATH"))
        variable_set("PATH", "/bin:/usr/bin:/sbin", 0);
}

const char *variable_get(const char *name)
{
    struct variable *v = *find(name, strlen(name));
    return v && v->is_set ? v->text + v->name_length + 1 : NULL;
}

static int is_readonly(const char *name)
{
    struct variable *v = *find(name, strlen(name));
    if (!v || !(v->flags & VARIABLE_READONLY))
        return 0;
    shell_fail(2, "%s: is read only", name);
    return 1;
}

int variable_set(const char *name, const char *value, unsigned flags)
{
    if (value && is_readonly(name))
        return -1;
    set(name, strlen(name), value, flags);
    return 0;
}

static void remove_variable(const char *name)
{
    struct variable **place = find(name, strlen(name)), *v = *place;
    if (!v)
        return;
    *place = v->next;
    free(v->text);
    free(v);
}

int variable_unset(const char *name)
{
    if (is_readonly(name))
        return -1;
    remove_variable(name);
    return 0;
}

void variable_clear_flags(const char *name, unsigned flags)
{
    struct variable *v = *find(name, strlen(name));
    if (v)
        v->flags &= ~flags;
}

int variable_is_name(const char *text, unsigned long length)
{
    if (!length || isdigit((unsigned char)*text))
        return 0;
    for (unsigned long i = 0; i < length; i++)
        if (text[i] != '_' && !isalnum((unsigned char)text[i]))
            return 0;
    return 1;
}

char **variables_environment(void)
{
    size_t count = 0;
    for (int i = 0; i < BUCKETS; i++)
        for (struct variable *v = buckets[i]; v; v = v->next)
            count += v->is_set && (v->flags & VARIABLE_EXPORT);
    char **environment = memory_get((count + 1) * sizeof(char *));
    count = 0;
    for (int i = 0; i < BUCKETS; i++)
        for (struct variable *v = buckets[i]; v; v = v->next)
            if (v->is_set && (v->flags & VARIABLE_EXPORT))
                environment[count++] = v->text;
    environment[count] = NULL;
    return environment;
}

void variables_print(const char *prefix, unsigned flags)
{
    struct strings names = { NULL, 0, 0 };
    for (int i = 0; i < BUCKETS; i++)
        for (struct variable *v = buckets[i]; v; v = v->next) {
            if (flags ? !(v->flags & flags) : !v->is_set)
                continue;
            char *name = copy_string(v->text);
            name[v->name_length] = 0;
            strings_add(&names, name);
        }
    strings_sort(&names, 0);
    for (size_t i = 0; i < names.count; i++) {
        const char *value = variable_get(names.items[i]);
        output_format("%s%s", prefix, names.items[i]);
        if (value) {
            output_string("=");
            output_quoted(value);
        }
        output_string("\n");
    }
    strings_free(&names);
}

void variable_save(struct saved_variable **list, const char *name)
{
    struct saved_variable *s = memory_get(sizeof *s);
    struct variable *v = *find(name, strlen(name));
    const char *value = variable_get(name);
    s->name = copy_string(name);
    s->value = value ? copy_string(value) : NULL;
    s->flags = v ? v->flags : 0;
    s->next = *list;
    *list = s;
}

void variables_restore(struct saved_variable *list)
{
    for (struct saved_variable *next; list; list = next) {
        next = list->next;
        remove_variable(list->name);
        if (list->value || list->flags)
            set(list->name, strlen(list->name), list->value, list->flags);
        free(list->name);
        free(list->value);
        free(list);
    }
}
