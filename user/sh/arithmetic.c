/*
 * arithmetic.c - integer expressions, by precedence climbing.
 *
 * Each binary operator has a level; an operand of level n is parsed by taking
 * all operators that bind tighter. What must not be evaluated (the right side
 * of 0 && x) is parsed with `skip` set: it assigns nothing and divides by
 * nothing. Overflow wraps, as it does in the processor.
 */
#include "arithmetic.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "state.h"
#include "variables.h"

struct expression {
    const char *p, *start;
    int skip; /* > 0: only parse */
    int failed;
    int depth; /* of variables whose values are expressions */
};

enum { NAME_BYTES = 128, MOST_DEPTH = 32 };

/* Longer operators first; level 1 binds weakest. */
static const struct op {
    const char *text;
    int level;
} operators[] = {
    { "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<<", 8 },
    { ">>", 8 }, { "<=", 7 }, { ">=", 7 }, { "|", 3 },  { "^", 4 },
    { "&", 5 },  { "<", 7 },  { ">", 7 },  { "+", 9 },  { "-", 9 },
    { "*", 10 }, { "/", 10 }, { "%", 10 },
};

static long parse_assignment(struct expression *e);
static long evaluate(const char *text, int depth, int *failed);

static void fail(struct expression *e, const char *why)
{
    if (!e->failed)
        shell_fail(2, "arithmetic expression: %s: \"%s\"", why, e->start);
    e->failed = 1;
}

static void skip_blanks(struct expression *e)
{
    while (isspace((unsigned char)*e->p))
        e->p++;
}

/* Reads a name into the buffer; 0 when none stands here. */
static int parse_name(struct expression *e, char name[NAME_BYTES])
{
    size_t n = 0;
    skip_blanks(e);
    if (isdigit((unsigned char)*e->p))
        return 0;
    while (e->p[n] == '_' || isalnum((unsigned char)e->p[n]))
        n++;
    if (!n || n >= NAME_BYTES)
        return 0;
    memcpy(name, e->p, n);
    name[n] = 0;
    e->p += n;
    return 1;
}

static long variable_value(struct expression *e, const char *name)
{
    const char *text = variable_get(name);
    char *end;
    if (e->skip)
        return 0;
    if (!text && shell.nounset) {
        fail(e, "parameter not set");
        return 0;
    }
    if (!text || !*text)
        return 0;
    long value = strtol(text, &end, 0);
    if (!*end && end != text)
        return value;
    if (e->depth >= MOST_DEPTH) {
        fail(e, "variables refer to each other");
        return 0;
    }
    char *copy = copy_string(text);
    value = evaluate(copy, e->depth + 1, &e->failed);
    free(copy);
    return value;
}

static long parse_primary(struct expression *e)
{
    char name[NAME_BYTES], *end;
    skip_blanks(e);
    if (*e->p == '(') {
        e->p++;
        long value = parse_assignment(e);
        skip_blanks(e);
        if (*e->p == ')')
            e->p++;
        else
            fail(e, "expecting ')'");
        return value;
    }
    if (parse_name(e, name))
        return variable_value(e, name);
    if (!isdigit((unsigned char)*e->p)) {
        fail(e, "expecting primary");
        return 0;
    }
    long value = (long)strtoul(e->p, &end, 0);
    e->p = end;
    if (isalnum((unsigned char)*e->p))
        fail(e, "bad number");
    return value;
}

static long parse_unary(struct expression *e)
{
    skip_blanks(e);
    switch (*e->p) {
    case '+':
        e->p++;
        return parse_unary(e);
    case '-':
        e->p++;
        return (long)-(unsigned long)parse_unary(e);
    case '~':
        e->p++;
        return ~parse_unary(e);
    case '!':
        if (e->p[1] == '=')
            break;
        e->p++;
        return !parse_unary(e);
    default:
        break;
    }
    return parse_primary(e);
}

static const struct op *find_operator(struct expression *e)
{
    skip_blanks(e);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t length = strlen(operators[i].text);
        if (strncmp(e->p, operators[i].text, length) == 0)
            return &operators[i];
    }
    return NULL;
}

