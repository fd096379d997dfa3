/*
 * parser.c - from tokens to syntax trees, by recursive descent.
 *
 * The functions follow the grammar of POSIX ("Shell Command Language", 2.10):
 * list, and-or list, pipeline, command. One token of look-ahead is enough.
 * After an error every function returns at once: the lexer then delivers only
 * TOKEN_END, and nobody looks at the tree.
 * Read next: exec.c.
 */
#include "parser.h"

#include <string.h>

struct parser {
    struct lexer *lx;
    struct token token; /* the next token, not used up yet */
};

static struct node *parse_list(struct parser *p);
static struct node *parse_command(struct parser *p);

static void advance(struct parser *p)
{
    lexer_next(p->lx, &p->token);
}

static struct node *new_node(struct parser *p, enum node_kind kind)
{
    struct node *n = arena_alloc(p->lx->arena, sizeof *n);
    n->kind = kind;
    n->line = p->token.line;
    return n;
}

static const char *token_text(const struct token *token)
{
    static const char *const texts[] = {
        [TOKEN_END] = "end of file", [TOKEN_NEWLINE] = "newline",
        [TOKEN_WORD] = "word",       [TOKEN_NUMBER] = "number",
        [TOKEN_AND_IF] = "\"&&\"",   [TOKEN_OR_IF] = "\"||\"",
        [TOKEN_SEMICOLON] = "\";\"", [TOKEN_DOUBLE_SEMICOLON] = "\";;\"",
        [TOKEN_AMPERSAND] = "\"&\"", [TOKEN_PIPE] = "\"|\"",
        [TOKEN_OPEN] = "\"(\"",      [TOKEN_CLOSE] = "\")\"",
    };
    const char *plain =
        token->kind == TOKEN_WORD ? word_plain_text(token->word) : NULL;
    if (plain)
        return plain;
    return token->kind < sizeof texts / sizeof *texts ? texts[token->kind]
                                                      : "redirection";
}

static void unexpected(struct parser *p, const char *expecting)
{
    const char *quote = p->token.kind == TOKEN_WORD ? "\"" : "";
    if (expecting)
        lexer_fail(p->lx, "%s%s%s unexpected (expecting %s)", quote,
                   token_text(&p->token), quote, expecting);
    else
        lexer_fail(p->lx, "%s%s%s unexpected", quote, token_text(&p->token),
                   quote);
    p->token.kind = TOKEN_END;
}

/* Whether the next token is this reserved word. */
static int at_word(const struct parser *p, const char *reserved)
{
    if (p->token.kind != TOKEN_WORD)
        return 0;
    const char *text = word_plain_text(p->token.word);
    return text && strcmp(text, reserved) == 0;
}

static int accept_word(struct parser *p, const char *reserved)
{
    if (!at_word(p, reserved))
        return 0;
    advance(p);
    return 1;
}

static void expect_word(struct parser *p, const char *reserved)
{
    if (!accept_word(p, reserved))
        unexpected(p, reserved);
}

static void skip_newlines(struct parser *p)
{
    while (p->token.kind == TOKEN_NEWLINE)
        advance(p);
}

/* Reserved words that end a list: where a command would have to start. */
static int at_list_end(const struct parser *p)
{
    static const char *const words[] = { "then", "else", "elif", "fi", "do",
                                         "done", "esac", "}",    NULL };
    for (int i = 0; words[i]; i++)
        if (at_word(p, words[i]))
            return 1;
    return p->token.kind == TOKEN_END || p->token.kind == TOKEN_CLOSE ||
           p->token.kind == TOKEN_DOUBLE_SEMICOLON;
}

static int at_redirect(const struct parser *p)
{
    return p->token.kind == TOKEN_NUMBER || p->token.kind >= TOKEN_LESS;
}

