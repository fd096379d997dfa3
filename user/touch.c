/*
 * touch - creates empty files; those that exist get the present time.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: touch [-c] FILE...\n"
                           "  -c  do not create files\n";

static int touch(const char *path, int create)
{
    if (utimensat(AT_FDCWD, path, NULL, 0) == 0)
        return 0;
    if (errno == ENOENT && !create)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
    if (fd < 0) {
        report_errno("cannot touch '%s'", path);
        return 1;
    }
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    int create = 1, status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "c") != -1)
        create = 0;
    if (!o.count) {
        report("missing file operand");
        options_bad(&o);
    }
    for (int i = 0; i < o.count; i++)
        status |= touch(o.operands[i], create);
    return status;
}
