/*
 * grep - prints the lines that match a pattern.
 *
 * Patterns are simple regular expressions (common/match.h). Exit status 0: some
 * line was found, 1: none, 2: an error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/match.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: grep [-cFhHilnoqsvx] [-e PATTERN] [PATTERN] [FILE]...\n"
    "  -c  only count lines       -e  the pattern (when it starts with -)\n"
    "  -F  PATTERN is plain text  -h  no file names    -H  file names\n"
    "  -i  ignore case            -l  only names of files with a match\n"
    "  -n  line numbers           -o  only the matching parts\n"
    "  -q  print nothing          -s  no messages about missing files\n"
    "  -v  lines that do not match                     -x  whole lines\n";

static unsigned char on[128]; /* options by letter */
static const char *pattern;
static int with_names;
static int found, failed;

/* Finds plain text; same results as match_regex. */
static const char *find_plain(const char *text, const char **end)
{
    size_t length = strlen(pattern);
    for (;; text++) {
        if (on['i'] ? strncasecmp(text, pattern, length) == 0
                    : strncmp(text, pattern, length) == 0) {
            *end = text + length;
            return text;
        }
        if (!*text)
            return NULL;
    }
}

static const char *find(const char *text, const char **end)
{
    if (on['F'])
        return find_plain(text, end);
    return match_regex(pattern, text,
                       on['i'] ? MATCH_IGNORE_CASE : MATCH_EXACT_CASE, end);
}

static int line_matches(const char *line)
{
    const char *end;
    const char *start = find(line, &end);
    /* The leftmost match is the longest here for what -x is used for. */
    if (start && on['x'] && (start != line || *end))
        start = NULL;
    return (start != NULL) != on['v'];
}

static void print_prefix(const char *name, unsigned long number)
{
    if (with_names)
        printf("%s:", name);
    if (on['n'])
        printf("%lu:", number);
}

static void print_line(const char *name, unsigned long number, const char *line)
{
    if (!on['o']) {
        print_prefix(name, number);
        puts(line);
        return;
    }
    for (const char *end; !on['v'] && *line; line = end) {
        const char *start = find(line, &end);
        if (!start)
            break;
        if (end == start) {
            end++;
            continue;
        }
        print_prefix(name, number);
        printf("%.*s\n", (int)(end - start), start);
    }
}

static void grep_stream(FILE *f, const char *name)
{
    char *line = NULL;
    size_t room = 0;
    unsigned long number = 0, hits = 0;
    for (ssize_t length; (length = getline(&line, &room, f)) >= 0;) {
        number++;
        if (length && line[length - 1] == '\n')
            line[length - 1] = 0;
        if (!line_matches(line))
            continue;
        hits++;
        found = 1;
        if (on['q'])
            exit(0);
        if (on['l']) {
            puts(name);
            break;
        }
        if (!on['c'])
            print_line(name, number, line);
    }
    if (ferror(f)) {
        failed = 1;
        report_errno("%s", name);
    }
    if (on['c'] && !on['l']) {
        if (with_names)
            printf("%s:", name);
        printf("%lu\n", hits);
    }
    free(line);
}

static void grep_file(const char *path)
{
    if (strcmp(path, "-") == 0) {
        grep_stream(stdin, "(standard input)");
        return;
    }
    FILE *f = fopen(path, "r");
    if (!f) {
        if (!on['s'])
            report_errno("%s", path);
        failed = 1;
        return;
    }
    grep_stream(f, path);
    fclose(f);
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, first = 0;
    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "ce:FhHilnoqsvx")) != -1) {
        on[letter] = 1;
        if (letter == 'e')
            pattern = o.value;
    }
    if (!pattern) {
        if (!o.count) {
            fputs(help, stderr);
            return 2;
        }
        pattern = o.operands[first++];
    }
    with_names = on['H'] || (o.count - first > 1 && !on['h']);
    if (first == o.count)
        grep_file("-");
    for (int i = first; i < o.count; i++)
        grep_file(o.operands[i]);
    return report_finish(failed ? 2 : !found);
}
