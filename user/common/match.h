#pragma once
/*
 * Pattern matching: shell patterns and simple regular expressions.
 */
#include <stddef.h>

enum { MATCH_EXACT_CASE = 0, MATCH_IGNORE_CASE = 1 };

/*
 * Whether text as a whole matches the shell pattern: * ? [a-z] [!a-z], and a
 * backslash that makes the next character plain.
 */
int match_pattern(const char *pattern, const char *text);

/*
 * The same for the first `length` characters of text only; the pattern must
 * cover exactly these.
 */
int match_pattern_part(const char *pattern, const char *text, size_t length);

/*
 * Finds the simple regular expression in text: . [a-z] [^a-z] x* x\+ x\? ^ $
 * and backslash before a plain character. Returns the start of the leftmost
 * match and its end in *end, or NULL.
 */
const char *match_regex(const char *regex, const char *text, int how,
                        const char **end);
