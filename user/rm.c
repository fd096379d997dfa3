/*
 * rm - removes files, with -r whole trees.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: rm [-f] [-r] FILE...\n"
                           "  -f  missing files are no error\n"
                           "  -r  remove directories and what is in them\n";

static int force, recursive;

static int remove_path(const char *path);

/* The names in a folder, read before anything is removed from it. */
static char **read_names(const char *path, size_t *count)
{
    size_t used = 0, room = 16;
    DIR *dir = opendir(path);
    if (!dir)
        return NULL;
    char **names = memory_get(room * sizeof *names);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (used == room)
            names = memory_resize(names, (room *= 2) * sizeof *names);
        names[used++] = file_join(path, e->d_name);
    }
    closedir(dir);
    *count = used;
    return names;
}

static int remove_tree(const char *path)
{
    size_t count = 0;
    int status = 0;
    char **names = read_names(path, &count);
    if (!names) {
        report_errno("cannot remove '%s'", path);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        status |= remove_path(names[i]);
        free(names[i]);
    }
    free(names);
    if (!status && rmdir(path)) {
        report_errno("cannot remove '%s'", path);
        status = 1;
    }
    return status;
}

static int remove_path(const char *path)
{
    struct stat st;
    if (lstat(path, &st)) {
        if (force && (errno == ENOENT || errno == ENOTDIR))
            return 0;
    } else if (S_ISDIR(st.st_mode)) {
        if (recursive)
            return remove_tree(path);
        errno = EISDIR;
    } else if (unlink(path) == 0) {
        return 0;
    }
    report_errno("cannot remove '%s'", path);
    return 1;
}

static int is_dot_or_dotdot(const char *path)
{
    const char *base = file_base_name(path);
    size_t length = strcspn(base, "/");
    return (length == 1 && base[0] == '.') ||
           (length == 2 && base[0] == '.' && base[1] == '.');
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "frR")) != -1) {
        if (letter == 'f')
            force = 1;
        else
            recursive = 1;
    }
    if (!o.count && !force) {
        report("missing operand");
        options_bad(&o);
    }
    for (int i = 0; i < o.count; i++) {
        if (recursive && is_dot_or_dotdot(o.operands[i])) {
            report("refusing to remove '.' or '..' directory: skipping '%s'",
                   o.operands[i]);
            status = 1;
        } else {
            status |= remove_path(o.operands[i]);
        }
    }
    return status;
}
