/*
 * terminal.c - see terminal.h.
 */
#include "common/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* Linux's pseudo-terminals. */
#define GET_NUMBER 0x80045430ul
#define UNLOCK     0x40045431ul

int terminal_open(void)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    int number = 0, unlock = 0;
    char path[32];

    if (master < 0) {
        return open("/dev/console", O_RDWR | O_NOCTTY);
    }
    if (ioctl(master, UNLOCK, &unlock) || ioctl(master, GET_NUMBER, &number)) {
        return -1;
    }
    snprintf(path, sizeof(path), "/dev/pts/%d", number);
    return open(path, O_RDWR | O_NOCTTY);
}
