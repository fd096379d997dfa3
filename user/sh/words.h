#pragma once
/*
 * The inside of words: quotes, parameters, substitutions.
 */
#include "lexer.h"

/* One character from the lexer's input, and back. */
int lexer_get(struct lexer *lx);
void lexer_unget(struct lexer *lx, int c);

/* Reads a word up to the next unquoted blank or operator. */
struct word *words_scan(struct lexer *lx);

/* Takes apart the body of an unquoted here-document. */
struct word *words_scan_here(struct lexer *lx, const char *body, size_t length);

/* A word of one quoted text. */
struct word *words_quoted(struct lexer *lx, const char *text, size_t length);