static enum redirect_kind redirect_kind(enum token_kind kind)
{
    switch (kind) {
    case TOKEN_LESS:
        return REDIRECT_INPUT;
    case TOKEN_GREAT:
        return REDIRECT_OUTPUT;
    case TOKEN_GREAT_PIPE:
        return REDIRECT_CLOBBER;
    case TOKEN_DOUBLE_GREAT:
        return REDIRECT_APPEND;
    case TOKEN_LESS_GREAT:
        return REDIRECT_READ_WRITE;
    case TOKEN_HERE:
    case TOKEN_HERE_TABS:
        return REDIRECT_HERE;
    default:
        return REDIRECT_DUPLICATE;
    }
}

static struct redirect *parse_redirect(struct parser *p)
{
    struct redirect *r = arena_alloc(p->lx->arena, sizeof *r);
    r->fd = -1;
    if (p->token.kind == TOKEN_NUMBER) {
        r->fd = 0;
        for (const char *d = word_plain_text(p->token.word); *d; d++)
            r->fd = r->fd < 100000 ? r->fd * 10 + (*d - '0') : r->fd;
        advance(p);
    }
    enum token_kind kind = p->token.kind;
    int reads = kind == TOKEN_LESS || kind == TOKEN_LESS_AND ||
                kind == TOKEN_LESS_GREAT || kind == TOKEN_HERE ||
                kind == TOKEN_HERE_TABS;
    if (r->fd < 0)
        r->fd = reads ? 0 : 1;
    r->kind = redirect_kind(kind);
    advance(p);
    if (p->token.kind != TOKEN_WORD) {
        unexpected(p, "word");
        return r;
    }
    if (r->kind == REDIRECT_HERE)
        lexer_add_here(p->lx, r, p->token.word, kind == TOKEN_HERE_TABS);
    else
        r->word = p->token.word;
    advance(p);
    return r;
}

static void parse_redirects(struct parser *p, struct redirect **last)
{
    while (at_redirect(p)) {
        *last = parse_redirect(p);
        last = &(*last)->next;
    }
}

static struct node *parse_compound_list(struct parser *p)
{
    skip_newlines(p);
    struct node *list = parse_list(p);
    if (!list && !p->lx->failed)
        unexpected(p, NULL);
    return list;
}

/* do LIST done */
static struct node *parse_do_group(struct parser *p)
{
    expect_word(p, "do");
    struct node *body = parse_compound_list(p);
    expect_word(p, "done");
    return body;
}

/* What follows "if" or "elif", with the closing "fi". */
static struct node *parse_if(struct parser *p)
{
    struct node *n = new_node(p, NODE_IF);
    n->first = parse_compound_list(p);
    expect_word(p, "then");
    n->second = parse_compound_list(p);
    if (accept_word(p, "elif")) {
        n->third = parse_if(p);
        return n;
    }
    if (accept_word(p, "else"))
        n->third = parse_compound_list(p);
    expect_word(p, "fi");
    return n;
}

static struct node *parse_loop(struct parser *p, enum node_kind kind)
{
    struct node *n = new_node(p, kind);
    n->first = parse_compound_list(p);
    n->second = parse_do_group(p);
    return n;
}

static struct node *parse_for(struct parser *p)
{
    struct node *n = new_node(p, NODE_FOR);
    const char *name =
        p->token.kind == TOKEN_WORD ? word_plain_text(p->token.word) : NULL;
    if (!name) {
        unexpected(p, "name");
        return n;
    }
    n->name = arena_copy(p->lx->arena, name, strlen(name));
    advance(p);
    skip_newlines(p);
    struct word **last = &n->words;
    if (accept_word(p, "in")) {
        for (; p->token.kind == TOKEN_WORD; advance(p)) {
            *last = p->token.word;
            last = &(*last)->next;
        }
        if (p->token.kind != TOKEN_SEMICOLON && p->token.kind != TOKEN_NEWLINE)
            unexpected(p, NULL);
    } else {
        n->over_parameters = 1;
    }
    if (p->token.kind == TOKEN_SEMICOLON)
        advance(p);
    skip_newlines(p);
    n->second = parse_do_group(p);
    return n;
}

