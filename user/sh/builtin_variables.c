/*
 * builtin_variables.c - builtins for variables and parameters.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/report.h"
#include "builtins.h"
#include "function.h"
#include "output.h"
#include "state.h"
#include "variables.h"

/* Splits "NAME=value" in place; *value is NULL without a '='. -1: no name. */
static int split_assignment(char *text, char **value)
{
    char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    if (!variable_is_name(text, length))
        return -1;
    *value = equals ? equals + 1 : NULL;
    text[length] = 0;
    return 0;
}

/* export and readonly. */
static int add_flags(int argc, char **argv, unsigned flags)
{
    char prefix[32];
    int i = 1;
    if (i < argc && strcmp(argv[i], "-p") == 0)
        i++;
    if (i < argc && strcmp(argv[i], "--") == 0)
        i++;
    if (i == argc) {
        snprintf(prefix, sizeof prefix, "%s ", argv[0]);
        variables_print(prefix, flags);
    }
    for (; i < argc; i++) {
        char *value;
        if (split_assignment(argv[i], &value)) {
            shell_fail(2, "%s: %s: bad variable name", argv[0], argv[i]);
            return 2;
        }
        if (variable_set(argv[i], value, flags))
            return 2;
    }
    return 0;
}

int builtin_export(int argc, char **argv)
{
    return add_flags(argc, argv, VARIABLE_EXPORT);
}

int builtin_readonly(int argc, char **argv)
{
    return add_flags(argc, argv, VARIABLE_READONLY);
}

int builtin_local(int argc, char **argv)
{
    if (!shell.function_depth) {
        shell_fail(2, "local: not in a function");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        char *value;
        if (split_assignment(argv[i], &value)) {
            shell_fail(2, "local: %s: bad variable name", argv[i]);
            return 2;
        }
        function_make_local(argv[i]);
        if (value && variable_set(argv[i], value, 0))
            return 2;
    }
    return 0;
}

int builtin_unset(int argc, char **argv)
{
    int i = 1, functions = 0;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++)
        functions = argv[i][1] == 'f';
    for (; i < argc; i++) {
        if (functions)
            function_unset(argv[i]);
        else if (variable_unset(argv[i]))
            return 2;
    }
    return 0;
}

/* One cluster such as -ex or +x; -1 when a letter is unknown. */
static int set_letters(const char *cluster)
{
    int value = cluster[0] == '-';
    for (const char *p = cluster + 1; *p; p++)
        if (shell_set_option(*p, value)) {
            shell_fail(2, "set: Illegal option %c%c", cluster[0], *p);
            return -1;
        }
    return 0;
}

int builtin_set(int argc, char **argv)
{
    int i = 1, replaces = 0;
    if (argc == 1)
        variables_print("", 0);
    for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+'); i++) {
        if (strcmp(argv[i], "--") == 0) {
            replaces = 1;
            i++;
            break;
        }
        if (!argv[i][1])
            break;
        if (argv[i][1] == 'o' && i + 1 < argc) {
            int value = argv[i++][0] == '-';
            if (!shell_set_option_name(argv[i], value))
                continue;
            shell_fail(2, "set: Illegal option -o %s", argv[i]);
            return 2;
        }
        if (set_letters(argv[i]))
            return 2;
    }
    if (replaces || i < argc)
        shell_set_parameters(argv + i, argc - i);
    return 0;
}

int builtin_shift(int argc, char **argv)
{
    int n = argc > 1 ? builtin_number("shift", argv[1]) : 1;
    if (n < 0 || n > shell.parameter_count) {
        shell_fail(2, "shift: can't shift that many");
        return 2;
    }
    shell_shift(n);
    return 0;
}

/*
 * Reads a line from standard input, byte by byte, for what comes after it
 * belongs to others. quoted gets a 1 for each character after a backslash.
 * Returns 1 at end of file, 130 after Ctrl-C.
 */
static int read_line(struct text *line, struct text *quoted, int raw)
{
    int escaped = 0;
    text_add_bytes(line, "", 0);
    text_add_bytes(quoted, "", 0);
    for (;;) {
        char c;
        ssize_t got = read(0, &c, 1);
        if (got < 0 && errno == EINTR) {
            if (shell.interrupted)
                return 130;
            continue;
        }
        if (got <= 0)
            return 1;
        if (!escaped && c == '\n')
            return 0;
        if (!escaped && c == '\\' && !raw) {
            escaped = 1;
            continue;
        }
        if (c && !(escaped && c == '\n')) {
            text_add(line, c);
            text_add(quoted, escaped);
        }
        escaped = 0;
    }
}

/* Gives the names their fields of the line; the last one gets the rest. */
static int assign_fields(const struct text *line, const struct text *quoted,
                         const char *const *names)
{
    const char *ifs = variable_get("IFS");
    const char *s = line->bytes;
    size_t i = 0, end = line->length;
    ifs = ifs ? ifs : " \t\n";
#define IS_SEPARATOR(k) (!quoted->bytes[k] && strchr(ifs, s[k]))
#define IS_BLANK(k)     (IS_SEPARATOR(k) && strchr(" \t\n", s[k]))
    while (i < end && IS_BLANK(i))
        i++;
    for (; *names; names++) {
        size_t start = i, stop;
        if (names[1]) {
            while (i < end && !IS_SEPARATOR(i))
                i++;
            stop = i;
            while (i < end && IS_BLANK(i))
                i++;
            if (i < end && IS_SEPARATOR(i) && !IS_BLANK(i))
                i++;
            while (i < end && IS_BLANK(i))
                i++;
        } else {
            for (stop = end; stop > start && IS_BLANK(stop - 1);)
                stop--;
        }
        char *value = copy_string(s + start);
        value[stop - start] = 0;
        int failed = variable_set(*names, value, 0);
        free(value);
        if (failed)
            return 2;
    }
#undef IS_SEPARATOR
#undef IS_BLANK
    return 0;
}

int builtin_read(int argc, char **argv)
{
    static const char *const reply[] = { "REPLY", NULL };
    struct text line = { NULL, 0, 0 }, quoted = { NULL, 0, 0 };
    int i = 1, raw = 0;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "-r") == 0) {
            raw = 1;
        } else if (strcmp(argv[i], "-p") == 0 && i + 1 < argc) {
            fputs(argv[++i], stderr);
        } else {
            report("read: Illegal option %s", argv[i]);
            return 2;
        }
    }
    for (int k = i; k < argc; k++)
        if (!variable_is_name(argv[k], strlen(argv[k]))) {
            report("read: %s: bad variable name", argv[k]);
            return 2;
        }
    output_flush();
    int status = read_line(&line, &quoted, raw);
    int failed = assign_fields(
        &line, &quoted, i < argc ? (const char *const *)argv + i : reply);
    text_free(&line);
    text_free(&quoted);
    return failed ? failed : status;
}
