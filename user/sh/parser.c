/*
 * parser.c - from tokens to syntax trees, by recursive descent.
 *
 * The functions follow the grammar of POSIX ("Shell Command Language", 2.10):
 * list, and-or list, pipeline, command; compound commands are in compound.c.
 * One token of look-ahead is enough.
 * After an error every function returns at once: the lexer then delivers only
 * TOKEN_END, and nobody looks at the tree.
 * Read next: compound.c, exec.c.
 */
#include "parser.h"

#include <string.h>

#include "grammar.h"

void grammar_advance(struct parser *p)
{
    lexer_next(p->lx, &p->token);
}

struct node *grammar_new_node(struct parser *p, enum node_kind kind)
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

void grammar_unexpected(struct parser *p, const char *expecting)
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
int grammar_at_word(const struct parser *p, const char *reserved)
{
    if (p->token.kind != TOKEN_WORD)
        return 0;
    const char *text = word_plain_text(p->token.word);
    return text && strcmp(text, reserved) == 0;
}

int grammar_accept_word(struct parser *p, const char *reserved)
{
    if (!grammar_at_word(p, reserved))
        return 0;
    grammar_advance(p);
    return 1;
}

void grammar_expect_word(struct parser *p, const char *reserved)
{
    if (!grammar_accept_word(p, reserved))
        grammar_unexpected(p, reserved);
}

void grammar_skip_newlines(struct parser *p)
{
    while (p->token.kind == TOKEN_NEWLINE)
        grammar_advance(p);
}

/* Reserved words that end a list: where a command would have to start. */
static int at_list_end(const struct parser *p)
{
    static const char *const words[] = { "then", "else", "elif", "fi", "do",
                                         "done", "esac", "}",    NULL };
    for (int i = 0; words[i]; i++)
        if (grammar_at_word(p, words[i]))
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
        grammar_advance(p);
    }
    enum token_kind kind = p->token.kind;
    int reads = kind == TOKEN_LESS || kind == TOKEN_LESS_AND ||
                kind == TOKEN_LESS_GREAT || kind == TOKEN_HERE ||
                kind == TOKEN_HERE_TABS;
    if (r->fd < 0)
        r->fd = reads ? 0 : 1;
    r->kind = redirect_kind(kind);
    grammar_advance(p);
    if (p->token.kind != TOKEN_WORD) {
        grammar_unexpected(p, "word");
        return r;
    }
    if (r->kind == REDIRECT_HERE)
        lexer_add_here(p->lx, r, p->token.word, kind == TOKEN_HERE_TABS);
    else
        r->word = p->token.word;
    grammar_advance(p);
    return r;
}

static void parse_redirects(struct parser *p, struct redirect **last)
{
    while (at_redirect(p)) {
        *last = parse_redirect(p);
        last = &(*last)->next;
    }
}

static struct node *parse_simple(struct parser *p)
{
    struct node *n = grammar_new_node(p, NODE_SIMPLE);
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
        grammar_advance(p);
        if (w->name && !n->words) {
            *assignment = w;
            assignment = &w->next;
            continue;
        }
        if (p->token.kind == TOKEN_OPEN && !n->words && !n->assignments &&
            !n->redirects)
            return grammar_function(p, w);
        *word = w;
        word = &w->next;
    }
    return n->words || n->assignments || n->redirects ? n : NULL;
}

struct node *grammar_command(struct parser *p)
{
    struct node *n = grammar_compound(p);
    if (n) {
        parse_redirects(p, &n->redirects);
        return n;
    }
    return at_list_end(p) ? NULL : parse_simple(p);
}

static struct node *parse_pipeline(struct parser *p)
{
    int negated = 0;
    while (grammar_accept_word(p, "!"))
        negated = !negated;
    struct node *first = grammar_command(p);
    if (!first) {
        if (negated)
            grammar_unexpected(p, NULL);
        return NULL;
    }
    if (p->token.kind != TOKEN_PIPE && !negated)
        return first;
    struct node *pipeline = grammar_new_node(p, NODE_PIPELINE);
    struct node **last = &first->next;
    pipeline->first = first;
    pipeline->negated = negated;
    while (p->token.kind == TOKEN_PIPE) {
        grammar_advance(p);
        grammar_skip_newlines(p);
        *last = grammar_command(p);
        if (!*last) {
            grammar_unexpected(p, NULL);
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
        struct node *n = grammar_new_node(
            p, p->token.kind == TOKEN_AND_IF ? NODE_AND : NODE_OR);
        grammar_advance(p);
        grammar_skip_newlines(p);
        n->first = left;
        n->second = parse_pipeline(p);
        if (!n->second)
            grammar_unexpected(p, NULL);
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
        struct node *background = grammar_new_node(p, NODE_BACKGROUND);
        background->first = n;
        n = background;
        grammar_advance(p);
    } else if (p->token.kind == TOKEN_SEMICOLON) {
        grammar_advance(p);
    } else if (p->token.kind != TOKEN_NEWLINE && !at_list_end(p)) {
        grammar_unexpected(p, NULL);
    }
    return n;
}

static struct node *make_list(struct parser *p, struct node *first)
{
    if (!first || !first->next)
        return first;
    struct node *list = grammar_new_node(p, NODE_LIST);
    list->first = first;
    return list;
}

/* Commands, over several lines, up to something that cannot start one. */
struct node *grammar_list(struct parser *p)
{
    struct node *first = NULL, **last = &first;
    for (;;) {
        grammar_skip_newlines(p);
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
    grammar_advance(&p);
    if (p.token.kind == TOKEN_END)
        return lx->failed ? PARSE_ERROR : PARSE_END;
    while (p.token.kind != TOKEN_NEWLINE && p.token.kind != TOKEN_END) {
        *last = parse_item(&p);
        if (!*last) {
            grammar_unexpected(&p, NULL);
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
    grammar_advance(&p);
    struct node *list = grammar_list(&p);
    if (p.token.kind != TOKEN_CLOSE)
        grammar_unexpected(&p, "\")\"");
    return list;
}

struct node *parser_all(struct lexer *lx)
{
    struct parser p = { .lx = lx };
    grammar_advance(&p);
    struct node *list = grammar_list(&p);
    if (p.token.kind != TOKEN_END)
        grammar_unexpected(&p, NULL);
    return list;
}
