/*
 * cat - copies files, or standard input, to standard output.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: cat [-u] [FILE]...\n"
                           "Copy each FILE (- is standard input) to standard "
                           "output.\n";

static int cat_file(const char *path)
{
    int is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? 0 : open(path, O_RDONLY);
    if (fd < 0) {
        report_errno("%s", path);
        return 1;
    }
    int result = file_copy(fd, 1);
    if (result == -1)
        report_errno("%s", path);
    if (result == -2) {
        report_errno("write error");
        _exit(1);
    }
    if (!is_stdin)
        close(fd);
    return result ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options o;
    int status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "u") != -1)
        ; /* -u: nothing is buffered anyway */
    if (!o.count)
        return cat_file("-");
    for (int i = 0; i < o.count; i++)
        status |= cat_file(o.operands[i]);
    return status;
}
