/*
 * ln - makes links: ln [-s] [-f] TARGET [NAME].
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: ln [-s] [-f] TARGET [NAME]\n"
                           "  -f  replace an existing NAME\n"
                           "  -s  make a symbolic link\n";

int main(int argc, char **argv)
{
    struct options o;
    struct stat st;
    int letter, symbolic = 0, force = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "sf")) != -1) {
        if (letter == 's')
            symbolic = 1;
        else
            force = 1;
    }
    if (o.count < 1 || o.count > 2) {
        report(o.count ? "extra operand '%s'" : "missing file operand%s",
               o.count ? o.operands[2] : "");
        options_bad(&o);
    }
    const char *target = o.operands[0];
    const char *name = o.count > 1 ? o.operands[1] : ".";
    if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
        name = file_join(name, file_base_name(target));
    if (force)
        unlink(name);
    if (symbolic ? symlink(target, name) : link(target, name)) {
        report_errno("failed to create %s link '%s'",
                     symbolic ? "symbolic" : "hard", name);
        return 1;
    }
    return 0;
}
