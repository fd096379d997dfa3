#pragma once
/*
 * The syntax tree of a command line.
 *
 * Everything is parsed once: a word is a list of parts, and the commands inside
 * $(...) are trees like any other. A tree lives in one arena.
 */
#include "memory.h"

enum part_kind {
    PART_TEXT,       /* plain characters */
    PART_PARAMETER,  /* $name, ${name...} */
    PART_COMMAND,    /* $(...) and `...` */
    PART_ARITHMETIC, /* $((...)) */
};

/* What ${name...} does with the value; the colon forms are these plus colon. */
enum parameter_op {
    OP_VALUE,              /* ${x} */
    OP_LENGTH,             /* ${#x} */
    OP_DEFAULT,            /* ${x-word} */
    OP_ASSIGN,             /* ${x=word} */
    OP_ERROR,              /* ${x?word} */
    OP_ALTERNATIVE,        /* ${x+word} */
    OP_CUT_SUFFIX,         /* ${x%pattern} */
    OP_CUT_LONGEST_SUFFIX, /* ${x%%pattern} */
    OP_CUT_PREFIX,         /* ${x#pattern} */
    OP_CUT_LONGEST_PREFIX, /* ${x##pattern} */
};

struct part {
    struct part *next;
    enum part_kind kind;
    int quoted;           /* by quotes or a backslash: no splitting, no glob */
    char *text;           /* TEXT: characters, PARAMETER: name */
    enum parameter_op op; /* PARAMETER */
    int colon;            /* PARAMETER: an empty value counts as unset */
    struct part *operand; /* PARAMETER: the word, ARITHMETIC: the expression */
    struct node *command; /* COMMAND; NULL for an empty one */
};

struct word {
    struct word *next;
    struct part *parts; /* NULL for the value of an assignment like "x=" */
    char *name;         /* assignments only: the name */
};

enum redirect_kind {
    REDIRECT_INPUT,      /* < */
    REDIRECT_OUTPUT,     /* > */
    REDIRECT_CLOBBER,    /* >| */
    REDIRECT_APPEND,     /* >> */
    REDIRECT_READ_WRITE, /* <> */
    REDIRECT_DUPLICATE,  /* <& and >& */
    REDIRECT_HERE,       /* << and <<- */
};

struct redirect {
    struct redirect *next;
    enum redirect_kind kind;
    int fd;            /* the descriptor to set */
    struct word *word; /* file name, or number, or here-document */
};

enum node_kind {
    NODE_SIMPLE,
    NODE_PIPELINE,   /* first: commands; negated */
    NODE_AND,        /* first && second */
    NODE_OR,         /* first || second */
    NODE_LIST,       /* first: commands one after another */
    NODE_BACKGROUND, /* first */
    NODE_SUBSHELL,   /* first */
    NODE_GROUP,      /* first */
    NODE_IF,         /* first: condition, second: then, third: else */
    NODE_WHILE,      /* first: condition, second: body */
    NODE_UNTIL,
    NODE_FOR,      /* name, words, second: body */
    NODE_CASE,     /* words: the word, items */
    NODE_FUNCTION, /* name, first: body */
};

struct case_item {
    struct case_item *next;
    struct word *patterns;
    struct node *body; /* NULL for an empty one */
};

struct node {
    enum node_kind kind;
    int line;
    struct node *next; /* in a LIST or PIPELINE */
    struct node *first, *second, *third;
    struct redirect *redirects;
    struct word *assignments; /* SIMPLE */
    struct word *words;       /* SIMPLE, FOR, CASE */
    char *name;               /* FOR, FUNCTION */
    struct case_item *items;  /* CASE */
    int negated;              /* PIPELINE */
    int over_parameters;      /* FOR without "in": over "$@" */
    struct arena *arena;      /* FUNCTION: what the body lives in */
};