static long divide(struct expression *e, long a, long b, int remainder)
{
    if (e->skip)
        return 0;
    if (b == 0) {
        fail(e, "division by zero");
        return 0;
    }
    if (a == LONG_MIN && b == -1)
        return remainder ? 0 : a;
    return remainder ? a % b : a / b;
}

/* Applies the binary operator with these characters. */
static long apply(struct expression *e, const char *text, long a, long b)
{
    unsigned long x = (unsigned long)a, y = (unsigned long)b;
    int second = text[0] ? text[1] : 0;
    switch (text[0]) {
    case '|':
        return second == '|' ? a || b : a | b;
    case '&':
        return second == '&' ? a && b : a & b;
    case '^':
        return a ^ b;
    case '=':
        return a == b;
    case '!':
        return a != b;
    case '<':
        if (second == '<')
            return (long)(x << (y & 63));
        return second == '=' ? a <= b : a < b;
    case '>':
        if (second == '>')
            return a >> (y & 63);
        return second == '=' ? a >= b : a > b;
    case '+':
        return (long)(x + y);
    case '-':
        return (long)(x - y);
    case '*':
        return (long)(x * y);
    case '/':
        return divide(e, a, b, 0);
    default:
        return divide(e, a, b, 1);
    }
}

static long parse_binary(struct expression *e, int level)
{
    long left = parse_unary(e);
    while (!e->failed) {
        const struct op *o = find_operator(e);
        if (!o || o->level < level)
            break;
        size_t length = strlen(o->text);
        if (e->p[length] == '=' && !strchr("=!<>", o->text[0]))
            break; /* an assignment such as += */
        if (length == 2 && e->p[2] == '=' && o->level == 8)
            break; /* <<= and >>= */
        e->p += length;
        int decided = (o->level == 1 && left) || (o->level == 2 && !left);
        e->skip += decided;
        long right = parse_binary(e, o->level + 1);
        e->skip -= decided;
        left = apply(e, o->text, left, right);
    }
    return left;
}

static long parse_conditional(struct expression *e)
{
    long condition = parse_binary(e, 1);
    skip_blanks(e);
    if (*e->p != '?' || e->failed)
        return condition;
    e->p++;
    e->skip += !condition;
    long yes = parse_assignment(e);
    e->skip -= !condition;
    skip_blanks(e);
    if (*e->p != ':') {
        fail(e, "expecting ':'");
        return 0;
    }
    e->p++;
    e->skip += condition != 0;
    long no = parse_assignment(e);
    e->skip -= condition != 0;
    return condition ? yes : no;
}

/* The operator of an assignment at p: "=" gives "", "+=" gives "+". */
static const char *assignment_operator(struct expression *e)
{
    static const char *const texts[] = { "+", "-", "*", "/",  "%",
                                         "&", "|", "^", "<<", ">>" };
    skip_blanks(e);
    if (e->p[0] == '=' && e->p[1] != '=') {
        e->p++;
        return "";
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]);
        if (strncmp(e->p, texts[i], length) == 0 && e->p[length] == '=') {
            e->p += length + 1;
            return texts[i];
        }
    }
    return NULL;
}

static long parse_assignment(struct expression *e)
{
    char name[NAME_BYTES], number[24];
    const char *before = e->p;
    const char *change = NULL;
    if (parse_name(e, name))
        change = assignment_operator(e);
    if (!change) {
        e->p = before;
        return parse_conditional(e);
    }
    long value = parse_assignment(e);
    if (*change)
        value = apply(e, change, variable_value(e, name), value);
    snprintf(number, sizeof number, "%ld", value);
    if (!e->skip && !e->failed && variable_set(name, number, 0))
        e->failed = 1;
    return value;
}

static long evaluate(const char *text, int depth, int *failed)
{
    struct expression e = { .p = text, .start = text, .depth = depth };
    skip_blanks(&e);
    long value = *e.p ? parse_assignment(&e) : 0;
    skip_blanks(&e);
    while (*e.p == ',' && !e.failed) {
        e.p++;
        value = parse_assignment(&e);
        skip_blanks(&e);
    }
    if (*e.p)
        fail(&e, "expecting EOF");
    *failed |= e.failed;
    return value;
}

int arithmetic_evaluate(const char *expression, long *value)
{
    int failed = 0;
    *value = evaluate(expression, 0, &failed);
    return failed ? -1 : 0;
}
