/*
 * words.c - the inside of words.
 *
 * One function, scan(), reads characters until what its mode says; quotes and
 * ${...} call it again with another mode. A builder collects the parts: runs
 * of characters of equal quoting become one text.
 * Read next: parser.c, expand.c.
 */
#include "words.h"

#include <ctype.h>
#include <string.h>

#include "parser.h"

enum mode {
    MODE_WORD,       /* up to a blank or an operator */
    MODE_DOUBLE,     /* up to the closing double quote */
    MODE_BRACES,     /* the operand in ${...}: up to the brace */
    MODE_ARITHMETIC, /* up to the two closing parentheses */
    MODE_HERE,       /* a here-document: to the end */
};

struct builder {
    struct lexer *lx;
    struct part *first, **last;
    struct text text;
    int has_text, text_quoted;
};

static void scan(struct builder *b, enum mode mode, int quoted);

static void builder_begin(struct builder *b, struct lexer *lx)
{
    memset(b, 0, sizeof *b);
    b->lx = lx;
    b->last = &b->first;
}

static struct part *builder_part(struct builder *b, enum part_kind kind,
                                 int quoted)
{
    struct part *p = arena_alloc(b->lx->arena, sizeof *p);
    p->kind = kind;
    p->quoted = quoted;
    *b->last = p;
    b->last = &p->next;
    return p;
}

/* Turns the characters collected so far into a part. */
static void builder_flush(struct builder *b)
{
    if (!b->has_text)
        return;
    struct part *p = builder_part(b, PART_TEXT, b->text_quoted);
    p->text = arena_copy(b->lx->arena, b->text.bytes, b->text.length);
    b->text.length = 0;
    b->has_text = 0;
}

/* Makes sure that a text of this quoting is being collected. */
static void builder_quoting(struct builder *b, int quoted)
{
    if (b->has_text && b->text_quoted != quoted)
        builder_flush(b);
    b->has_text = 1;
    b->text_quoted = quoted;
}

static void builder_char(struct builder *b, int c, int quoted)
{
    builder_quoting(b, quoted);
    if (c) /* a NUL can be no part of a word */
        text_add(&b->text, c);
}

static struct part *builder_end(struct builder *b)
{
    builder_flush(b);
    text_free(&b->text);
    return b->first;
}

/* Reads an operand of ${...} or $((...)). */
static struct part *scan_nested(struct builder *b, enum mode mode, int quoted)
{
    struct builder inner;
    builder_begin(&inner, b->lx);
    scan(&inner, mode, quoted);
    return builder_end(&inner);
}

static void scan_single(struct builder *b)
{
    builder_quoting(b, 1);
    for (int c; (c = lexer_get(b->lx)) != '\'';) {
        if (c == INPUT_END) {
            lexer_fail(b->lx, "Unterminated quoted string");
            return;
        }
        builder_char(b, c, 1);
    }
}

/* "...", after the opening quote; without content it is an empty text. */
static void scan_double(struct builder *b)
{
    struct part **last = b->last;
    size_t length = b->text.length;
    scan(b, MODE_DOUBLE, 1);
    if (b->last == last && b->text.length == length)
        builder_quoting(b, 1);
}

static void scan_backslash(struct builder *b, enum mode mode, int quoted)
{
    int c = lexer_get(b->lx);
    if (c == '\n')
        return; /* the line goes on */
    if (c == INPUT_END) {
        builder_char(b, '\\', quoted);
        return;
    }
    int special = !quoted || c == '$' || c == '`' || c == '\\' ||
                  (c == '"' && mode != MODE_HERE) ||
                  (c == '}' && mode == MODE_BRACES);
    if (!special)
        builder_char(b, '\\', 1);
    builder_char(b, c, 1);
}

