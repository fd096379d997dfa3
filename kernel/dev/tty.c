/*
 * dev/tty.c - the line discipline.
 *
 * 1 Idea      Typed bytes go through tty_input(): signal characters become
 *             signals, in canonical mode a line is edited until it is complete,
 *             and everything is echoed.  Readers get whole lines, or bytes.
 * 2 States    input[] is a ring with three positions, head <= ready <= tail:
 *             [head, ready) may be read, [ready, tail) is the line being typed.
 *             In raw mode ready == tail.  An end-of-file mark ends a line
 *             without a byte of its own; alone it reads as 0 bytes.
 * 3 Locking   tty->lock, taken in interrupts; output goes to the uart inside.
 *             Signals are sent after it is dropped: they take process locks.
 * 4 Failure   A full ring drops what is typed, and rings the bell.
 * 5 Elsewhere Unix has had this since the teletype; Linux's is n_tty.c.
 */
#include "dev/tty.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "base/string.h"
#include "dev/uart.h"
#include "sched/thread.h"
#include "x86/clock.h"

#define TTY_END_OF_FILE 0x100
#define DECISECOND      (100 * NSEC_PER_MSEC)

struct tty console_tty;
struct tty_hooks tty_hooks;

void tty_setup(struct tty *tty, void (*output)(const char *, size_t))
{
    static const struct kernel_termios defaults = {
        .c_iflag = ICRNL | IXON,
        .c_oflag = OPOST | ONLCR,
        .c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
        .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE |
                   IEXTEN,
        .c_cc = { [VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21,
                  [VEOF] = 4, [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19,
                  [VSUSP] = 26, [VREPRINT] = 18, [VWERASE] = 23,
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

static bool has(const struct tty *t, tcflag_t local_flag)
{
    return t->termios.c_lflag & local_flag;
}

/* Is `c` the special character `which`?  0 turns one off. */
static bool is_special(const struct tty *t, uint8_t c, unsigned which)
{
    return c != 0 && t->termios.c_cc[which] == c;
}

/* Print one byte with output processing. */
static void put_locked(struct tty *t, char c)
{
    bool newline = c == '\n' && (t->termios.c_oflag & OPOST) &&
                   (t->termios.c_oflag & ONLCR);

    if (newline)
        t->output("\r\n", 2);
    else
        t->output(&c, 1);
}

static bool shows_as_caret(const struct tty *t, uint16_t c)
{
    return has(t, ECHOCTL) && (c < 32 || c == 127) && c != '\n' && c != '\t';
}

static void echo_locked(struct tty *t, uint8_t c)
{
    if (!has(t, ECHO) && !(c == '\n' && has(t, ECHONL)))
        return;
    if (shows_as_caret(t, c)) {
        char caret[2] = { '^', (char)(c ^ 0x40) };
        t->output(caret, 2);
    } else {
        put_locked(t, (char)c);
    }
}

static uint16_t *slot(struct tty *t, uint32_t position)
{
    return &t->input[position % TTY_INPUT];
}

static void store_locked(struct tty *t, uint16_t c)
{
    /* Two places stay free for what ends a line. */
    uint32_t limit = c == '\n' || c == TTY_END_OF_FILE || !has(t, ICANON)
                         ? TTY_INPUT
                         : TTY_INPUT - 2;

    if (t->tail - t->head >= limit) {
        t->output("\a", 1);
        return;
    }
    *slot(t, t->tail++) = c;
    if (!has(t, ICANON))
        t->ready = t->tail;
}

/* Take the last character of the line back. */
static bool erase_one_locked(struct tty *t)
{
    if (t->tail == t->ready)
        return false;
    uint16_t c = *slot(t, --t->tail);
    if (has(t, ECHO) && has(t, ECHOE)) {
        unsigned columns = shows_as_caret(t, c) ? 2 : 1;
        while (columns-- > 0)
            t->output("\b \b", 3);
    }
    return true;
}

static void erase_word_locked(struct tty *t)
{
    while (t->tail != t->ready && *slot(t, t->tail - 1) == ' ')
        erase_one_locked(t);
    while (t->tail != t->ready && *slot(t, t->tail - 1) != ' ')
        erase_one_locked(t);
}

/* Editing keys of canonical mode; true if `c` was one. */
static bool edit_locked(struct tty *t, uint8_t c)
{
    if (is_special(t, c, VERASE)) {
        erase_one_locked(t);
        return true;
    }
    if (is_special(t, c, VWERASE) && has(t, IEXTEN)) {
        erase_word_locked(t);
        return true;
    }
    if (is_special(t, c, VKILL)) {
        while (erase_one_locked(t))
            ;
        return true;
    }
    return false;
}

/* A byte that is neither signal nor flow control. */
static void accept_locked(struct tty *t, uint8_t c)
{
    if (!has(t, ICANON)) {
        echo_locked(t, c);
        store_locked(t, c);
        return;
    }
    if (edit_locked(t, c))
        return;
    if (is_special(t, c, VEOF)) {
        store_locked(t, TTY_END_OF_FILE);
        t->ready = t->tail;
        return;
    }
    echo_locked(t, c);
    store_locked(t, c);
    if (c == '\n' || is_special(t, c, VEOL))
        t->ready = t->tail;
}

static int signal_of(const struct tty *t, uint8_t c)
{
    if (!has(t, ISIG))
        return 0;
    if (is_special(t, c, VINTR))
        return SIGINT;
    if (is_special(t, c, VQUIT))
        return SIGQUIT;
    if (is_special(t, c, VSUSP))
        return SIGTSTP;
    return 0;
}

static void flush_locked(struct tty *t)
{
    t->head = t->ready = t->tail;
}

/* ^S and ^Q; true if `c` was one of them. */
static bool flow_control_locked(struct tty *t, uint8_t c)
{
    if (!(t->termios.c_iflag & IXON))
        return false;
    if (is_special(t, c, VSTOP)) {
        t->stopped = true;
        return true;
    }
    if (!is_special(t, c, VSTART))
        return false;
    t->stopped = false;
    return true;
}

/* Input flags; false: the byte is dropped. */
static bool map_input(const struct tty *t, uint8_t *c)
{
    tcflag_t flags = t->termios.c_iflag;

    if (flags & ISTRIP)
        *c &= 0x7f;
    if (*c == '\r') {
        if (flags & IGNCR)
            return false;
        if (flags & ICRNL)
            *c = '\n';
    } else if (*c == '\n' && (flags & INLCR)) {
        *c = '\r';
    }
    return true;
}

int tty_input(struct tty *t, uint8_t c)
{
    int signal = 0;

    spin_lock(&t->lock);
    if (!map_input(t, &c))
        goto out_unlock;
    signal = signal_of(t, c);
    if (signal) {
        t->stopped = false;
        echo_locked(t, c);
        if (!has(t, NOFLSH))
            flush_locked(t);
    } else if (!flow_control_locked(t, c)) {
        accept_locked(t, c);
    }
out_unlock:
    spin_unlock(&t->lock);
    wake_up_all(&t->readers);
    wake_up_all(&t->writers);
    return signal;
}

/* Readable bytes into buf; in canonical mode at most one line. */
static size_t take_locked(struct tty *t, char *buf, size_t count)
{
    bool canonical = has(t, ICANON);
    size_t n = 0;

    while (n < count && t->head != t->ready) {
        uint16_t c = *slot(t, t->head++);
        if (c == TTY_END_OF_FILE) {
            if (canonical)
                break;
            continue;
        }
        buf[n++] = (char)c;
        if (canonical && (c == '\n' || is_special(t, (uint8_t)c, VEOL)))
            break;
    }
    /* The mark right behind a full buffer belongs to this line. */
    if (canonical && n > 0 && n == count && t->head != t->ready &&
        *slot(t, t->head) == TTY_END_OF_FILE)
        t->head++;
    return n;
}

/* Bytes that must be there before a raw read returns. */
static uint32_t wanted_locked(const struct tty *t, size_t count)
{
    if (has(t, ICANON))
        return 1;
    return (uint32_t)MIN(count, (size_t)MAX(t->termios.c_cc[VMIN], 1));
}

static uint32_t available_locked(const struct tty *t)
{
    return t->ready - t->head;
}

/* Raw mode's waiting rules: VMIN bytes, or VTIME since the last one. */
static int wait_raw_locked(struct tty *t, size_t count)
{
    uint64_t time = t->termios.c_cc[VTIME] * DECISECOND;
    bool timed_first = time != 0 && t->termios.c_cc[VMIN] == 0;
    uint64_t deadline = timed_first ? clock_now_ns() + time : WAIT_FOREVER;

    if (time == 0 && t->termios.c_cc[VMIN] == 0)
        return 0;
    for (uint32_t have = 0; have < wanted_locked(t, count);
         have = available_locked(t)) {
        int err = wait_event(&t->readers, available_locked(t) > have, &t->lock,
                             WAIT_INTERRUPTIBLE, deadline);
        if (err == -ETIMEDOUT)
            return 0;
        if (err)
            return available_locked(t) ? 0 : err;
        if (time != 0)
            deadline = clock_now_ns() + time;
    }
    return 0;
}

int64_t tty_read(struct tty *t, char *buf, size_t count, bool wait)
{
    int err = 0;

    if (count == 0)
        return 0;
    spin_lock(&t->lock);
    if (available_locked(t) == 0 && !wait)
        err = -EAGAIN;
    else if (has(t, ICANON))
        err = wait_event(&t->readers, available_locked(t) > 0, &t->lock,
                         WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    else if (wait)
        err = wait_raw_locked(t, count);
    int64_t n = err ? err : (int64_t)take_locked(t, buf, count);
    spin_unlock(&t->lock);
    return n;
}

int tty_write(struct tty *t, const char *bytes, size_t count)
{
    spin_lock(&t->lock);
    int err = wait_event(&t->writers, !t->stopped, &t->lock,
                         WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    for (size_t i = 0; err == 0 && i < count; i++)
        put_locked(t, bytes[i]);
    spin_unlock(&t->lock);
    return err;
}

uint32_t tty_input_bytes(struct tty *t)
{
    spin_lock(&t->lock);
    uint32_t n = available_locked(t);
    spin_unlock(&t->lock);
    return n;
}

bool tty_is_readable(struct tty *t)
{
    spin_lock(&t->lock);
    bool readable = available_locked(t) > 0;
    spin_unlock(&t->lock);
    return readable;
}

void tty_get_termios(struct tty *t, struct kernel_termios *out)
{
    spin_lock(&t->lock);
    *out = t->termios;
    spin_unlock(&t->lock);
}

void tty_set_termios(struct tty *t, const struct kernel_termios *in,
                     bool flush)
{
    spin_lock(&t->lock);
    t->termios = *in;
    if (flush)
        flush_locked(t);
    if (!has(t, ICANON))
        t->ready = t->tail; /* a line begun is readable as it is */
    if (!(in->c_iflag & IXON))
        t->stopped = false;
    spin_unlock(&t->lock);
    wake_up_all(&t->readers);
    wake_up_all(&t->writers);
}

void tty_flush_input(struct tty *t)
{
    spin_lock(&t->lock);
    flush_locked(t);
    spin_unlock(&t->lock);
}

int tty_check_foreground(struct tty *t)
{
    spin_lock(&t->lock);
    int32_t foreground = t->foreground, session = t->session;
    spin_unlock(&t->lock);
    if (session == 0 || tty_hooks.current_session() != session ||
        foreground == tty_hooks.current_group())
        return 0;
    return -EIO;
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
    bool taken = t->session != 0 && !steal;
    if (!taken) {
        t->session = session;
        t->foreground = group;
    }
    spin_unlock(&t->lock);
    if (taken)
        return -EPERM;
    tty_hooks.set_terminal(t);
    return 0;
}

int tty_release(struct tty *t)
{
    if (tty_hooks.current_terminal() != t)
        return -ENOTTY;
    if (tty_hooks.current_leads_session()) {
        int32_t group = tty_session_ended(t, tty_hooks.current_session());
        if (group)
            tty_hooks.signal_group(group, SIGHUP);
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
    return true;
}

void tty_init(void)
{
    tty_setup(&console_tty, console_output);
    uart_init(&uart_com1, console_receive);
    uart_set_receiving(&uart_com1, true);
}
