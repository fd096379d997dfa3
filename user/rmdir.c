/*
 * rmdir - removes empty directories.
 */
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: rmdir DIRECTORY...\n"
                           "Remove each DIRECTORY if it is empty.\n";

int main(int argc, char **argv)
{
    struct options o;
    int status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (!o.count) {
        report("missing operand");
        options_bad(&o);
    }
    for (int i = 0; i < o.count; i++)
        if (rmdir(o.operands[i])) {
            report_errno("failed to remove '%s'", o.operands[i]);
            status = 1;
        }
    return status;
}
