/*
 * poweroff - stops the machine; with -r starts it again.
 */
#include <sys/reboot.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: poweroff [-r]\n"
                           "Stop the machine at once.\n"
                           "  -r  restart instead\n";

int main(int argc, char **argv)
{
    struct options o;
    int how = RB_POWER_OFF;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "r") != -1)
        how = RB_AUTOBOOT;
    sync();
    reboot(how);
    report_errno("cannot stop the machine");
    return 1;
}
