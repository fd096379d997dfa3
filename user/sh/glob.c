/*
 * glob.c - file names that match a pattern.
 *
 * The pattern is handled one path component at a time: a component without
 * magic is appended as it stands, one with magic is compared with the names in
 * the folder reached so far. Read next: ../common/match.c.
 */
#include "glob.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../common/match.h"

/* Whether an unquoted * ? or [ is among the characters. */
static int has_magic(const char *p, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (p[i] == '\\')
            i++;
        else if (strchr("*?[", p[i]))
            return 1;
    }
    return 0;
}

static void add_plain(struct text *path, const char *p, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (p[i] == '\\' && i + 1 < length)
            i++;
        text_add(path, p[i]);
    }
}

static void walk(struct text *path, const char *pattern, struct strings *list);

/* Goes on with each name in the folder that matches this component. */
static void walk_folder(struct text *path, const char *component,
                        const char *rest, struct strings *list)
{
    size_t length = path->length;
    DIR *dir = opendir(length ? path->bytes : ".");
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.' && component[0] != '.')
            continue;
        if (!match_pattern(component, e->d_name))
            continue;
        text_add_string(path, e->d_name);
        walk(path, rest, list);
        path->length = length;
        path->bytes[length] = 0;
    }
    closedir(dir);
}

/* path: what was matched so far; pattern: what is left. */
static void walk(struct text *path, const char *pattern, struct strings *list)
{
    struct stat st;
    while (*pattern == '/')
        text_add(path, *pattern++);
    if (!*pattern) {
        if (lstat(path->bytes, &st) == 0)
            strings_add(list, copy_string(path->bytes));
        return;
    }
    size_t length = strcspn(pattern, "/");
    if (!has_magic(pattern, length)) {
        size_t before = path->length;
        add_plain(path, pattern, length);
        walk(path, pattern + length, list);
        path->length = before;
        path->bytes[before] = 0;
        return;
    }
    char *component = copy_string(pattern);
    component[length] = 0;
    if (!path->bytes)
        text_add_bytes(path, "", 0);
    walk_folder(path, component, pattern + length, list);
    free(component);
}

int glob_expand(const char *pattern, struct strings *list)
{
    struct text path = { NULL, 0, 0 };
    size_t before = list->count;
    walk(&path, pattern, list);
    text_free(&path);
    strings_sort(list, before);
    return list->count > before;
}
