/*
 * input.c - numbers, lists, words and events as people type them.
 *
 * All limits are here: a word is short, a history is finite, a number fits.
 * Read next: memory.h (what events do to memory)
 */
#include "input.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

enum { MOST_EVENTS = 10000 };

void input_fail(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fflush(stdout);
    report("%s", text);
    exit(2);
}

long input_number(const char *what, const char *text, long least, long most)
{
    long n;

    if (options_number(text, &n) || n < least || n > most)
        input_fail("%s: '%.40s' is no number from %ld to %ld", what, text,
                   least, most);
    return n;
}

size_t input_list(const char *what, const char *text, long *out, size_t most)
{
    char word[WORD_BYTES];
    size_t count = 0;

    for (;; text++) {
        size_t length = strcspn(text, ",");
        if (length >= sizeof word)
            input_fail("%s: '%.40s' is too long", what, text);
        if (count == most)
            input_fail("%s: more than %zu of them", what, most);
        memcpy(word, text, length);
        word[length] = '\0';
        out[count++] = input_number(what, word, 1, 1L << 40);
        text += length;
        if (*text == '\0')
            return count;
    }
}

int input_choice(const char *what, const char *text, const char *const *names)
{
    char all[128] = "";

    for (int i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
        snprintf(all + strlen(all), sizeof all - strlen(all), " %s", names[i]);
    }
    input_fail("%s: '%.40s' is none of%s", what, text, all);
}

/* ---- words ---------------------------------------------------------------- */

static int next_character(struct words *w)
{
    if (!w->at)
        return w->file ? getc(w->file) : EOF;
    return *w->at ? (unsigned char)*w->at++ : EOF;
}

/* Turns to the next operand; returns 0 when there is none. */
static int next_operand(struct words *w)
{
    if (!w->operands || !*w->operands)
        return 0;
    w->at = *w->operands++;
    w->file = NULL;
    if (strcmp(w->at, "-") == 0) {
        w->at = NULL;
        w->file = stdin;
    }
    return 1;
}

int words_next(struct words *w, char word[WORD_BYTES])
{
    size_t length = 0;

    for (;;) {
        int c = next_character(w);
        if (c == '#')
            while (c != '\n' && c != EOF)
                c = next_character(w);
        if (c != EOF && !isspace(c)) {
            if (c == '\0' || length == WORD_BYTES - 1)
                input_fail("a word is too long or holds a zero byte: '%.*s...'",
                           (int)(length < 20 ? length : 20), word);
            word[length++] = (char)c;
        } else if (length) {
            word[length] = '\0';
            return 1;
        } else if (c == EOF) {
            if (w->file && ferror(w->file))
                input_fail("cannot read: %s", strerror(errno));
            if (!next_operand(w))
                return 0;
        }
    }
}

/* ---- events --------------------------------------------------------------- */

static void parse_event(const char *word, struct event *e, long most)
{
    size_t length = strcspn(word + 1, ":");

    if ((word[0] != '+' && word[0] != '-') || length == 0 ||
        length >= NAME_BYTES || (word[0] == '+') != (word[1 + length] == ':'))
        input_fail("'%s' is neither +NAME:SIZE nor -NAME, with a name of 1 to "
                   "%d letters",
                   word, NAME_BYTES - 1);
    for (size_t i = 1; i <= length; i++)
        if (!isalnum((unsigned char)word[i]))
            input_fail("'%s': names are made of letters and digits", word);
    memcpy(e->name, word + 1, length);
    e->name[length] = '\0';
    e->size =
        word[0] == '-' ? 0 : input_number(word, word + length + 2, 1, most);
}

/* Does name live after the events so far? */
static int lives(const struct events *e, const char *name)
{
    for (size_t i = e->count; i-- > 0;)
        if (strcmp(e->list[i].name, name) == 0)
            return e->list[i].size > 0;
    return 0;
}

void events_read(struct events *e, char **operands, long most)
{
    struct words words = { .operands = operands };
    char word[WORD_BYTES];

    e->list = memory_get(MOST_EVENTS * sizeof *e->list);
    e->count = 0;
    while (words_next(&words, word)) {
        struct event *new = &e->list[e->count];
        if (e->count == MOST_EVENTS)
            input_fail("more than %d requests and releases", MOST_EVENTS);
        parse_event(word, new, most);
        if (lives(e, new->name) != (new->size == 0))
            input_fail("'%s': %s", word,
                       new->size ? "it has asked already" : "it has nothing");
        e->count++;
    }
    if (e->count == 0)
        input_fail("nothing to do: type requests and releases such as +A:100 "
                   "-A");
}

long random_below(unsigned long *state, long limit)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return (long)((*state >> 33) % (unsigned long)limit);
}

void events_make(struct events *e, size_t count, long seed, long memory)
{
    size_t *live = memory_get((count + 1) * sizeof *live), alive = 0, made = 0;
    unsigned long state = (unsigned long)seed;
    long least = memory / 64 + 1, most = memory / 8 + 1, sum = 0;

    e->list = memory_get(count * sizeof *e->list);
    for (e->count = 0; e->count < count; e->count++) {
        struct event *new = &e->list[e->count];
        long size = least + random_below(&state, most - least + 1);
        if (sum + size <= memory / 10 * 9 || alive == 0) {
            snprintf(new->name, sizeof new->name, "%c%zu",
                     (int)('a' + made % 26), made / 26 % 10000);
            made++;
            new->size = size;
            sum += size;
            live[alive++] = e->count;
        } else {
            size_t i = (size_t)random_below(&state, (long)alive);
            *new = e->list[live[i]];
            sum -= new->size;
            new->size = 0;
            live[i] = live[--alive];
        }
    }
    free(live);
}

void event_text(const struct event *e, char text[WORD_BYTES])
{
    if (e->size)
        snprintf(text, WORD_BYTES, "+%s:%ld", e->name, e->size);
    else
        snprintf(text, WORD_BYTES, "-%s", e->name);
}
