/*
 * match.c - shell patterns and simple regular expressions.
 *
 * Both walk the pattern and the text side by side; a star tries every length.
 * Shell patterns remember only the last star (an earlier star never has to be
 * tried again), so they need no recursion. The regular expressions are the
 * matcher of Kernighan and Pike ("The Practice of Programming", 9.2), extended
 * by bracket expressions.
 * Read next: ../grep.c, ../sh/glob.c.
 */
#include "match.h"

#include <ctype.h>
#include <string.h>

/* Whether c is in the POSIX class at *p ("[:alpha:]"); moves past it. */
static int in_class(const char **p, int c)
{
    static const struct {
        const char *name;
        int (*is)(int);
    } classes[] = {
        { "[:alpha:]", isalpha },   { "[:digit:]", isdigit },
        { "[:alnum:]", isalnum },   { "[:upper:]", isupper },
        { "[:lower:]", islower },   { "[:space:]", isspace },
        { "[:punct:]", ispunct },   { "[:print:]", isprint },
        { "[:xdigit:]", isxdigit },
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        size_t length = strlen(classes[i].name);
        if (strncmp(*p, classes[i].name, length) == 0) {
            *p += length;
            return classes[i].is(c) ? 1 : 0;
        }
    }
    return -1;
}

/*
 * Matches c with the bracket expression that starts after the '[' at p.
 * Returns what stands after its ']', or NULL when it has none; *hit says
 * whether c is in it.
 */
static const char *bracket(const char *p, int c, int how, int *hit)
{
    int inverted = *p == '!' || *p == '^';
    int found = 0;
    const char *first = p += inverted;

    while (*p && (*p != ']' || p == first)) {
        int class = *p == '[' && p[1] == ':' ? in_class(&p, c) : -1;
        if (class >= 0) {
            found |= class;
            continue;
        }
        if (*p == '\\' && p[1])
            p++;
        int low = (unsigned char)*p++, high = low;
        if (p[0] == '-' && p[1] && p[1] != ']') {
            p += p[1] == '\\' && p[2] ? 2 : 1;
            high = (unsigned char)*p++;
        }
        found |= low <= c && c <= high;
        if (how & MATCH_IGNORE_CASE)
            found |= (low <= tolower(c) && tolower(c) <= high) ||
                     (low <= toupper(c) && toupper(c) <= high);
    }
    *hit = found != inverted;
    return *p == ']' ? p + 1 : NULL;
}

/* Matches one character of a shell pattern; NULL when it does not match. */
static const char *pattern_one(const char *p, int c)
{
    int hit;
    if (*p == '?')
        return p + 1;
    if (*p == '[') {
        const char *after = bracket(p + 1, c, 0, &hit);
        if (after)
            return hit ? after : NULL;
    }
    if (*p == '\\' && p[1])
        p++;
    return (unsigned char)*p == c ? p + 1 : NULL;
}

int match_pattern_part(const char *pattern, const char *text, size_t length)
{
    const char *end = text + length;
    const char *star = NULL, *star_text = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            star_text = text;
            continue;
        }
        if (text == end && !*pattern)
            return 1;
        const char *after = NULL;
        if (text < end && *pattern)
            after = pattern_one(pattern, (unsigned char)*text);
        if (after) {
            pattern = after;
            text++;
        } else {
            /* The last star takes one character more, as long as it can. */
            if (!star || star_text == end)
                return 0;
            pattern = star;
            text = ++star_text;
        }
    }
}

int match_pattern(const char *pattern, const char *text)
{
    return match_pattern_part(pattern, text, strlen(text));
}

/* The end of the one-character piece of a regular expression at p. */
static const char *piece_end(const char *p)
{
    int hit;
    if (*p == '\\' && p[1])
        return p + 2;
    if (*p == '[') {
        const char *after = bracket(p + 1, 0, 0, &hit);
        if (after)
            return after;
    }
    return p + 1;
}

static int piece_matches(const char *p, int c, int how)
{
    int hit;
    if (c == 0)
        return 0;
    if (*p == '.')
        return 1;
    if (*p == '[' && bracket(p + 1, c, how, &hit))
        return hit;
    if (*p == '\\' && p[1])
        p++;
    int want = (unsigned char)*p;
    return want == c ||
           ((how & MATCH_IGNORE_CASE) && tolower(want) == tolower(c));
}

/* Returns the end of the match of regex at exactly this place, or NULL. */
static const char *match_here(const char *regex, const char *text, int how)
{
    for (;;) {
        if (!*regex)
            return text;
        if (regex[0] == '$' && !regex[1])
            return *text ? NULL : text;

        const char *next = piece_end(regex);
        size_t least = 0, most = (size_t)-1;
        if (*next == '*') {
            next++;
        } else if (next[0] == '\\' && next[1] == '+') {
            least = 1;
            next += 2;
        } else if (next[0] == '\\' && next[1] == '?') {
            most = 1;
            next += 2;
        } else {
            if (!piece_matches(regex, (unsigned char)*text, how))
                return NULL;
            regex = next;
            text++;
            continue;
        }
        /* Repetition: the longest first. */
        size_t n = 0;
        while (n < most && piece_matches(regex, (unsigned char)text[n], how))
            n++;
        for (;; n--) {
            if (n < least)
                return NULL;
            const char *end = match_here(next, text + n, how);
            if (end || n == 0)
                return end;
        }
    }
}

const char *match_regex(const char *regex, const char *text, int how,
                        const char **end)
{
    if (*regex == '^') {
        const char *after = match_here(regex + 1, text, how);
        *end = after;
        return after ? text : NULL;
    }
    for (const char *last = text + strlen(text); text <= last; text++) {
        const char *after = match_here(regex, text, how);
        if (after) {
            *end = after;
            return text;
        }
    }
    return NULL;
}
