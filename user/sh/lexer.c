/*
 * lexer.c - from characters to tokens.
 *
 * Operators are recognised here; what stands inside a word (quotes, $...) is
 * the matter of words.c, which calls the parser for $(...), which calls back
 * here: one pass over the characters, without a second scan anywhere.
 * Read next: words.c, parser.c.
 */
#include "lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../common/report.h"
#include "output.h"
#include "state.h"
#include "words.h"

void lexer_begin(struct lexer *lx, struct input *in, struct arena *arena)
{
    memset(lx, 0, sizeof *lx);
    lx->input = in;
    lx->arena = arena;
}

int lexer_get(struct lexer *lx)
{
    if (lx->pushed_count)
        return lx->pushed[--lx->pushed_count];
    return input_next(lx->input);
}

void lexer_unget(struct lexer *lx, int c)
{
    lx->pushed[lx->pushed_count++] = c;
}

void lexer_fail(struct lexer *lx, const char *format, ...)
{
    va_list args;
    if (lx->failed)
        return;
    lx->failed = 1;
    if (shell.interrupted)
        return;
    output_flush();
    fprintf(stderr, "%s: %d: Syntax error: ", program_name, lx->input->line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

const char *word_plain_text(const struct word *word)
{
    const struct part *p = word->parts;
    if (!p || p->next || p->kind != PART_TEXT || p->quoted)
        return NULL;
    return p->text;
}

/* Reads a here-document's lines up to the delimiter. */
static void read_here(struct lexer *lx, struct pending_here *here)
{
    struct text body = { NULL, 0, 0 }, line = { NULL, 0, 0 };
    for (;;) {
        int c = lexer_get(lx);
        while (here->strip_tabs && c == '\t')
            c = lexer_get(lx);
        line.length = 0;
        text_add_bytes(&line, "", 0);
        for (; c != '\n' && c != INPUT_END; c = lexer_get(lx))
            text_add(&line, c);
        if (strcmp(line.bytes, here->delimiter) == 0 ||
            (c == INPUT_END && !line.length))
            break;
        text_add_bytes(&body, line.bytes, line.length);
        text_add(&body, '\n');
        if (c == INPUT_END)
            break;
    }
    here->redirect->word = here->quoted
                               ? words_quoted(lx, body.bytes, body.length)
                               : words_scan_here(lx, body.bytes, body.length);
    text_free(&body);
    text_free(&line);
}

static void read_pending(struct lexer *lx)
{
    while (lx->pending) {
        struct pending_here *here = lx->pending;
        lx->pending = here->next;
        read_here(lx, here);
    }
}

void lexer_add_here(struct lexer *lx, struct redirect *redirect,
                    const struct word *delimiter, int strip_tabs)
{
    struct pending_here *here = arena_alloc(lx->arena, sizeof *here);
    struct pending_here **last = &lx->pending;
    struct text text = { NULL, 0, 0 };
    for (const struct part *p = delimiter->parts; p; p = p->next) {
        here->quoted |= p->quoted;
        if (p->kind == PART_TEXT)
            text_add_string(&text, p->text);
    }
    here->delimiter =
        arena_copy(lx->arena, text.bytes ? text.bytes : "", text.length);
    text_free(&text);
    here->redirect = redirect;
    here->strip_tabs = strip_tabs;
    while (*last)
        last = &(*last)->next;
    *last = here;
}

/* If the next character is c, takes it. */
static int accept(struct lexer *lx, int c)
{
    int got = lexer_get(lx);
    if (got == c)
        return 1;
    lexer_unget(lx, got);
    return 0;
}

static enum token_kind less_operator(struct lexer *lx)
{
    if (accept(lx, '<'))
        return accept(lx, '-') ? TOKEN_HERE_TABS : TOKEN_HERE;
    if (accept(lx, '&'))
        return TOKEN_LESS_AND;
    return accept(lx, '>') ? TOKEN_LESS_GREAT : TOKEN_LESS;
}

static enum token_kind great_operator(struct lexer *lx)
{
    if (accept(lx, '>'))
        return TOKEN_DOUBLE_GREAT;
    if (accept(lx, '&'))
        return TOKEN_GREAT_AND;
    return accept(lx, '|') ? TOKEN_GREAT_PIPE : TOKEN_GREAT;
}

/* Skips blanks, comments and joined lines; returns the character after. */
static int skip_blanks(struct lexer *lx)
{
    for (;;) {
        int c = lexer_get(lx);
        if (c == '#') {
            while (c != '\n' && c != INPUT_END)
                c = lexer_get(lx);
            return c;
        }
        if (c == '\\') {
            if (accept(lx, '\n'))
                continue;
            return c;
        }
        if (c != ' ' && c != '\t' && c != '\r')
            return c;
    }
}

static int is_number(const struct word *word)
{
    const char *text = word_plain_text(word);
    return text && *text && strspn(text, "0123456789") == strlen(text);
}

static void word_token(struct lexer *lx, struct token *token, int c)
{
    lexer_unget(lx, c);
    token->kind = TOKEN_WORD;
    token->word = words_scan(lx);
    c = lexer_get(lx);
    lexer_unget(lx, c);
    if ((c == '<' || c == '>') && is_number(token->word))
        token->kind = TOKEN_NUMBER;
}

void lexer_next(struct lexer *lx, struct token *token)
{
    memset(token, 0, sizeof *token);
    int c = lx->failed ? INPUT_END : skip_blanks(lx);
    token->line = lx->input->line;
    switch (c) {
    case INPUT_END:
        read_pending(lx);
        token->kind = TOKEN_END;
        break;
    case '\n':
        token->line--;
        read_pending(lx);
        token->kind = TOKEN_NEWLINE;
        break;
    case ';':
        token->kind =
            accept(lx, ';') ? TOKEN_DOUBLE_SEMICOLON : TOKEN_SEMICOLON;
        break;
    case '&':
        token->kind = accept(lx, '&') ? TOKEN_AND_IF : TOKEN_AMPERSAND;
        break;
    case '|':
        token->kind = accept(lx, '|') ? TOKEN_OR_IF : TOKEN_PIPE;
        break;
    case '(':
        token->kind = TOKEN_OPEN;
        break;
    case ')':
        token->kind = TOKEN_CLOSE;
        break;
    case '<':
        token->kind = less_operator(lx);
        break;
    case '>':
        token->kind = great_operator(lx);
        break;
    default:
        word_token(lx, token, c);
    }
}
