/*
 * fs/tty_file.c - read, write, poll and ioctl of terminals.
 *
 * Idea:  file->private is the struct tty; bytes go through a small kernel
 *        buffer, because dev/tty.c runs with interrupts off.
 */
#include "fs/tty_file.h"

#include "abi/errno.h"
#include "abi/ioctl.h"
#include "abi/poll.h"
#include "abi/signal.h"
#include "core/restart.h"
#include "dev/tty.h"
#include "fs/poll.h"
#include "sched/sched.h"
#include "vm/usercopy.h"

enum { CHUNK_BYTES = 256 };

/* The terminal by its own name: a session leader without a terminal gets the
 * first one it opens. */
static int serial_open(struct inode *inode, struct file *file)
{
    file->private = &console_tty;
    if (!(file->flags & O_NOCTTY) && tty_hooks.current_leads_session() &&
        !tty_hooks.current_terminal() && console_tty.session == 0)
        return tty_acquire(&console_tty, false);
    return 0;
}

/* As on Linux, /dev/console becomes nobody's terminal by being opened. */
static int console_open(struct inode *inode, struct file *file)
{
    file->private = &console_tty;
    return 0;
}

static int current_open(struct inode *inode, struct file *file)
{
    file->private = tty_hooks.current_terminal();
    return file->private ? 0 : -ENXIO;
}

static int64_t read_tty(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct tty *tty = file->private;
    char buf[CHUNK_BYTES];

    int64_t n = tty_check_foreground(tty, SIGTTIN);
    if (n || uio->left == 0)
        return n;
    size_t want = MIN(uio->left, sizeof(buf));
    if (uio_fault_in_target(uio, want) == 0)
        return -EFAULT;
    n = tty_read(tty, buf, want, !(file->flags & O_NONBLOCK));
    if (n <= 0)
        return n == -EINTR ? -ERESTARTSYS : n;
    size_t done = uio_copy_to(uio, buf, (size_t)n);
    return done ? (int64_t)done : -EFAULT;
}

static int64_t write_tty(struct file *file, struct uio *uio, uint64_t *offset)
{
    char buf[CHUNK_BYTES];
    size_t total = 0;
    int denied = tty_check_writer(file->private);

    if (denied)
        return denied;
    while (uio->left > 0) {
        size_t n = uio_copy_from(uio, buf, MIN(uio->left, sizeof(buf)));
        if (n == 0)
            return total ? (int64_t)total : -EFAULT;
        int err = tty_write(file->private, buf, n, !(file->flags & O_NONBLOCK));
        if (err)
            return total ? (int64_t)total : err == -EINTR ? -ERESTARTSYS : err;
        total += n;
        sched_point();
    }
    return (int64_t)total;
}

static unsigned poll_tty(struct file *file, struct poll_table *table)
{
    struct tty *tty = file->private;

    poll_wait(table, &tty->readers);
    return POLLOUT | POLLWRNORM |
           (tty_is_readable(tty) ? POLLIN | POLLRDNORM : 0);
}

static int64_t set_termios(struct tty *tty, unsigned long argument, bool flush)
{
    struct kernel_termios termios;

    if (copy_from_user(&termios, (void __user *)argument, sizeof(termios)))
        return -EFAULT;
    tty_set_termios(tty, &termios, flush);
    return 0;
}

static int64_t set_winsize(struct tty *tty, unsigned long argument)
{
    struct winsize size;

    if (copy_from_user(&size, (void __user *)argument, sizeof(size)))
        return -EFAULT;
    spin_lock(&tty->lock);
    bool changed = size.ws_row != tty->winsize.ws_row ||
                   size.ws_col != tty->winsize.ws_col;
    tty->winsize = size;
    int32_t group = tty->foreground;
    spin_unlock(&tty->lock);
    if (changed && group)
        tty_hooks.signal_group(group, SIGWINCH);
    return 0;
}

