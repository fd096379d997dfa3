/*
 * ls - lists files and folders.
 *
 * Every operand becomes an entry; entries that are folders are then listed in
 * turn. On a terminal names stand in columns, otherwise one to a line.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "common/calendar.h"
#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: ls [-1aAdFhilrRSt] [FILE]...\n"
    "  -1  one name per line          -a  names that start with a dot too\n"
    "  -A  as -a, but not . and ..    -d  folders themselves, not their names\n"
    "  -F  mark the kind of file      -h  sizes with K, M, G\n"
    "  -i  inode numbers              -l  one line of facts per file\n"
    "  -r  reverse the order          -R  folders in folders too\n"
    "  -S  largest first              -t  newest first\n";

struct entry {
    char *name; /* as printed */
    char *path;
    struct stat st;
};

static unsigned char on[128]; /* options by letter */
static int lines_before;      /* something was printed already */
static int status;

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (on['S'] && x->st.st_size != y->st.st_size)
        order = x->st.st_size < y->st.st_size ? 1 : -1;
    if (on['t'] && x->st.st_mtime != y->st.st_mtime)
        order = x->st.st_mtime < y->st.st_mtime ? 1 : -1;
    return on['r'] ? -order : order;
}

static void format_mode(mode_t mode, char out[11])
{
    static const char bits[] = "rwxrwxrwx";
    const char kind = S_ISDIR(mode)    ? 'd'
                      : S_ISLNK(mode)  ? 'l'
                      : S_ISCHR(mode)  ? 'c'
                      : S_ISBLK(mode)  ? 'b'
                      : S_ISFIFO(mode) ? 'p'
                      : S_ISSOCK(mode) ? 's'
                                       : '-';
    out[0] = kind;
    for (int i = 0; i < 9; i++)
        out[i + 1] = mode & (0400u >> i) ? bits[i] : '-';
    if (mode & S_ISUID)
        out[3] = mode & 0100 ? 's' : 'S';
    if (mode & S_ISGID)
        out[6] = mode & 0010 ? 's' : 'S';
    if (mode & S_ISVTX)
        out[9] = mode & 0001 ? 't' : 'T';
    out[10] = 0;
}

static void format_size(const struct stat *st, char *out, size_t size)
{
    unsigned long long n = (unsigned long long)st->st_size;
    const char *unit = "KMGT";
    if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
        snprintf(out, size, "%u, %u", (unsigned)major(st->st_rdev),
                 (unsigned)minor(st->st_rdev));
        return;
    }
    if (!on['h'] || n < 1024) {
        snprintf(out, size, "%llu", n);
        return;
    }
    unsigned long long tenths = (n * 10 + 1023) / 1024;
    for (; tenths >= 10240 && unit[1]; unit++)
        tenths = (tenths + 1023) / 1024;
    if (tenths < 100)
        snprintf(out, size, "%llu.%llu%c", tenths / 10, tenths % 10, *unit);
    else
        snprintf(out, size, "%llu%c", (tenths + 9) / 10, *unit);
}

/* The mark of -F; the names of a long listing end in the link's target. */
static void print_name(const struct entry *e)
{
    mode_t mode = e->st.st_mode;
    fputs(e->name, stdout);
    if (on['l'] && S_ISLNK(mode)) {
        char target[4096];
        ssize_t length = readlink(e->path, target, sizeof target - 1);
        printf(" -> %.*s", (int)(length > 0 ? length : 0), target);
    } else if (on['F'] && S_ISDIR(mode)) {
        putchar('/');
    } else if (on['F'] && S_ISLNK(mode)) {
        putchar('@');
    } else if (on['F'] && S_ISFIFO(mode)) {
        putchar('|');
    } else if (on['F'] && S_ISREG(mode) && mode & 0111) {
        putchar('*');
    }
}

static int width(unsigned long long n)
{
    int w = 1;
    for (; n >= 10; n /= 10)
        w++;
    return w;
}

static void print_long(const struct entry *list, size_t count)
{
    int links = 1, size = 1, inode = 1, user = 1, group = 1;
    char text[32], mode[11], when[32];
    for (size_t i = 0; i < count; i++) {
        const struct stat *st = &list[i].st;
        format_size(st, text, sizeof text);
        int w = (int)strlen(text);
        size = w > size ? w : size;
        w = width(st->st_nlink);
        links = w > links ? w : links;
        w = width(st->st_ino);
        inode = w > inode ? w : inode;
        w = width(st->st_uid);
        user = w > user ? w : user;
        w = width(st->st_gid);
        group = w > group ? w : group;
    }
    for (size_t i = 0; i < count; i++) {
        const struct stat *st = &list[i].st;
        format_mode(st->st_mode, mode);
        format_size(st, text, sizeof text);
        calendar_format(when, sizeof when, "%F %H:%M", st->st_mtime);
        if (on['i'])
            printf("%*llu ", inode, (unsigned long long)st->st_ino);
        printf("%s %*lu %*u %*u %*s %s ", mode, links,
               (unsigned long)st->st_nlink, user, (unsigned)st->st_uid, group,
               (unsigned)st->st_gid, size, text, when);
        print_name(&list[i]);
        putchar('\n');
    }
}