/* `...`: the text without its backslashes is parsed as commands. */
static void scan_backquote(struct builder *b, int quoted)
{
    struct text text = { NULL, 0, 0 };
    struct input in;
    struct lexer inner;
    for (int c; (c = lexer_get(b->lx)) != '`';) {
        if (c == '\\') {
            c = lexer_get(b->lx);
            if (c != '$' && c != '`' && c != '\\' && !(quoted && c == '"'))
                text_add(&text, '\\');
        }
        if (c == INPUT_END) {
            lexer_fail(b->lx, "EOF in backquote substitution");
            break;
        }
        text_add(&text, c);
    }
    builder_flush(b);
    input_from_string(&in, text.bytes, text.length);
    in.line = b->lx->input->line;
    lexer_begin(&inner, &in, b->lx->arena);
    struct part *p = builder_part(b, PART_COMMAND, quoted);
    p->command = parser_all(&inner);
    b->lx->failed |= inner.failed;
    text_free(&text);
}

static int is_name_char(int c)
{
    return c == '_' || (c != INPUT_END && isalnum(c));
}

/* Reads a parameter's name that starts with c; NULL if it is none. */
static char *scan_name(struct lexer *lx, int c, int in_braces)
{
    struct text name = { NULL, 0, 0 };
    if (c != INPUT_END && c && strchr("@*#?-$!", c)) {
        text_add(&name, c);
    } else if (c != INPUT_END && isdigit(c)) {
        do
            text_add(&name, c);
        while (isdigit(c = lexer_get(lx)) && in_braces);
        lexer_unget(lx, c);
    } else {
        while (is_name_char(c)) {
            text_add(&name, c);
            c = lexer_get(lx);
        }
        lexer_unget(lx, c);
    }
    if (!name.length)
        return NULL;
    char *copy = arena_copy(lx->arena, name.bytes, name.length);
    text_free(&name);
    return copy;
}

/* The operator after the name in ${name...}; -1 when there is none. */
static int scan_operator(struct lexer *lx, struct part *p)
{
    int c = lexer_get(lx);
    if (c == '}')
        return 0;
    if (c == ':') {
        p->colon = 1;
        c = lexer_get(lx);
    }
    int cut = c == '%' || c == '#';
    if (cut && !p->colon) {
        int next = lexer_get(lx);
        int longest = next == c;
        if (!longest)
            lexer_unget(lx, next);
        p->op = (c == '%' ? OP_CUT_SUFFIX : OP_CUT_PREFIX) + (unsigned)longest;
        return 1;
    }
    switch (c) {
    case '-':
        p->op = OP_DEFAULT;
        return 1;
    case '=':
        p->op = OP_ASSIGN;
        return 1;
    case '?':
        p->op = OP_ERROR;
        return 1;
    case '+':
        p->op = OP_ALTERNATIVE;
        return 1;
    default:
        return -1;
    }
}

/* ${...}, after the opening brace. */
static void scan_braces(struct builder *b, int quoted)
{
    struct lexer *lx = b->lx;
    struct part *p = builder_part(b, PART_PARAMETER, quoted);
    int c = lexer_get(lx);
    if (c == '#') {
        int next = lexer_get(lx);
        lexer_unget(lx, next);
        if (is_name_char(next) || (next > 0 && strchr("@*?$!", next))) {
            p->op = OP_LENGTH;
            c = lexer_get(lx);
        }
    }
    p->text = scan_name(lx, c, 1);
    if (!p->text) {
        lexer_fail(lx, "Bad substitution");
        return;
    }
    if (p->op == OP_LENGTH) {
        if (lexer_get(lx) != '}')
            lexer_fail(lx, "Bad substitution");
        return;
    }
    int has_operand = scan_operator(lx, p);
    if (has_operand < 0) {
        lexer_fail(lx, "Bad substitution");
        return;
    }
    /* Patterns have quotes of their own, also inside double quotes. */
    int operand_quoted = quoted && p->op < OP_CUT_SUFFIX;
    if (has_operand)
        p->operand = scan_nested(b, MODE_BRACES, operand_quoted);
}

