/*
 * lib/c/terminal.c - terminal settings and foreground groups, over ioctl().
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "call.h"

int isatty(int fd)
{
    struct termios settings;

    return tcgetattr(fd, &settings) == 0;
}

char *ttyname(int fd)
{
    static char name[64];
    char link[32];

    if (!isatty(fd))
        return NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof(name) - 1);

    if (length < 0)
        return NULL;
    name[length] = '\0';
    return name;
}

int tcgetattr(int fd, struct termios *out)
{
    return ioctl(fd, TCGETS, out);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
    if (when < TCSANOW || when > TCSAFLUSH) {
        errno = EINVAL;
        return -1;
    }
    return ioctl(fd, TCSETS + (unsigned long)when, settings);
}

int tcflush(int fd, int queue)
{
    return ioctl(fd, TCFLSH, (long)queue);
}

int tcdrain(int fd)
{
    return ioctl(fd, TCSBRK, 1l); /* 1: only wait */
}

int tcflow(int fd, int action)
{
    return ioctl(fd, TCXONC, (long)action);
}

int tcsendbreak(int fd, int duration)
{
    return ioctl(fd, TCSBRK, 0l);
}

pid_t tcgetpgrp(int fd)
{
    pid_t group;

    return ioctl(fd, TIOCGPGRP, &group) == 0 ? group : -1;
}

int tcsetpgrp(int fd, pid_t group)
{
    return ioctl(fd, TIOCSPGRP, &group);
}

pid_t tcgetsid(int fd)
{
    pid_t session;

    return ioctl(fd, TIOCGSID, &session) == 0 ? session : -1;
}

void cfmakeraw(struct termios *settings)
{
    settings->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
                                     IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~(tcflag_t)OPOST;
    settings->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

speed_t cfgetispeed(const struct termios *settings)
{
    return settings->c_cflag & CBAUD;
}

speed_t cfgetospeed(const struct termios *settings)
{
    return settings->c_cflag & CBAUD;
}

int cfsetospeed(struct termios *settings, speed_t speed)
{
    settings->c_cflag = (settings->c_cflag & ~(tcflag_t)CBAUD) | speed;
    return 0;
}

int cfsetispeed(struct termios *settings, speed_t speed)
{
    return cfsetospeed(settings, speed);
}