/* One "pattern | pattern) list" of a case command. */
static struct case_item *parse_case_item(struct parser *p)
{
    struct case_item *item = arena_alloc(p->lx->arena, sizeof *item);
    struct word **last = &item->patterns;
    if (p->token.kind == TOKEN_OPEN)
        advance(p);
    for (;;) {
        if (p->token.kind != TOKEN_WORD) {
            unexpected(p, "word");
            return item;
        }
        *last = p->token.word;
        last = &(*last)->next;
        advance(p);
        if (p->token.kind != TOKEN_PIPE)
            break;
        advance(p);
    }
    if (p->token.kind != TOKEN_CLOSE)
        unexpected(p, "\")\"");
    else
        advance(p);
    skip_newlines(p);
    item->body = parse_list(p);
    return item;
}

static struct node *parse_case(struct parser *p)
{
    struct node *n = new_node(p, NODE_CASE);
    struct case_item **last = &n->items;
    if (p->token.kind != TOKEN_WORD) {
        unexpected(p, "word");
        return n;
    }
    n->words = p->token.word;
    advance(p);
    skip_newlines(p);
    expect_word(p, "in");
    skip_newlines(p);
    while (!p->lx->failed && !at_word(p, "esac")) {
        *last = parse_case_item(p);
        last = &(*last)->next;
        if (p->token.kind != TOKEN_DOUBLE_SEMICOLON)
            break; /* only the last item may do without */
        advance(p);
        skip_newlines(p);
    }
    expect_word(p, "esac");
    return n;
}

static struct node *parse_enclosed(struct parser *p, enum node_kind kind)
{
    struct node *n = new_node(p, kind);
    n->first = parse_compound_list(p);
    if (kind == NODE_GROUP)
        expect_word(p, "}");
    else if (p->token.kind == TOKEN_CLOSE)
        advance(p);
    else
        unexpected(p, "\")\"");
    return n;
}

/* A compound command, or NULL when none starts here. */
static struct node *parse_compound(struct parser *p)
{
    if (p->token.kind == TOKEN_OPEN) {
        advance(p);
        return parse_enclosed(p, NODE_SUBSHELL);
    }
    if (accept_word(p, "{"))
        return parse_enclosed(p, NODE_GROUP);
    if (accept_word(p, "if"))
        return parse_if(p);
    if (accept_word(p, "while"))
        return parse_loop(p, NODE_WHILE);
    if (accept_word(p, "until"))
        return parse_loop(p, NODE_UNTIL);
    if (accept_word(p, "for"))
        return parse_for(p);
    if (accept_word(p, "case"))
        return parse_case(p);
    return NULL;
}

/* NAME ( ) COMMAND, at the opening parenthesis. */
static struct node *parse_function(struct parser *p, const struct word *name)
{
    struct node *n = new_node(p, NODE_FUNCTION);
    const char *text = word_plain_text(name);
    advance(p);
    if (p->token.kind != TOKEN_CLOSE || !text) {
        unexpected(p, "\")\"");
        return n;
    }
    advance(p);
    skip_newlines(p);
    n->name = arena_copy(p->lx->arena, text, strlen(text));
    n->arena = p->lx->arena;
    n->first = parse_command(p);
    if (!n->first && !p->lx->failed)
        unexpected(p, NULL);
    return n;
}

static struct node *parse_simple(struct parser *p)
{
    struct node *n = new_node(p, NODE_SIMPLE);
    struct word **word = &n->words, **assignment = &n->assignments;
    struct redirect **redirect = &n->redirects;
    for (;;) {
        if (at_redirect(p)) {
            *redirect = parse_redirect(p);
            redirect = &(*redirect)->next;
            continue;
        }
        if (p->token.kind != TOKEN_WORD)
            break;
        struct word *w = p->token.word;
        advance(p);
        if (w->name && !n->words) {
            *assignment = w;
            assignment = &w->next;
            continue;
        }
        if (p->token.kind == TOKEN_OPEN && !n->words && !n->assignments &&
            !n->redirects)
            return parse_function(p, w);
        *word = w;
        word = &w->next;
    }
    return n->words || n->assignments || n->redirects ? n : NULL;
}