static void print_columns(const struct entry *list, size_t count, size_t screen)
{
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list[i].name) + (on['F'] != 0);
        widest = length > widest ? length : widest;
    }
    size_t columns = screen / (widest + 2);
    columns = columns ? columns : 1;
    size_t rows = (count + columns - 1) / columns;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < count; i += rows) {
            print_name(&list[i]);
            if (i + rows < count)
                printf("%*s", (int)(widest + 2 - strlen(list[i].name)), "");
        }
        putchar('\n');
    }
}

static void print_entries(struct entry *list, size_t count)
{
    struct winsize window = { .ws_col = 0 };
    qsort(list, count, sizeof *list, compare);
    if (on['l']) {
        print_long(list, count);
    } else if (!on['1'] && !on['i'] && isatty(1)) {
        if (ioctl(1, TIOCGWINSZ, &window) || !window.ws_col)
            window.ws_col = 80;
        print_columns(list, count, window.ws_col);
    } else {
        for (size_t i = 0; i < count; i++) {
            if (on['i'])
                printf("%llu ", (unsigned long long)list[i].st.st_ino);
            print_name(&list[i]);
            putchar('\n');
        }
    }
    lines_before |= count != 0;
}

static void free_entries(struct entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].path);
    }
    free(list);
}

static int is_wanted(const char *name)
{
    if (name[0] != '.' || on['a'])
        return 1;
    return on['A'] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Reads the entries of a folder; NULL with a message when it cannot. */
static struct entry *read_folder(const char *path, size_t *count)
{
    size_t used = 0, room = 32;
    DIR *dir = opendir(path);
    if (!dir) {
        report_errno("cannot open directory '%s'", path);
        return NULL;
    }
    struct entry *list = memory_get(room * sizeof *list);
    for (struct dirent *d; (d = readdir(dir));) {
        if (!is_wanted(d->d_name))
            continue;
        if (used == room)
            list = memory_resize(list, (room *= 2) * sizeof *list);
        struct entry *e = &list[used];
        e->path = file_join(path, d->d_name);
        if (lstat(e->path, &e->st)) {
            report_errno("cannot access '%s'", e->path);
            status = 1;
            free(e->path);
            continue;
        }
        e->name = strdup(d->d_name);
        used++;
    }
    closedir(dir);
    *count = used;
    return list;
}

static void list_folder(const char *path, int with_title)
{
    size_t count;
    struct entry *list = read_folder(path, &count);
    if (!list) {
        status = 2;
        return;
    }
    if (with_title)
        printf("%s%s:\n", lines_before ? "\n" : "", path);
    lines_before |= with_title;
    print_entries(list, count);
    for (size_t i = 0; on['R'] && i < count; i++)
        if (S_ISDIR(list[i].st.st_mode) && strcmp(list[i].name, ".") != 0 &&
            strcmp(list[i].name, "..") != 0)
            list_folder(list[i].path, 1);
    free_entries(list, count);
}

/* Operands: first those that are no folders, then the folders' contents. */
static void list_operands(char **operands, int operand_count)
{
    struct entry *files = memory_get((size_t)operand_count * sizeof *files);
    struct entry *folders = memory_get((size_t)operand_count * sizeof *files);
    size_t file_count = 0, folder_count = 0;
    for (int i = 0; i < operand_count; i++) {
        struct entry e = { .path = operands[i] };
        int plain = on['d'] || on['l'] || on['F'];
        if ((plain || stat(e.path, &e.st)) && lstat(e.path, &e.st)) {
            report_errno("cannot access '%s'", e.path);
            status = 2;
            continue;
        }
        e.name = strdup(e.path);
        e.path = strdup(e.path);
        if (S_ISDIR(e.st.st_mode) && !on['d'])
            folders[folder_count++] = e;
        else
            files[file_count++] = e;
    }
    print_entries(files, file_count);
    qsort(folders, folder_count, sizeof *folders, compare);
    for (size_t i = 0; i < folder_count; i++)
        list_folder(folders[i].path, operand_count > 1 || on['R']);
    free_entries(files, file_count);
    free_entries(folders, folder_count);
}

int main(int argc, char **argv)
{
    static char dot[] = ".";
    char *here[] = { dot, NULL };
    struct options o;
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "1aAdFhilrRSt")) != -1)
        on[letter] = 1;
    if (o.count)
        list_operands(o.operands, o.count);
    else
        list_operands(here, 1);
    return report_finish(status);
}
