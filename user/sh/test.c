/*
 * test.c - the test command, also called "[".
 *
 * The number of arguments decides first, as POSIX says; longer expressions are
 * parsed with -a, -o, ! and parentheses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/report.h"
#include "builtins.h"

struct test {
    char **argv;
    int count, next;
    int failed;
};

static int parse_or(struct test *t);

static long number(struct test *t, const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    while (*end == ' ' || *end == '\t')
        end++;
    if (end == text || *end || errno) {
        report("test: Illegal number: %s", text);
        t->failed = 1;
    }
    return value;
}

static int is_unary(const char *s)
{
    return s[0] == '-' && s[1] && !s[2] &&
           strchr("bcdefghLnprsStuwxz", s[1]) != NULL;
}

static int file_test(int letter, const char *path)
{
    struct stat st;
    if (letter == 'h' || letter == 'L')
        return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if (letter == 'r' || letter == 'w' || letter == 'x')
        return access(path, letter == 'r'   ? R_OK
                            : letter == 'w' ? W_OK
                                            : X_OK) == 0;
    if (stat(path, &st))
        return 0;
    switch (letter) {
    case 'b':
        return S_ISBLK(st.st_mode);
    case 'c':
        return S_ISCHR(st.st_mode);
    case 'd':
        return S_ISDIR(st.st_mode);
    case 'f':
        return S_ISREG(st.st_mode);
    case 'p':
        return S_ISFIFO(st.st_mode);
    case 'S':
        return S_ISSOCK(st.st_mode);
    case 's':
        return st.st_size > 0;
    case 'g':
        return (st.st_mode & S_ISGID) != 0;
    case 'u':
        return (st.st_mode & S_ISUID) != 0;
    default: /* e */
        return 1;
    }
}

static int unary(struct test *t, int letter, const char *operand)
{
    switch (letter) {
    case 'n':
        return *operand != 0;
    case 'z':
        return *operand == 0;
    case 't':
        return isatty((int)number(t, operand));
    default:
        return file_test(letter, operand);
    }
}

/* Compares times of files; a missing one is older than all. */
static int compare_files(const char *a, const char *b, const char *how)
{
    struct stat x, y;
    int has_x = stat(a, &x) == 0, has_y = stat(b, &y) == 0;
    if (strcmp(how, "-ef") == 0)
        return has_x && has_y && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    if (strcmp(how, "-nt") == 0)
        return has_x && (!has_y || x.st_mtime > y.st_mtime);
    return has_y && (!has_x || x.st_mtime < y.st_mtime);
}

static const char *const binary_operators[] = { "=",   "==",  "!=",  "<",
                                                ">",   "-eq", "-ne", "-lt",
                                                "-le", "-gt", "-ge", "-nt",
                                                "-ot", "-ef", NULL };

static int is_binary(const char *s)
{
    for (int i = 0; binary_operators[i]; i++)
        if (strcmp(binary_operators[i], s) == 0)
            return 1;
    return 0;
}

static int binary(struct test *t, const char *a, const char *op, const char *b)
{
    if (op[0] != '-') {
        int order = strcmp(a, b);
        switch (op[0]) {
        case '=':
            return order == 0;
        case '!':
            return order != 0;
        case '<':
            return order < 0;
        default:
            return order > 0;
        }
    }
    if (strcmp(op, "-nt") == 0 || strcmp(op, "-ot") == 0 ||
        strcmp(op, "-ef") == 0)
        return compare_files(a, b, op);
    long x = number(t, a), y = number(t, b);
    switch (op[1] << 8 | op[2]) {
    case 'e' << 8 | 'q':
        return x == y;
    case 'n' << 8 | 'e':
        return x != y;
    case 'l' << 8 | 't':
        return x < y;
    case 'l' << 8 | 'e':
        return x <= y;
    case 'g' << 8 | 't':
        return x > y;
    default:
        return x >= y;
    }
}

static int syntax_error(struct test *t, const char *why)
{
    if (!t->failed)
        report("test: %s", why);
    t->failed = 1;
    return 0;
}

static int parse_primary(struct test *t)
{
    int left = t->count - t->next;
    char **a = t->argv + t->next;
    if (left <= 0)
        return syntax_error(t, "argument expected");
    if (left >= 3 && is_binary(a[1])) {
        t->next += 3;
        return binary(t, a[0], a[1], a[2]);
    }
    if (strcmp(a[0], "!") == 0 && left > 1) {
        t->next++;
        return !parse_primary(t);
    }
    if (strcmp(a[0], "(") == 0 && left > 1) {
        t->next++;
        int value = parse_or(t);
        if (t->next >= t->count || strcmp(t->argv[t->next], ")") != 0)
            return syntax_error(t, "closing paren expected");
        t->next++;
        return value;
    }
    if (left >= 2 && is_unary(a[0])) {
        t->next += 2;
        return unary(t, a[0][1], a[1]);
    }
    t->next++;
    return *a[0] != 0;
}

static int accept(struct test *t, const char *word)
{
    if (t->next >= t->count || strcmp(t->argv[t->next], word) != 0)
        return 0;
    t->next++;
    return 1;
}

static int parse_and(struct test *t)
{
    int value = parse_primary(t);
    while (!t->failed && accept(t, "-a")) {
        int right = parse_primary(t);
        value = value && right;
    }
    return value;
}

static int parse_or(struct test *t)
{
    int value = parse_and(t);
    while (!t->failed && accept(t, "-o")) {
        int right = parse_and(t);
        value = value || right;
    }
    return value;
}

/* Up to four arguments mean what their number says, whatever they look like. */
static int by_count(struct test *t)
{
    char **a = t->argv;
    switch (t->count) {
    case 0:
        return 0;
    case 1:
        return *a[0] != 0;
    case 2:
        if (strcmp(a[0], "!") == 0)
            return *a[1] == 0;
        if (is_unary(a[0]))
            return unary(t, a[0][1], a[1]);
        break;
    case 3:
        if (is_binary(a[1]))
            return binary(t, a[0], a[1], a[2]);
        break;
    default:
        break;
    }
    int value = parse_or(t);
    if (!t->failed && t->next < t->count)
        return syntax_error(t, "unexpected operator");
    return value;
}

int builtin_test(int argc, char **argv)
{
    struct test t = { .argv = argv + 1, .count = argc - 1 };
    if (strcmp(argv[0], "[") == 0) {
        if (strcmp(argv[argc - 1], "]") != 0) {
            report("[: missing ]");
            return 2;
        }
        t.count--;
    }
    int value = by_count(&t);
    return t.failed ? 2 : !value;
}