static int64_t get_number(int32_t number, unsigned long argument)
{
    return put_user(number, (int32_t __user *)argument);
}

static int64_t set_foreground(struct tty *tty, unsigned long argument)
{
    int32_t group;
    int err = tty_check_foreground(tty, SIGTTOU);

    if (err)
        return err == -EIO ? -ENOTTY : err;
    if (get_user(group, (int32_t __user *)argument))
        return -EFAULT;
    return tty_set_foreground(tty, group);
}

static int64_t flush(struct tty *tty, unsigned long argument)
{
    if (argument > TCIOFLUSH)
        return -EINVAL;
    if (argument != TCOFLUSH)
        tty_flush_input(tty);
    return 0;
}

/* Stop or go on printing; what concerns the other side's printing is sent to
 * it on a real line, and has no meaning here. */
static int64_t set_flow(struct tty *tty, unsigned long argument)
{
    if (argument > TCION)
        return -EINVAL;
    if (argument == TCOOFF || argument == TCOON)
        tty_set_stopped(tty, argument == TCOOFF);
    return 0;
}

/* The calls that need this to be the caller's controlling terminal. */
static int64_t group_ioctl(struct tty *tty, unsigned command,
                           unsigned long argument)
{
    if (tty_hooks.current_terminal() != tty)
        return -ENOTTY;
    switch (command) {
    case TIOCGPGRP:
        return get_number(tty->foreground, argument);
    case TIOCGSID:
        return get_number(tty->session, argument);
    default:
        return set_foreground(tty, argument);
    }
}

/* May the caller take a terminal away from another session? */
static bool is_root(void)
{
    uint32_t uid, gid;

    vfs_current_ids(&uid, &gid);
    return uid == 0;
}

/* Those that change what all users of the terminal see: for the foreground. */
static bool is_change(unsigned command)
{
    switch (command) {
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCFLSH:
    case TCXONC:
    case TCSBRK:
    case TCSBRKP:
        return true;
    default:
        return false;
    }
}

static int64_t ioctl_tty(struct file *file, unsigned command, uint64_t argument)
{
    struct tty *tty = file->private;
    struct kernel_termios termios;
    int err = is_change(command) ? tty_check_foreground(tty, SIGTTOU) : 0;

    if (err)
        return err;
    switch (command) {
    case TCGETS:
        tty_get_termios(tty, &termios);
        return copy_to_user((void __user *)argument, &termios, sizeof(termios));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return set_termios(tty, argument, command == TCSETSF);
    case TIOCGWINSZ:
        return copy_to_user((void __user *)argument, &tty->winsize,
                            sizeof(tty->winsize));
    case TIOCSWINSZ:
        return set_winsize(tty, argument);
    case TIOCGPGRP:
    case TIOCSPGRP:
    case TIOCGSID:
        return group_ioctl(tty, command, argument);
    case TIOCSCTTY:
        return tty_acquire(tty, argument == 1 && is_root());
    case TIOCNOTTY:
        return tty_release(tty);
    case TCFLSH:
        return flush(tty, argument);
    case TCSBRK:
    case TCSBRKP:
        return 0; /* output is never behind; there is no line to break */
    case TIOCOUTQ:
        return get_number(0, argument);
    case TCXONC:
        return set_flow(tty, argument);
    case FIONREAD:
        return get_number((int32_t)tty_input_bytes(tty), argument);
    default:
        return -ENOTTY;
    }
}

const struct file_ops tty_console_ops = {
    .read = read_tty,
    .write = write_tty,
    .ioctl = ioctl_tty,
    .poll = poll_tty,
    .open = console_open,
};

const struct file_ops tty_serial_ops = {
    .read = read_tty,
    .write = write_tty,
    .ioctl = ioctl_tty,
    .poll = poll_tty,
    .open = serial_open,
};

const struct file_ops tty_current_ops = {
    .read = read_tty,
    .write = write_tty,
    .ioctl = ioctl_tty,
    .poll = poll_tty,
    .open = current_open,
};