/* What follows a dollar sign. */
static void scan_dollar(struct builder *b, int quoted)
{
    struct lexer *lx = b->lx;
    int c = lexer_get(lx);
    if (c == '(') {
        builder_flush(b);
        int next = lexer_get(lx);
        if (next == '(') {
            struct part *p = builder_part(b, PART_ARITHMETIC, quoted);
            p->operand = scan_nested(b, MODE_ARITHMETIC, 1);
        } else {
            lexer_unget(lx, next);
            struct part *p = builder_part(b, PART_COMMAND, quoted);
            p->command = parser_substitution(lx);
        }
        return;
    }
    if (c == '{') {
        builder_flush(b);
        scan_braces(b, quoted);
        return;
    }
    char *name = scan_name(lx, c, 0);
    if (!name) {
        builder_char(b, '$', quoted);
        return;
    }
    builder_flush(b);
    builder_part(b, PART_PARAMETER, quoted)->text = name;
}

/* Whether c ends the piece that is being read in this mode. */
static int is_end(struct builder *b, enum mode mode, int c, int *depth)
{
    switch (mode) {
    case MODE_WORD:
        if (c == INPUT_END || (c && strchr(" \t\n;&|<>()", c))) {
            lexer_unget(b->lx, c);
            return 1;
        }
        return 0;
    case MODE_DOUBLE:
        return c == '"';
    case MODE_BRACES:
        return c == '}';
    case MODE_ARITHMETIC:
        *depth += c == '(';
        if (c != ')' || (*depth)-- > 0)
            return 0;
        if (lexer_get(b->lx) != ')')
            lexer_fail(b->lx, "missing '))'");
        return 1;
    default:
        return c == INPUT_END;
    }
}

static void scan(struct builder *b, enum mode mode, int quoted)
{
    int depth = 0;
    while (!b->lx->failed) {
        int c = lexer_get(b->lx);
        if (is_end(b, mode, c, &depth))
            return;
        if (c == INPUT_END) {
            lexer_fail(b->lx, mode == MODE_DOUBLE ? "Unterminated quoted string"
                                                  : "end of file unexpected");
        } else if (c == '\\') {
            scan_backslash(b, mode, quoted);
        } else if (c == '\'' && !quoted) {
            scan_single(b);
        } else if (c == '"' && mode != MODE_HERE) {
            if (mode == MODE_ARITHMETIC)
                continue;
            if (mode == MODE_BRACES && quoted)
                continue;
            scan_double(b);
        } else if (c == '$') {
            scan_dollar(b, quoted);
        } else if (c == '`') {
            scan_backquote(b, quoted);
        } else {
            builder_char(b, c, quoted);
        }
    }
}

/* A word that starts with NAME= can be an assignment. */
static void find_name(struct lexer *lx, struct word *word)
{
    struct part *p = word->parts;
    size_t n = 0;
    if (!p || p->kind != PART_TEXT || p->quoted || isdigit(p->text[0]))
        return;
    while (is_name_char((unsigned char)p->text[n]))
        n++;
    if (n && p->text[n] == '=')
        word->name = arena_copy(lx->arena, p->text, n);
}

struct word *words_scan(struct lexer *lx)
{
    struct builder b;
    struct word *word = arena_alloc(lx->arena, sizeof *word);
    builder_begin(&b, lx);
    scan(&b, MODE_WORD, 0);
    word->parts = builder_end(&b);
    find_name(lx, word);
    return word;
}

struct word *words_scan_here(struct lexer *lx, const char *body, size_t length)
{
    struct input in;
    struct lexer inner;
    struct builder b;
    struct word *word = arena_alloc(lx->arena, sizeof *word);
    input_from_string(&in, body, length);
    in.line = lx->input->line;
    lexer_begin(&inner, &in, lx->arena);
    builder_begin(&b, &inner);
    scan(&b, MODE_HERE, 1);
    word->parts = builder_end(&b);
    lx->failed |= inner.failed;
    return word;
}

struct word *words_quoted(struct lexer *lx, const char *text, size_t length)
{
    struct word *word = arena_alloc(lx->arena, sizeof *word);
    word->parts = arena_alloc(lx->arena, sizeof *word->parts);
    word->parts->kind = PART_TEXT;
    word->parts->quoted = 1;
    word->parts->text = arena_copy(lx->arena, text, length);
    return word;
}
