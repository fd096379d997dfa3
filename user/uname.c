/*
 * uname - prints what the kernel says about itself.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: uname [-asnrvm]\n"
                           "  -s  kernel name (the default)\n"
                           "  -n  node name\n"
                           "  -r  release\n"
                           "  -v  version\n"
                           "  -m  machine\n"
                           "  -a  all of these\n";

int main(int argc, char **argv)
{
    static const char letters[] = "snrvm";
    struct options o;
    struct utsname u;
    unsigned wanted = 0;
    int letter, printed = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "asnrvm")) != -1)
        for (int i = 0; letters[i]; i++)
            if (letter == 'a' || letter == letters[i])
                wanted |= 1u << i;
    if (o.count) {
        report("extra operand '%s'", o.operands[0]);
        options_bad(&o);
    }
    if (uname(&u)) {
        report_errno("cannot get system name");
        return 1;
    }
    const char *values[] = { u.sysname, u.nodename, u.release, u.version,
                             u.machine };
    for (int i = 0; letters[i]; i++)
        if ((wanted ? wanted : 1u) & 1u << i)
            printf("%s%s", printed++ ? " " : "", values[i]);
    putchar('\n');
    return report_finish(0);
}
