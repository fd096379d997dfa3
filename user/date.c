/*
 * date - prints the date and time, in Universal Time.
 */
#include <stdio.h>
#include <time.h>

#include "common/calendar.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: date [-u] [+FORMAT]\n"
    "FORMAT is that of strftime: %Y %m %d %H %M %S %y %j %a %b %e %F %T %s\n";

int main(int argc, char **argv)
{
    struct options o;
    char text[1024];
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "u") != -1)
        ;
    const char *format = "%a %b %e %H:%M:%S %Z %Y";
    if (o.count > 1 || (o.count && o.operands[0][0] != '+')) {
        report("invalid date '%s'", o.operands[o.count > 1]);
        return 1;
    }
    if (o.count)
        format = o.operands[0] + 1;
    calendar_format(text, sizeof text, format, time(NULL));
    puts(text);
    return report_finish(0);
}
