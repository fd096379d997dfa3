/*
 * dev/tty.c - terminals: who may read, who waits, whose session it is.
 *
 * 1 Idea      Typed bytes go through tty_input(): signal characters become
 *             signals, in canonical mode a line is edited until it is complete,
 *             and everything is echoed (all that is dev/tty_line.c).  Readers
 *             get whole lines, or bytes.
 * 2 States    A terminal belongs to one session or to nobody; one process group
 *             of it is in the foreground and gets the signals.  Output may be
 *             stopped by ^S; then writers wait.
 * 3 Locking   tty->lock, taken in interrupts; output goes to the uart inside.
 *             Signals are sent after it is dropped: they take process locks.
 * 4 Failure   When the ring is nearly full the line is asked to wait, until a
 *             reader has made room.  A single line that fills the ring is cut,
 *             and the bell rings.
 * 5 Elsewhere Unix has had this since the teletype; Linux's is n_tty.c.
 */
#include "dev/tty.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "base/string.h"
#include "dev/tty_line.h"
#include "dev/uart.h"
#include "sched/thread.h"
#include "x86/clock.h"

#define DECISECOND (100 * NSEC_PER_MSEC)
enum { ROOM_MIN = 64 }; /* free places at which input is held back */

struct tty console_tty;
struct tty_hooks tty_hooks;

void tty_setup(struct tty *tty, void (*output)(const char *, size_t))
{
    static const struct kernel_termios defaults = {
        .c_iflag = ICRNL | IXON,
        .c_oflag = OPOST | ONLCR,
        .c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
        .c_lflag =
            ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        .c_cc = { [VINTR] = 3,
                  [VQUIT] = 28,
                  [VERASE] = 127,
                  [VKILL] = 21,
                  [VEOF] = 4,
                  [VMIN] = 1,
                  [VSTART] = 17,
                  [VSTOP] = 19,
                  [VSUSP] = 26,
                  [VREPRINT] = 18,
                  [VWERASE] = 23,
                  [VLNEXT] = 22 },
    };

    memset(tty, 0, sizeof(*tty));
    spinlock_init(&tty->lock, "tty", RANK_TTY_LINE);
    wait_queue_init(&tty->readers);
    wait_queue_init(&tty->writers);
    tty->termios = defaults;
    tty->winsize.ws_row = 24;
    tty->winsize.ws_col = 80;
    tty->output = output;
}

int tty_input(struct tty *t, uint8_t c)
{
    spin_lock(&t->lock);
    int signal = tty_line_input(t, c);
    spin_unlock(&t->lock);
    wake_up_all(&t->readers);
    wake_up_all(&t->writers);
    return signal;
}

/* A line that is longer than the ring gets no more room by waiting. */
bool tty_has_room(struct tty *t)
{
    spin_lock(&t->lock);
    bool room = tty_line_available(t) == 0 ||
                TTY_INPUT - (t->tail - t->head) > ROOM_MIN;
    spin_unlock(&t->lock);
    return room;
}

static void resume(struct tty *t)
{
    if (t->resume)
        t->resume();
}

/* Raw mode's waiting rules: VMIN bytes, or VTIME since the last one (with VMIN
 * 0: since the call). */
static int wait_raw(struct tty *t, size_t count) MUST_HOLD(t->lock);
static int wait_raw(struct tty *t, size_t count)
{
    uint8_t min = t->termios.c_cc[VMIN];
    uint64_t time = t->termios.c_cc[VTIME] * DECISECOND;
    uint64_t deadline = min == 0 ? clock_now_ns() + time : WAIT_FOREVER;
    size_t wanted = MIN(count, (size_t)MAX(min, 1));
    uint32_t have = 0;
    int err = 0;

    while (err == 0 && have < wanted) {
        err = wait_event(&t->readers, tty_line_available(t) > have, &t->lock,
                         WAIT_INTERRUPTIBLE, deadline);
        have = tty_line_available(t);
        if (time != 0)
            deadline = clock_now_ns() + time;
    }
    return have > 0 || err == -ETIMEDOUT ? 0 : err;
}

static int wait_for_input(struct tty *t, size_t count, bool wait)
    MUST_HOLD(t->lock);
static int wait_for_input(struct tty *t, size_t count, bool wait)
{
    const uint8_t *keys = t->termios.c_cc;

    if (!tty_has(t, ICANON) && keys[VMIN] == 0 && keys[VTIME] == 0)
        return 0; /* what is there, if anything */
    if (!wait)
        return tty_line_available(t) == 0 ? -EAGAIN : 0;
    if (!tty_has(t, ICANON))
        return wait_raw(t, count);
    return wait_event(&t->readers, tty_line_available(t) > 0, &t->lock,
                      WAIT_INTERRUPTIBLE, WAIT_FOREVER);
}

int64_t tty_read(struct tty *t, char *buf, size_t count, bool wait)
{
    if (count == 0)
        return 0;
    resume(t); /* before waiting, in case the last reader was too early */
    spin_lock(&t->lock);
    int err = wait_for_input(t, count, wait);
    int64_t n = err ? err : (int64_t)tty_line_take(t, buf, count);
    spin_unlock(&t->lock);
    resume(t);
    return n;
}

