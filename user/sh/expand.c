/*
 * expand.c - expansion of words.
 *
 * The parts of a word are turned into cells (cells.h) one after another:
 * parameters, command substitution, arithmetic. Splitting, file names and the
 * removal of quotes then only look at the marks.
 * Read next: cells.c, arithmetic.c.
 */
#include "expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/match.h"
#include "arithmetic.h"
#include "cells.h"
#include "exec.h"
#include "state.h"
#include "variables.h"

enum how {
    HOW_WORD,   /* text of the word itself */
    HOW_RESULT, /* text that came out of an unquoted ${x-word}: is split */
};

static void expand_parts(const struct part *p, enum how how, struct cells *out);

/* The value of a special parameter or variable; NULL when it is unset. */
static const char *parameter_value(const char *name)
{
    static char number[24];
    long value;
    if (name[0] >= '0' && name[0] <= '9') {
        long n = strtol(name, NULL, 10);
        if (n == 0)
            return shell.name;
        return n <= shell.parameter_count ? shell.parameters[n - 1] : NULL;
    }
    switch (name[0]) {
    case '#':
        value = shell.parameter_count;
        break;
    case '?':
        value = shell.status;
        break;
    case '$':
        value = shell.pid;
        break;
    case '!':
        value = shell.last_background;
        if (!value)
            return NULL;
        break;
    case '-':
        return shell_option_letters();
    default:
        return variable_get(name);
    }
    snprintf(number, sizeof number, "%ld", value);
    return number;
}

static int is_all_parameters(const struct part *p)
{
    return p->text[0] == '@' || p->text[0] == '*';
}

static void add_value(struct cells *out, const char *value, int quoted)
{
    cells_add_string(out, value, quoted ? CELL_QUOTED : CELL_SPLIT);
    if (quoted && !*value)
        cells_add(out, 0, CELL_EMPTY);
}

/* $@ and $*, plain and quoted. */
static void add_all_parameters(const struct part *p, struct cells *out)
{
    const char *ifs = variable_get("IFS");
    int joined = p->quoted && p->text[0] == '*';
    if (joined && !shell.parameter_count)
        cells_add(out, 0, CELL_EMPTY);
    for (int i = 0; i < shell.parameter_count; i++) {
        if (i && !joined)
            cells_add(out, 0, CELL_BREAK);
        else if (i && (!ifs || *ifs))
            cells_add(out, ifs ? *ifs : ' ', CELL_QUOTED);
        add_value(out, shell.parameters[i], p->quoted);
    }
}

static void expand_length(const struct part *p, struct cells *out)
{
    char number[24];
    const char *value = is_all_parameters(p) ? NULL : parameter_value(p->text);
    size_t length = value ? strlen(value) : 0;
    if (is_all_parameters(p))
        length = (size_t)shell.parameter_count;
    else if (!value && shell.nounset)
        shell_fail(2, "%s: parameter not set", p->text);
    snprintf(number, sizeof number, "%zu", length);
    add_value(out, number, p->quoted);
}

/* ${x%pattern} and its relatives: the part of the value that is left. */
static void expand_cut(const struct part *p, const char *value,
                       struct cells *out)
{
    struct word word = { .parts = p->operand };
    /* Copied first: expanding the operand may change what value points to. */
    char *copy = copy_string(value);
    char *pattern = expand_pattern(&word);
    size_t length = strlen(copy), start = 0, end = length;
    int longest =
        p->op == OP_CUT_LONGEST_PREFIX || p->op == OP_CUT_LONGEST_SUFFIX;
    int prefix = p->op == OP_CUT_PREFIX || p->op == OP_CUT_LONGEST_PREFIX;
    for (size_t i = 0; i <= length; i++) {
        /* n: length of the piece to try, shortest or longest first */
        size_t n = longest ? length - i : i;
        const char *piece = prefix ? copy : copy + length - n;
        if (!match_pattern_part(pattern, piece, n))
            continue;
        start = prefix ? n : 0;
        end = prefix ? length : length - n;
        break;
    }
    copy[end] = 0;
    add_value(out, copy + start, p->quoted);
    free(copy);
    free(pattern);
}

/* ${x=word}: sets the variable and uses its new value. */
static void expand_assign(const struct part *p, struct cells *out)
{
    struct word word = { .parts = p->operand };
    if (!variable_is_name(p->text, strlen(p->text))) {
        shell_fail(2, "%s: bad variable name", p->text);
        return;
    }
    char *value = expand_string(&word);
    if (shell.flow == FLOW_NONE && !variable_set(p->text, value, 0))
        add_value(out, value, p->quoted);
    free(value);
}

static void expand_error(const struct part *p)
{
    struct word word = { .parts = p->operand };
    char *message = expand_string(&word);
    if (shell.flow == FLOW_NONE)
        shell_fail(2, "%s: %s", p->text,
                   *message ? message
                            : (p->colon ? "parameter not set or null"
                                        : "parameter not set"));
    free(message);
}

static void expand_operand(const struct part *p, struct cells *out)
{
    if (p->operand)
        expand_parts(p->operand, p->quoted ? HOW_WORD : HOW_RESULT, out);
    else if (p->quoted)
        cells_add(out, 0, CELL_EMPTY);
}

