#pragma once
/*
 * From characters to tokens. Words come with their parts already taken apart.
 */
#include "ast.h"
#include "input.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_WORD,
    TOKEN_NUMBER, /* digits right before < or > */
    TOKEN_AND_IF,
    TOKEN_OR_IF,
    TOKEN_SEMICOLON,
    TOKEN_DOUBLE_SEMICOLON,
    TOKEN_AMPERSAND,
    TOKEN_PIPE,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_LESS,
    TOKEN_GREAT,
    TOKEN_GREAT_PIPE,
    TOKEN_DOUBLE_GREAT,
    TOKEN_LESS_GREAT,
    TOKEN_LESS_AND,
    TOKEN_GREAT_AND,
    TOKEN_HERE,      /* << */
    TOKEN_HERE_TABS, /* <<- */
};

struct token {
    enum token_kind kind;
    struct word *word; /* WORD, NUMBER */
    int line;
};

/* A here-document whose body stands after the current line. */
struct pending_here {
    struct pending_here *next;
    struct redirect *redirect; /* gets the body as its word */
    char *delimiter;
    int strip_tabs, quoted;
};

struct lexer {
    struct input *input;
    struct arena *arena;
    struct pending_here *pending;
    int pushed[2], pushed_count; /* characters put back */
    int failed;                  /* a syntax error was reported */
};

/* Starts on an input; trees are built in the arena. */
void lexer_begin(struct lexer *lx, struct input *in, struct arena *arena);

/*
 * Reads the next token; TOKEN_END at the end and after an error. A newline also
 * reads the here-documents that were announced before it.
 */
void lexer_next(struct lexer *lx, struct token *token);

/* Announces a here-document; its delimiter is the word, quoted or not. */
void lexer_add_here(struct lexer *lx, struct redirect *redirect,
                    const struct word *delimiter, int strip_tabs);

/* Reports a syntax error, once. */
void lexer_fail(struct lexer *lx, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The characters of a word that is one unquoted text, or NULL. */
const char *word_plain_text(const struct word *word);
