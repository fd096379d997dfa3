#pragma once
/*
 * Inside of the parser: what parser.c and compound.c share.
 *
 * After a syntax error the next token is TOKEN_END for good, and what these
 * functions return is not looked at any more.
 */
#include "lexer.h"

struct parser {
    struct lexer *lx;
    struct token token; /* the next token, not used up yet */
};

/* Reads the next token. */
void grammar_advance(struct parser *p);

/* A new node that notes the current line. */
struct node *grammar_new_node(struct parser *p, enum node_kind kind);

/* Reports the next token as an error; expecting may be NULL. */
void grammar_unexpected(struct parser *p, const char *expecting);

/* Whether the next token is this reserved word; and then takes it; must be. */
int grammar_at_word(const struct parser *p, const char *reserved);
int grammar_accept_word(struct parser *p, const char *reserved);
void grammar_expect_word(struct parser *p, const char *reserved);

void grammar_skip_newlines(struct parser *p);

/* Commands, over several lines, up to something that cannot start one. */
struct node *grammar_list(struct parser *p);

/* One command with its redirections, or NULL when none starts here. */
struct node *grammar_command(struct parser *p);

/* A compound command without redirections, or NULL when none starts here. */
struct node *grammar_compound(struct parser *p);

/* NAME ( ) COMMAND, at the opening parenthesis. */
struct node *grammar_function(struct parser *p, const struct word *name);