static void expand_parameter(const struct part *p, struct cells *out)
{
    if (p->op == OP_LENGTH) {
        expand_length(p, out);
        return;
    }
    int all = is_all_parameters(p);
    const char *value = NULL;
    if (!all)
        value = parameter_value(p->text);
    else if (shell.parameter_count)
        value = shell.parameters[0];
    int useful =
        value && !(p->colon && !*value && (!all || shell.parameter_count == 1));
    switch (p->op) {
    case OP_DEFAULT:
        if (!useful) {
            expand_operand(p, out);
            return;
        }
        break;
    case OP_ALTERNATIVE:
        if (useful)
            expand_operand(p, out);
        else if (p->quoted)
            cells_add(out, 0, CELL_EMPTY);
        return;
    case OP_ASSIGN:
        if (!useful) {
            expand_assign(p, out);
            return;
        }
        break;
    case OP_ERROR:
        if (!useful) {
            expand_error(p);
            return;
        }
        break;
    default:
        break;
    }
    if (!value && !all && shell.nounset) {
        shell_fail(2, "%s: parameter not set", p->text);
        return;
    }
    if (all)
        add_all_parameters(p, out);
    else if (p->op >= OP_CUT_SUFFIX)
        expand_cut(p, value ? value : "", out);
    else
        add_value(out, value ? value : "", p->quoted);
}

static void expand_command(const struct part *p, struct cells *out)
{
    char *output = exec_substitution(p->command);
    add_value(out, output, p->quoted);
    free(output);
}

static void expand_arithmetic(const struct part *p, struct cells *out)
{
    char number[24];
    long value = 0;
    struct word word = { .parts = p->operand };
    char *expression = expand_string(&word);
    if (shell.flow == FLOW_NONE && arithmetic_evaluate(expression, &value))
        value = 0;
    snprintf(number, sizeof number, "%ld", value);
    add_value(out, number, p->quoted);
    free(expression);
}

static void expand_text(const struct part *p, enum how how, struct cells *out)
{
    if (p->quoted && !*p->text)
        cells_add(out, 0, CELL_EMPTY);
    enum cell_mark mark = p->quoted           ? CELL_QUOTED
                          : how == HOW_RESULT ? CELL_SPLIT
                                              : CELL_PLAIN;
    cells_add_string(out, p->text, mark);
}

static void expand_parts(const struct part *p, enum how how, struct cells *out)
{
    for (; p && shell.flow == FLOW_NONE; p = p->next) {
        switch (p->kind) {
        case PART_TEXT:
            expand_text(p, how, out);
            break;
        case PART_PARAMETER:
            expand_parameter(p, out);
            break;
        case PART_COMMAND:
            expand_command(p, out);
            break;
        case PART_ARITHMETIC:
            expand_arithmetic(p, out);
            break;
        }
    }
}

/*
 * Replaces a tilde at the start of text by HOME if a slash, the end of the word
 * or one of `ends` follows. Returns what is left of the text.
 */
static const char *expand_tilde(const char *text, int is_last, const char *ends,
                                struct cells *out)
{
    const char *home = variable_get("HOME");
    int next = text[0] == '~' ? text[1] : 'x';
    int applies = next == '/' || (next ? strchr(ends, next) != NULL : is_last);
    if (!home || !applies)
        return text;
    cells_add_string(out, home, CELL_QUOTED);
    if (!*home)
        cells_add(out, 0, CELL_EMPTY);
    return text + 1;
}

/* A whole word; a tilde may stand at its start. */
static void expand_word(const struct word *word, struct cells *out)
{
    const struct part *p = word->parts;
    if (p && p->kind == PART_TEXT && !p->quoted && p->text[0] == '~') {
        const char *rest = expand_tilde(p->text, !p->next, "", out);
        cells_add_string(out, rest, CELL_PLAIN);
        p = p->next;
    }
    expand_parts(p, HOW_WORD, out);
}

void expand_words(const struct word *words, struct strings *list)
{
    for (; words && shell.flow == FLOW_NONE; words = words->next) {
        struct cells cells = { { NULL, 0, 0 }, { NULL, 0, 0 } };
        expand_word(words, &cells);
        if (shell.flow == FLOW_NONE)
            cells_to_fields(&cells, list);
        cells_free(&cells);
    }
}

char *expand_string(const struct word *word)
{
    struct cells cells = { { NULL, 0, 0 }, { NULL, 0, 0 } };
    expand_word(word, &cells);
    char *string = cells_to_string(&cells);
    cells_free(&cells);
    return string;
}

char *expand_pattern(const struct word *word)
{
    struct cells cells = { { NULL, 0, 0 }, { NULL, 0, 0 } };
    expand_word(word, &cells);
    char *pattern = cells_to_pattern(&cells);
    cells_free(&cells);
    return pattern;
}

char *expand_assignment(const struct word *word)
{
    struct cells cells = { { NULL, 0, 0 }, { NULL, 0, 0 } };
    const struct part *p = word->parts;
    const char *text = p->text + strlen(word->name) + 1;
    while (*text) {
        text = expand_tilde(text, !p->next, ":", &cells);
        size_t length = strcspn(text, ":");
        length += text[length] == ':';
        for (size_t i = 0; i < length; i++)
            cells_add(&cells, text[i], CELL_PLAIN);
        text += length;
    }
    expand_parts(p->next, HOW_WORD, &cells);
    char *value = cells_to_string(&cells);
    cells_free(&cells);
    return value;
}
