/*
 * mv - renames files: mv SOURCE TARGET, mv SOURCE... FOLDER.
 *
 * There is one file system, so a rename is all that it takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: mv [-f] SOURCE TARGET\n"
                           "       mv [-f] SOURCE... FOLDER\n";

int main(int argc, char **argv)
{
    struct options o;
    struct stat st;
    int status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "f") != -1)
        ; /* nothing is ever asked */
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
        if (rename(from, to ? to : target)) {
            report_errno("cannot move '%s' to '%s'", from, to ? to : target);
            status = 1;
        }
        free(to);
    }
    return status;
}
