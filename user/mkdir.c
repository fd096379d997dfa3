/*
 * mkdir - makes directories.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: mkdir [-p] [-m MODE] DIRECTORY...\n"
                           "  -m  permissions, in octal\n"
                           "  -p  make parents too; existing ones are fine\n";

/* Makes the missing parents of path; path itself is left alone. */
static int make_parents(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/' || p[-1] == '/')
            continue;
        *p = 0;
        int failed = mkdir(path, 0777) && errno != EEXIST;
        if (failed)
            report_errno("cannot create directory '%s'", path);
        *p = '/';
        if (failed)
            return -1;
    }
    return 0;
}

static int make(char *path, mode_t mode, int parents)
{
    struct stat st;
    if (parents && *path && make_parents(path))
        return 1;
    if (mkdir(path, mode) == 0)
        return 0;
    int saved = errno;
    if (parents && saved == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode))
        return 0;
    errno = saved;
    report_errno("cannot create directory '%s'", path);
    return 1;
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, parents = 0, status = 0;
    mode_t mode = 0777;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "pm:")) != -1) {
        if (letter == 'p')
            parents = 1;
        else
            mode = (mode_t)strtoul(o.value, NULL, 8) & 07777;
    }
    if (!o.count) {
        report("missing operand");
        options_bad(&o);
    }
    for (int i = 0; i < o.count; i++)
        status |= make(o.operands[i], mode, parents);
    return status;
}
