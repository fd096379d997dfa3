/*
 * chmod - changes permissions: an octal number, or letters such as u+x, go-w,
 * a=r, +x.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: chmod MODE FILE...\n"
                           "MODE is an octal number or [ugoa...][+-=][rwx...], "
                           "several of them with commas.\n";

/* Applies one or more changes to mode; -1 when text is no mode. */
static int change_mode(const char *text, mode_t *mode)
{
    if (*text >= '0' && *text <= '7') {
        mode_t value = 0;
        for (; *text >= '0' && *text <= '7'; text++)
            value = (value * 8 + (mode_t)(*text - '0')) & 07777;
        *mode = value;
        return *text ? -1 : 0;
    }
    do {
        mode_t who = 0, bits = 0;
        for (; *text && strchr("ugoa", *text); text++)
            who |= *text == 'u'   ? 0700
                   : *text == 'g' ? 0070
                   : *text == 'o' ? 0007
                                  : 0777;
        char operation = *text;
        if (!operation || !strchr("+-=", operation))
            return -1;
        for (text++; *text && strchr("rwx", *text); text++)
            bits |= *text == 'r' ? 0444 : *text == 'w' ? 0222 : 0111;
        if (!who)
            who = 0777;
        if (operation == '+')
            *mode |= bits & who;
        else if (operation == '-')
            *mode &= ~(bits & who);
        else
            *mode = (*mode & ~who) | (bits & who);
    } while (*text == ',' && *++text);
    return *text ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct stat st;
    mode_t mode = 0;
    int status = 0;
    options_begin(&o, argv, help, 1);
    if (argc > 2 && argv[1][0] == '-' && change_mode(argv[1], &mode) == 0) {
        o.operands = argv + 1; /* "chmod -x FILE" is no option */
        o.count = argc - 1;
    } else {
        while (options_next(&o, "") != -1)
            ;
    }
    if (o.count < 2) {
        report("missing operand");
        options_bad(&o);
    }
    for (int i = 1; i < o.count; i++) {
        if (stat(o.operands[i], &st)) {
            report_errno("cannot access '%s'", o.operands[i]);
            status = 1;
            continue;
        }
        mode = st.st_mode & 07777;
        if (change_mode(o.operands[0], &mode)) {
            report("invalid mode: '%s'", o.operands[0]);
            return 1;
        }
        if (chmod(o.operands[i], mode)) {
            report_errno("changing permissions of '%s'", o.operands[i]);
            status = 1;
        }
    }
    return status;
}
