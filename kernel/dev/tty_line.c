/*
 * dev/tty_line.c - editing and echo; dev/tty.c has the theory.
 *
 * Idea:  a ring with three positions, head <= ready <= tail: [head, ready) may
 *        be read, [ready, tail) is the line being typed.  In raw mode ready ==
 *        tail.  An end-of-file mark ends a line without a byte of its own;
 *        alone it reads as 0 bytes.
 * Locks: tty->lock is the caller's.
 */
#include "dev/tty_line.h"

#include "abi/signal.h"

#define TTY_END_OF_FILE 0x100

/* Is `c` the special character `which`?  0 turns one off. */
static bool is_special(const struct tty *t, uint8_t c, unsigned which)
{
    return c != 0 && t->termios.c_cc[which] == c;
}

static uint16_t *slot(struct tty *t, uint32_t position)
{
    return &t->input[position % TTY_INPUT];
}

/* ---- output -------------------------------------------------------------- */

void tty_line_print(struct tty *t, const char *bytes, size_t count)
{
    bool maps = (t->termios.c_oflag & OPOST) && (t->termios.c_oflag & ONLCR);

    while (count > 0) {
        size_t n = 0;
        while (n < count && !(maps && bytes[n] == '\n'))
            n++;
        if (n > 0)
            t->output(bytes, n);
        if (n < count) {
            t->output("\r\n", 2);
            n++;
        }
        bytes += n;
        count -= n;
    }
}

static bool shows_as_caret(const struct tty *t, uint16_t c)
{
    return tty_has(t, ECHOCTL) && (c < 32 || c == 127) && c != '\n' &&
           c != '\t';
}

static void echo(struct tty *t, uint8_t c)
{
    char byte = (char)c;

    if (!tty_has(t, ECHO) &&
        !(c == '\n' && tty_has(t, ICANON) && tty_has(t, ECHONL)))
        return;
    if (shows_as_caret(t, c)) {
        char caret[2] = { '^', (char)(c ^ 0x40) };
        t->output(caret, 2);
    } else {
        tty_line_print(t, &byte, 1);
    }
}

/* ---- input --------------------------------------------------------------- */

/* Put `c` at the end of the ring.  Two places stay free for what ends a line;
 * when there is no room, the bell rings instead. */
static void store(struct tty *t, uint16_t c, bool ends_line)
{
    bool canonical = tty_has(t, ICANON);
    uint32_t room = TTY_INPUT - (t->tail - t->head);

    if (room <= (canonical && !ends_line ? 2u : 0u)) {
        t->output("\a", 1);
        return;
    }
    *slot(t, t->tail++) = c;
    if (!canonical || ends_line)
        t->ready = t->tail;
}

/* Take the last character of the line back, on the screen too.  A tab is as
 * wide as one column here. */
static bool erase_one(struct tty *t)
{
    if (t->tail == t->ready)
        return false;
    uint16_t c = *slot(t, --t->tail);
    if (tty_has(t, ECHO) && tty_has(t, ECHOE)) {
        t->output("\b \b", 3);
        if (shows_as_caret(t, c))
            t->output("\b \b", 3);
    }
    return true;
}

static bool ends_in_blank(struct tty *t)
{
    uint16_t c = *slot(t, t->tail - 1);

    return c == ' ' || c == '\t';
}

static void erase_word(struct tty *t)
{
    while (t->tail != t->ready && ends_in_blank(t))
        erase_one(t);
    while (t->tail != t->ready && !ends_in_blank(t))
        erase_one(t);
}

static void erase_line(struct tty *t, uint8_t c)
{
    bool visibly = tty_has(t, ECHOKE) && tty_has(t, ECHOE);

    if (visibly) {
        while (erase_one(t))
            ;
        return;
    }
    t->tail = t->ready;
    echo(t, c);
    if (tty_has(t, ECHOK))
        echo(t, '\n');
}

/* Editing keys of canonical mode; true if `c` was one. */
static bool edit(struct tty *t, uint8_t c)
{
    bool is_word = is_special(t, c, VWERASE) && tty_has(t, IEXTEN);

    if (is_special(t, c, VKILL)) {
        erase_line(t, c);
        return true;
    }
    if (!is_word && !is_special(t, c, VERASE))
        return false;
    if (!tty_has(t, ECHOE) && t->tail != t->ready)
        echo(t, c); /* a printing terminal shows that a key was pressed */
    if (is_word)
        erase_word(t);
    else
        erase_one(t);
    return true;
}

/* A byte that is neither signal nor flow control. */
static void accept(struct tty *t, uint8_t c)
{
    if (!tty_has(t, ICANON)) {
        echo(t, c);
        store(t, c, false);
        return;
    }
    if (edit(t, c))
        return;
    if (is_special(t, c, VEOF)) {
        store(t, TTY_END_OF_FILE, true);
        return;
    }
    echo(t, c);
    store(t, c, c == '\n' || is_special(t, c, VEOL));
}

static int signal_of(const struct tty *t, uint8_t c)
{
    if (!tty_has(t, ISIG))
        return 0;
    if (is_special(t, c, VINTR))
        return SIGINT;
    if (is_special(t, c, VQUIT))
        return SIGQUIT;
    if (is_special(t, c, VSUSP))
        return SIGTSTP;
    return 0;
}

/* ^S and ^Q; true if `c` was one of them. */
static bool flow_control(struct tty *t, uint8_t c)
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

int tty_line_input(struct tty *t, uint8_t c)
{
    if (!map_input(t, &c))
        return 0;
    if (flow_control(t, c))
        return 0;
    if (t->stopped && (t->termios.c_iflag & IXANY))
        t->stopped = false;
    int signal = signal_of(t, c);
    if (signal == 0) {
        accept(t, c);
        return 0;
    }
    t->stopped = false;
    if (!tty_has(t, NOFLSH))
        tty_line_flush(t);
    echo(t, c);
    return signal;
}

void tty_line_flush(struct tty *t)
{
    t->head = t->ready = t->tail;
}

/* ---- reading ------------------------------------------------------------- */

uint32_t tty_line_available(const struct tty *t)
{
    return t->ready - t->head;
}

size_t tty_line_take(struct tty *t, char *buf, size_t count)
{
    bool canonical = tty_has(t, ICANON);
    size_t n = 0;

    while (n < count && t->head != t->ready) {
        uint16_t c = *slot(t, t->head++);
        if (c == TTY_END_OF_FILE) {
            if (canonical)
                return n;
            continue;
        }
        buf[n++] = (char)c;
        if (canonical && (c == '\n' || is_special(t, (uint8_t)c, VEOL)))
            return n;
    }
    /* The mark right behind a full buffer belongs to this line. */
    if (canonical && n > 0 && t->head != t->ready &&
        *slot(t, t->head) == TTY_END_OF_FILE)
        t->head++;
    return n;
}
