/*
 * cp - copies files: cp SOURCE TARGET, cp SOURCE... FOLDER.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: cp [-r] SOURCE TARGET\n"
                           "       cp [-r] SOURCE... FOLDER\n"
                           "  -r  copy directories and what is in them\n";

static int recursive;

static int copy_path(const char *from, const char *to);

static int copy_file(const char *from, const char *to, const struct stat *st)
{
    struct stat other;
    if (stat(to, &other) == 0 && other.st_dev == st->st_dev &&
        other.st_ino == st->st_ino) {
        report("'%s' and '%s' are the same file", from, to);
        return 1;
    }
    int in = open(from, O_RDONLY);
    if (in < 0) {
        report_errno("cannot open '%s' for reading", from);
        return 1;
    }
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
    if (out < 0) {
        report_errno("cannot create regular file '%s'", to);
        close(in);
        return 1;
    }
    int result = file_copy(in, out);
    if (result)
        report_errno(result == -1 ? "error reading '%s'" : "error writing '%s'",
                     result == -1 ? from : to);
    close(in);
    if (close(out) && !result) {
        report_errno("error writing '%s'", to);
        result = -2;
    }
    return result ? 1 : 0;
}

static int copy_link(const char *from, const char *to)
{
    char target[4096];
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length >= 0) {
        target[length] = 0;
        if (symlink(target, to) == 0)
            return 0;
    }
    report_errno("cannot copy symbolic link '%s'", from);
    return 1;
}

static int copy_folder(const char *from, const char *to, const struct stat *st)
{
    int status = 0;
    DIR *dir = opendir(from);
    if (!dir) {
        report_errno("cannot access '%s'", from);
        return 1;
    }
    if (mkdir(to, (st->st_mode & 0777) | 0700) && errno != EEXIST) {
        report_errno("cannot create directory '%s'", to);
        closedir(dir);
        return 1;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        char *a = file_join(from, e->d_name), *b = file_join(to, e->d_name);
        status |= copy_path(a, b);
        free(a);
        free(b);
    }
    closedir(dir);
    return status;
}

static int copy_path(const char *from, const char *to)
{
    struct stat st;
    if (recursive ? lstat(from, &st) : stat(from, &st)) {
        report_errno("cannot stat '%s'", from);
        return 1;
    }
    if (S_ISLNK(st.st_mode))
        return copy_link(from, to);
    if (!S_ISDIR(st.st_mode))
        return copy_file(from, to, &st);
    if (recursive)
        return copy_folder(from, to, &st);
    report("-r not specified; omitting directory '%s'", from);
    return 1;
}

int main(int argc, char **argv)
{
    struct options o;
    struct stat st;
    int status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "rRa") != -1)
        recursive = 1;
    if (o.count < 2) {
        report(o.count ? "missing destination file operand after '%s'"
                       : "missing file operand%s",
               o.count ? o.operands[0] : "");
        options_bad(&o);
    }
    const char *target = o.operands[o.count - 1];
    int into = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
    if (o.count > 2 && !into) {
        report("target '%s' is not a directory", target);
        return 1;
    }
    for (int i = 0; i < o.count - 1; i++) {
        const char *from = o.operands[i];
        char *to = into ? file_join(target, file_base_name(from)) : NULL;
        status |= copy_path(from, to ? to : target);
        free(to);
    }
    return status;
}
