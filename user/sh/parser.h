#pragma once
/*
 * From tokens to syntax trees.
 */
#include "lexer.h"

enum parse_result {
    PARSE_COMMAND, /* a tree, or NULL for an empty line */
    PARSE_END,     /* end of input */
    PARSE_ERROR,   /* a syntax error, already reported */
};

/* Reads one line of commands, with as many more as they need to be complete. */
enum parse_result parser_line(struct lexer *lx, struct node **tree);

/* Reads the commands inside $(...), up to and with the parenthesis. */
struct node *parser_substitution(struct lexer *lx);

/* Reads commands to the end of the input. */
struct node *parser_all(struct lexer *lx);
