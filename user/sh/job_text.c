/*
 * job_text.c - what a command line looks like, for the list of jobs.
 *
 * Made from the tree, so it shows one space where there were several, and
 * expansions shortened. Read next: ast.h.
 */
#include <stdlib.h>

#include "jobs.h"

static void add_word(struct text *t, const struct word *w)
{
    if (w->name) {
        text_add_string(t, w->name);
        text_add(t, '=');
    }
    for (const struct part *p = w->parts; p; p = p->next) {
        switch (p->kind) {
        case PART_TEXT:
            text_add_string(t, p->text);
            break;
        case PART_PARAMETER:
            text_add_string(t, "${");
            text_add_string(t, p->text);
            text_add(t, '}');
            break;
        case PART_COMMAND:
            text_add_string(t, "$(...)");
            break;
        case PART_ARITHMETIC:
            text_add_string(t, "$((...))");
            break;
        }
    }
}

static void add_words(struct text *t, const struct word *w)
{
    for (; w; w = w->next) {
        if (t->length && t->bytes[t->length - 1] != ' ')
            text_add(t, ' ');
        add_word(t, w);
    }
}

static void add_redirects(struct text *t, const struct redirect *r)
{
    static const char *const signs[] = {
        "<", ">", ">|", ">>", "<>", ">&", "<<"
    };
    for (; r; r = r->next) {
        text_add(t, ' ');
        text_add_string(t, signs[r->kind]);
        if (r->kind == REDIRECT_HERE)
            text_add_string(t, "...");
        else if (r->word)
            add_word(t, r->word);
    }
}

static void add_node(struct text *t, const struct node *n);

/* Commands with something between them. */
static void add_list(struct text *t, const struct node *n, const char *between)
{
    for (; n; n = n->next) {
        add_node(t, n);
        if (n->next)
            text_add_string(t, between);
    }
}

static void add_node(struct text *t, const struct node *n)
{
    static const char *const compound[] = {
        [NODE_IF] = "if ... fi",         [NODE_WHILE] = "while ... done",
        [NODE_UNTIL] = "until ... done", [NODE_FOR] = "for ... done",
        [NODE_CASE] = "case ... esac",   [NODE_FUNCTION] = "function",
    };
    switch (n->kind) {
    case NODE_SIMPLE:
        add_words(t, n->assignments);
        add_words(t, n->words);
        break;
    case NODE_PIPELINE:
        add_list(t, n->first, " | ");
        break;
    case NODE_AND:
    case NODE_OR:
        add_node(t, n->first);
        text_add_string(t, n->kind == NODE_AND ? " && " : " || ");
        add_node(t, n->second);
        break;
    case NODE_LIST:
        add_list(t, n->first, "; ");
        break;
    case NODE_BACKGROUND:
        add_node(t, n->first);
        text_add_string(t, " &");
        break;
    case NODE_SUBSHELL:
    case NODE_GROUP:
        text_add_string(t, n->kind == NODE_SUBSHELL ? "(" : "{ ");
        add_node(t, n->first);
        text_add_string(t, n->kind == NODE_SUBSHELL ? ")" : "; }");
        break;
    default:
        text_add_string(t, compound[n->kind]);
        break;
    }
    add_redirects(t, n->redirects);
}

char *job_text(const struct node *n)
{
    struct text t = { NULL, 0, 0 };
    if (n)
        add_node(&t, n);
    else
        text_add_string(&t, "?");
    return text_take(&t);
}
