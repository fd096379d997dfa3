/*
 * compound.c - the part of the parser for compound commands and functions.
 *
 * Each function starts after the reserved word that announces its command.
 * Read next: exec.c.
 */
#include <string.h>

#include "grammar.h"

static struct node *parse_compound_list(struct parser *p)
{
    grammar_skip_newlines(p);
    struct node *list = grammar_list(p);
    if (!list && !p->lx->failed)
        grammar_unexpected(p, NULL);
    return list;
}

/* do LIST done */
static struct node *parse_do_group(struct parser *p)
{
    grammar_expect_word(p, "do");
    struct node *body = parse_compound_list(p);
    grammar_expect_word(p, "done");
    return body;
}

/* What follows "if" or "elif", with the closing "fi". */
static struct node *parse_if(struct parser *p)
{
    struct node *n = grammar_new_node(p, NODE_IF);
    n->first = parse_compound_list(p);
    grammar_expect_word(p, "then");
    n->second = parse_compound_list(p);
    if (grammar_accept_word(p, "elif")) {
        n->third = parse_if(p);
        return n;
    }
    if (grammar_accept_word(p, "else"))
        n->third = parse_compound_list(p);
    grammar_expect_word(p, "fi");
    return n;
}

static struct node *parse_loop(struct parser *p, enum node_kind kind)
{
    struct node *n = grammar_new_node(p, kind);
    n->first = parse_compound_list(p);
    n->second = parse_do_group(p);
    return n;
}

static struct node *parse_for(struct parser *p)
{
    struct node *n = grammar_new_node(p, NODE_FOR);
    const char *name =
        p->token.kind == TOKEN_WORD ? word_plain_text(p->token.word) : NULL;
    if (!name) {
        grammar_unexpected(p, "name");
        return n;
    }
    n->name = arena_copy(p->lx->arena, name, strlen(name));
    grammar_advance(p);
    grammar_skip_newlines(p);
    struct word **last = &n->words;
    if (grammar_accept_word(p, "in")) {
        for (; p->token.kind == TOKEN_WORD; grammar_advance(p)) {
            *last = p->token.word;
            last = &(*last)->next;
        }
        if (p->token.kind != TOKEN_SEMICOLON && p->token.kind != TOKEN_NEWLINE)
            grammar_unexpected(p, NULL);
    } else {
        n->over_parameters = 1;
    }
    if (p->token.kind == TOKEN_SEMICOLON)
        grammar_advance(p);
    grammar_skip_newlines(p);
    n->second = parse_do_group(p);
    return n;
}

/* One "pattern | pattern) list" of a case command. */
static struct case_item *parse_case_item(struct parser *p)
{
    struct case_item *item = arena_alloc(p->lx->arena, sizeof *item);
    struct word **last = &item->patterns;
    if (p->token.kind == TOKEN_OPEN)
        grammar_advance(p);
    for (;;) {
        if (p->token.kind != TOKEN_WORD) {
            grammar_unexpected(p, "word");
            return item;
        }
        *last = p->token.word;
        last = &(*last)->next;
        grammar_advance(p);
        if (p->token.kind != TOKEN_PIPE)
            break;
        grammar_advance(p);
    }
    if (p->token.kind != TOKEN_CLOSE)
        grammar_unexpected(p, "\")\"");
    else
        grammar_advance(p);
    grammar_skip_newlines(p);
    item->body = grammar_list(p);
    return item;
}

static struct node *parse_case(struct parser *p)
{
    struct node *n = grammar_new_node(p, NODE_CASE);
    struct case_item **last = &n->items;
    if (p->token.kind != TOKEN_WORD) {
        grammar_unexpected(p, "word");
        return n;
    }
    n->words = p->token.word;
    grammar_advance(p);
    grammar_skip_newlines(p);
    grammar_expect_word(p, "in");
    grammar_skip_newlines(p);
    while (!p->lx->failed && !grammar_at_word(p, "esac")) {
        *last = parse_case_item(p);
        last = &(*last)->next;
        if (p->token.kind != TOKEN_DOUBLE_SEMICOLON)
            break; /* only the last item may do without */
        grammar_advance(p);
        grammar_skip_newlines(p);
    }
    grammar_expect_word(p, "esac");
    return n;
}

static struct node *parse_enclosed(struct parser *p, enum node_kind kind)
{
    struct node *n = grammar_new_node(p, kind);
    n->first = parse_compound_list(p);
    if (kind == NODE_GROUP)
        grammar_expect_word(p, "}");
    else if (p->token.kind == TOKEN_CLOSE)
        grammar_advance(p);
    else
        grammar_unexpected(p, "\")\"");
    return n;
}

/* A compound command, or NULL when none starts here. */
struct node *grammar_compound(struct parser *p)
{
    if (p->token.kind == TOKEN_OPEN) {
        grammar_advance(p);
        return parse_enclosed(p, NODE_SUBSHELL);
    }
    if (grammar_accept_word(p, "{"))
        return parse_enclosed(p, NODE_GROUP);
    if (grammar_accept_word(p, "if"))
        return parse_if(p);
    if (grammar_accept_word(p, "while"))
        return parse_loop(p, NODE_WHILE);
    if (grammar_accept_word(p, "until"))
        return parse_loop(p, NODE_UNTIL);
    if (grammar_accept_word(p, "for"))
        return parse_for(p);
    if (grammar_accept_word(p, "case"))
        return parse_case(p);
    return NULL;
}

/* NAME ( ) COMMAND, at the opening parenthesis. */
struct node *grammar_function(struct parser *p, const struct word *name)
{
    struct node *n = grammar_new_node(p, NODE_FUNCTION);
    const char *text = word_plain_text(name);
    grammar_advance(p);
    if (p->token.kind != TOKEN_CLOSE || !text) {
        grammar_unexpected(p, "\")\"");
        return n;
    }
    grammar_advance(p);
    grammar_skip_newlines(p);
    n->name = arena_copy(p->lx->arena, text, strlen(text));
    n->arena = p->lx->arena;
    n->first = grammar_command(p);
    if (!n->first && !p->lx->failed)
        grammar_unexpected(p, NULL);
    return n;
}
