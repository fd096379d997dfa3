/*
 * string.h and ctype.h: searching, copying, splitting, comparing.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "check.h"

static void check_copies(void)
{
    char buf[16] = "xxxxxxxxxxxxxxx";
    volatile size_t part_length = 3;

    CHECK(strcpy(buf, "abc") == buf && strcmp(buf, "abc") == 0, "strcpy");
    CHECK(stpcpy(buf, "abcd") == buf + 4, "stpcpy");
    CHECK(strcmp(strcat(buf, "ef"), "abcdef") == 0, "strcat");
    CHECK(strcmp(strncat(buf, "ghijk", part_length - 1), "abcdefgh") == 0,
          "strncat");
    memset(buf, 'x', sizeof(buf));
    strncpy(buf, "ab", 5);
    CHECK(memcmp(buf, "ab\0\0\0x", 6) == 0, "strncpy fills with zeros");
    strncpy(buf, "abcdef", part_length);
    CHECK(memcmp(buf, "abc\0\0x", 6) == 0, "strncpy may not terminate");
    CHECK(memcpy(buf, "0123456789", 10) == buf, "memcpy");
    memmove(buf + 2, buf, 8);
    CHECK(memcmp(buf, "0101234567", 10) == 0, "memmove upwards");
    memmove(buf, buf + 2, 8);
    CHECK(memcmp(buf, "0123456767", 10) == 0, "memmove downwards");
    CHECK(mempcpy(buf, "xy", 2) == buf + 2, "mempcpy");

    char *copy = strdup("hello"), *part = strndup("hello", 2);

    CHECK(strcmp(copy, "hello") == 0, "strdup");
    CHECK(strcmp(part, "he") == 0, "strndup");
    free(copy);
    free(part);
}

static void check_searches(void)
{
    const char *text = "one two one";

    CHECK(strstr(text, "one") == text, "strstr at the start");
    CHECK(strstr(text, "two") == text + 4, "strstr in the middle");
    CHECK(strstr(text, "three") == NULL, "strstr finds nothing");
    CHECK(strstr(text, "") == text, "strstr of nothing");
    CHECK(strcasestr(text, "TWO") == text + 4, "strcasestr");
    CHECK(strchr(text, 't') == text + 4, "strchr");
    CHECK(strrchr(text, 'o') == text + 8, "strrchr");
    CHECK(strchrnul(text, 'x') == text + 11, "strchrnul");
    CHECK(strpbrk(text, "xyzt") == text + 4, "strpbrk");
    CHECK_EQ(strspn(text, "eno"), 3, "strspn");
    CHECK_EQ(strcspn(text, " "), 3, "strcspn");
    CHECK(memmem(text, 11, "wo", 2) == text + 5, "memmem");
    CHECK(memrchr(text, 'n', 11) == text + 9, "memrchr");
    CHECK(memchr(text, 0, 12) == text + 11, "memchr");
}

static void check_splitting(void)
{
    char words[] = "  a bc,d ", fields[] = "x::y";
    char *rest = words, *place = fields;

    CHECK(strcmp(strtok_r(words, " ,", &rest), "a") == 0, "first word");
    CHECK(strcmp(strtok_r(NULL, " ,", &rest), "bc") == 0, "second word");
    CHECK(strcmp(strtok_r(NULL, " ,", &rest), "d") == 0, "third word");
    CHECK(strtok_r(NULL, " ,", &rest) == NULL, "no more words");
    CHECK(strcmp(strsep(&place, ":"), "x") == 0, "first field");
    CHECK(strcmp(strsep(&place, ":"), "") == 0, "an empty field");
    CHECK(strcmp(strsep(&place, ":"), "y") == 0, "last field");
    CHECK(strsep(&place, ":") == NULL, "no more fields");
}

static void check_comparisons(void)
{
    CHECK(strcmp("a", "b") < 0 && strcmp("b", "a") > 0, "strcmp order");
    CHECK(strcmp("a", "\xff") < 0, "bytes are unsigned");
    CHECK(strncmp("abc", "abd", 2) == 0, "strncmp");
    CHECK(strcasecmp("HeLLo", "hEllO") == 0, "strcasecmp");
    CHECK(strncasecmp("ABx", "aby", 2) == 0, "strncasecmp");
    CHECK(memcmp("a\0b", "a\0c", 3) < 0, "memcmp passes zeros");
    CHECK_EQ(ffs(0x50), 5, "ffs");
}

static void check_characters(void)
{
    int letters = 0, digits = 0, spaces = 0, marks = 0, printable = 0;

    for (int c = 0; c < 256; c++) {
        letters += isalpha(c) != 0;
        digits += isxdigit(c) != 0;
        spaces += isspace(c) != 0;
        marks += ispunct(c) != 0;
        printable += isprint(c) != 0;
    }
    CHECK_EQ(letters, 52, "letters");
    CHECK_EQ(digits, 22, "hexadecimal digits");
    CHECK_EQ(spaces, 6, "spaces");
    CHECK_EQ(marks, 32, "punctuation");
    CHECK_EQ(printable, 95, "printable characters");
    CHECK(toupper('q') == 'Q' && tolower('Q') == 'q' && toupper('1') == '1',
          "case");
    CHECK(!isalpha(EOF) && !isspace(EOF), "EOF is in no class");
}

static void check_messages(void)
{
    CHECK(strcmp(strerror(ENOENT), "No such file or directory") == 0,
          "strerror");
    CHECK(strcmp(strsignal(SIGSEGV), "Segmentation fault") == 0, "strsignal");
    CHECK(strstr(strerror(9999), "9999") != NULL, "an unknown error");
}

int main(void)
{
    check_start();
    check_copies();
    check_searches();
    check_splitting();
    check_comparisons();
    check_characters();
    check_messages();
    return check_done();
}
