/*
 * proc/script.c - see script.h: "#! interpreter [argument]", blanks around both
 * passed over, blanks within the argument kept.
 */
#include "proc/script.h"

#include "abi/errno.h"
#include "base/string.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int script_parse(struct script *s, size_t head_bytes)
{
    char *p = s->line + 2;
    char *end = memchr(p, '\n', head_bytes - 2);
    bool cut = !end && head_bytes == IMAGE_HEAD_BYTES - 1;

    if (!end)
        end = s->line + head_bytes;
    if (memchr(p, 0, (size_t)(end - p)))
        end = memchr(p, 0, (size_t)(end - p));
    while (end > p && is_blank(end[-1]))
        end--;
    *end = 0;
    while (is_blank(*p))
        p++;
    if (*p == 0)
        return -ENOEXEC;
    s->interpreter = p;
    while (*p && !is_blank(*p))
        p++;
    if (*p == 0)
        return cut ? -ENOEXEC : 0;
    *p++ = 0;
    while (is_blank(*p))
        p++;
    s->argument = *p ? p : NULL;
    return 0;
}