static struct node *parse_command(struct parser *p)
{
    struct node *n = parse_compound(p);
    if (n) {
        parse_redirects(p, &n->redirects);
        return n;
    }
    return at_list_end(p) ? NULL : parse_simple(p);
}

static struct node *parse_pipeline(struct parser *p)
{
    int negated = 0;
    while (accept_word(p, "!"))
        negated = !negated;
    struct node *first = parse_command(p);
    if (!first) {
        if (negated)
            unexpected(p, NULL);
        return NULL;
    }
    if (p->token.kind != TOKEN_PIPE && !negated)
        return first;
    struct node *pipeline = new_node(p, NODE_PIPELINE);
    struct node **last = &first->next;
    pipeline->first = first;
    pipeline->negated = negated;
    while (p->token.kind == TOKEN_PIPE) {
        advance(p);
        skip_newlines(p);
        *last = parse_command(p);
        if (!*last) {
            unexpected(p, NULL);
            break;
        }
        last = &(*last)->next;
    }
    return pipeline;
}

static struct node *parse_and_or(struct parser *p)
{
    struct node *left = parse_pipeline(p);
    while (left &&
           (p->token.kind == TOKEN_AND_IF || p->token.kind == TOKEN_OR_IF)) {
        struct node *n =
            new_node(p, p->token.kind == TOKEN_AND_IF ? NODE_AND : NODE_OR);
        advance(p);
        skip_newlines(p);
        n->first = left;
        n->second = parse_pipeline(p);
        if (!n->second)
            unexpected(p, NULL);
        left = n;
    }
    return left;
}

/* One and-or list with the ; or & after it; NULL when none starts here. */
static struct node *parse_item(struct parser *p)
{
    struct node *n = parse_and_or(p);
    if (!n)
        return NULL;
    if (p->token.kind == TOKEN_AMPERSAND) {
        struct node *background = new_node(p, NODE_BACKGROUND);
        background->first = n;
        n = background;
        advance(p);
    } else if (p->token.kind == TOKEN_SEMICOLON) {
        advance(p);
    } else if (p->token.kind != TOKEN_NEWLINE && !at_list_end(p)) {
        unexpected(p, NULL);
    }
    return n;
}

static struct node *make_list(struct parser *p, struct node *first)
{
    if (!first || !first->next)
        return first;
    struct node *list = new_node(p, NODE_LIST);
    list->first = first;
    return list;
}

/* Commands, over several lines, up to something that cannot start one. */
static struct node *parse_list(struct parser *p)
{
    struct node *first = NULL, **last = &first;
    for (;;) {
        skip_newlines(p);
        if (at_list_end(p))
            break;
        *last = parse_item(p);
        if (!*last)
            break;
        last = &(*last)->next;
    }
    return make_list(p, first);
}

enum parse_result parser_line(struct lexer *lx, struct node **tree)
{
    struct parser p = { .lx = lx };
    struct node *first = NULL, **last = &first;
    *tree = NULL;
    advance(&p);
    if (p.token.kind == TOKEN_END)
        return lx->failed ? PARSE_ERROR : PARSE_END;
    while (p.token.kind != TOKEN_NEWLINE && p.token.kind != TOKEN_END) {
        *last = parse_item(&p);
        if (!*last) {
            unexpected(&p, NULL);
            break;
        }
        last = &(*last)->next;
    }
    if (lx->failed)
        return PARSE_ERROR;
    *tree = make_list(&p, first);
    return PARSE_COMMAND;
}

struct node *parser_substitution(struct lexer *lx)
{
    struct parser p = { .lx = lx };
    advance(&p);
    struct node *list = parse_list(&p);
    if (p.token.kind != TOKEN_CLOSE)
        unexpected(&p, "\")\"");
    return list;
}

struct node *parser_all(struct lexer *lx)
{
    struct parser p = { .lx = lx };
    advance(&p);
    struct node *list = parse_list(&p);
    if (p.token.kind != TOKEN_END)
        unexpected(&p, NULL);
    return list;
}
