/*
 * lib/c/character.c - the functions of ctype.h.  Each comparison uses that an
 * unsigned difference is small only for characters inside the range.
 */
#include <ctype.h>

static int in_range(int c, int first, int last)
{
    return (unsigned)c - (unsigned)first <= (unsigned)(last - first);
}

int isdigit(int c)
{
    return in_range(c, '0', '9');
}

int islower(int c)
{
    return in_range(c, 'a', 'z');
}

int isupper(int c)
{
    return in_range(c, 'A', 'Z');
}

int isalpha(int c)
{
    return islower(c) || isupper(c);
}

int isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

int isascii(int c)
{
    return in_range(c, 0, 127);
}

int isblank(int c)
{
    return c == ' ' || c == '\t';
}

int isspace(int c)
{
    return c == ' ' || in_range(c, '\t', '\r');
}

int iscntrl(int c)
{
    return in_range(c, 0, 31) || c == 127;
}

int isprint(int c)
{
    return in_range(c, ' ', '~');
}

int isgraph(int c)
{
    return in_range(c, '!', '~');
}

int ispunct(int c)
{
    return isgraph(c) && !isalnum(c);
}

int isxdigit(int c)
{
    return isdigit(c) || in_range(c, 'a', 'f') || in_range(c, 'A', 'F');
}

int tolower(int c)
{
    return isupper(c) ? c + ('a' - 'A') : c;
}

int toupper(int c)
{
    return islower(c) ? c - ('a' - 'A') : c;
}
