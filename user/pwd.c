/*
 * pwd - prints the working directory.
 */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/report.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

int main(int argc, char **argv)
{
    char path[PATH_MAX];
    (void)argc;
    report_set_name(argv[0], "pwd");
    if (!getcwd(path, sizeof path)) {
        report_errno("cannot find the working directory");
        return 1;
    }
    puts(path);
    return report_finish(0);
}