int tty_write(struct tty *t, const char *bytes, size_t count, bool wait)
{
    int err = 0;

    spin_lock(&t->lock);
    if (t->stopped && !wait)
        err = -EAGAIN;
    else
        err = wait_event(&t->writers, !t->stopped, &t->lock, WAIT_INTERRUPTIBLE,
                         WAIT_FOREVER);
    if (err == 0)
        tty_line_print(t, bytes, count);
    spin_unlock(&t->lock);
    return err;
}

void tty_set_stopped(struct tty *t, bool stopped)
{
    spin_lock(&t->lock);
    t->stopped = stopped;
    spin_unlock(&t->lock);
    wake_up_all(&t->writers);
}

uint32_t tty_input_bytes(struct tty *t)
{
    spin_lock(&t->lock);
    uint32_t n = tty_line_available(t);
    spin_unlock(&t->lock);
    return n;
}

bool tty_is_readable(struct tty *t)
{
    spin_lock(&t->lock);
    bool readable = tty_line_available(t) > 0;
    spin_unlock(&t->lock);
    return readable;
}

void tty_get_termios(struct tty *t, struct kernel_termios *out)
{
    spin_lock(&t->lock);
    *out = t->termios;
    spin_unlock(&t->lock);
}

void tty_set_termios(struct tty *t, const struct kernel_termios *in, bool flush)
{
    spin_lock(&t->lock);
    t->termios = *in;
    if (flush)
        tty_line_flush(t);
    if (!tty_has(t, ICANON))
        t->ready = t->tail; /* a line begun is readable as it is */
    if (!(in->c_iflag & IXON))
        t->stopped = false;
    spin_unlock(&t->lock);
    resume(t);
    wake_up_all(&t->readers);
    wake_up_all(&t->writers);
}

void tty_flush_input(struct tty *t)
{
    spin_lock(&t->lock);
    tty_line_flush(t);
    spin_unlock(&t->lock);
    resume(t);
}

int tty_check_foreground(struct tty *t, int signal)
{
    if (tty_hooks.current_terminal() != t)
        return 0;
    spin_lock(&t->lock);
    int32_t foreground = t->foreground;
    spin_unlock(&t->lock);
    if (foreground == 0 || foreground == tty_hooks.current_group())
        return 0;
    return tty_hooks.signal_background(signal);
}

int tty_check_writer(struct tty *t)
{
    return tty_has(t, TOSTOP) ? tty_check_foreground(t, SIGTTOU) : 0;
}

int tty_acquire(struct tty *t, bool steal)
{
    int32_t session = tty_hooks.current_session();
    int32_t group = tty_hooks.current_group();

    if (t->session == session && tty_hooks.current_terminal() == t)
        return 0;
    if (!tty_hooks.current_leads_session() || tty_hooks.current_terminal())
        return -EPERM;
    spin_lock(&t->lock);
    int32_t before = t->session;
    bool taken = before != 0 && !steal;
    if (!taken) {
        t->session = session;
        t->foreground = group;
    }
    spin_unlock(&t->lock);
    if (taken)
        return -EPERM;
    if (before != 0)
        tty_hooks.lose_terminal(before);
    tty_hooks.set_terminal(t);
    return 0;
}

int tty_release(struct tty *t)
{
    if (tty_hooks.current_terminal() != t)
        return -ENOTTY;
    if (tty_hooks.current_leads_session()) {
        int32_t group = tty_session_ended(t, tty_hooks.current_session());
        if (group) {
            tty_hooks.signal_group(group, SIGHUP);
            tty_hooks.signal_group(group, SIGCONT);
        }
    }
    tty_hooks.set_terminal(NULL);
    return 0;
}

int tty_set_foreground(struct tty *t, int32_t group)
{
    int32_t session = tty_hooks.current_session();

    if (tty_hooks.current_terminal() != t || t->session != session)
        return -ENOTTY;
    if (group <= 0)
        return -EINVAL;
    if (!tty_hooks.group_in_session(group, session))
        return -EPERM;
    spin_lock(&t->lock);
    t->foreground = group;
    spin_unlock(&t->lock);
    return 0;
}

int32_t tty_session_ended(struct tty *t, int32_t session)
{
    int32_t group = 0;

    spin_lock(&t->lock);
    if (t->session == session) {
        group = t->foreground;
        t->session = 0;
        t->foreground = 0;
    }
    spin_unlock(&t->lock);
    return group;
}

/* The console on COM1. */
static void console_output(const char *bytes, size_t count)
{
    uart_write(&uart_com1, bytes, count);
}

static bool console_receive(uint8_t byte)
{
    int signal = tty_input(&console_tty, byte);

    if (signal && console_tty.foreground)
        tty_hooks.signal_group(console_tty.foreground, signal);
    return tty_has_room(&console_tty);
}

static void console_resume(void)
{
    uart_set_receiving(&uart_com1, true);
}

void tty_init(void)
{
    tty_setup(&console_tty, console_output);
    console_tty.resume = console_resume;
    uart_init(&uart_com1, console_receive);
    console_resume();
}
