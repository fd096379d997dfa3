/* links: kernel/dev/tty_line.c */
/*
 * dev/tty_line.c: what a reader gets and what the screen shows, for typed
 * bytes in canonical and raw mode.
 */
#include "dev/tty_line.h"

#include <signal.h>
#include <string.h>

#include "unit.h"

static struct tty tty;
static char screen[8192], line[8192];
static size_t shown;

static void show(const char *bytes, size_t count)
{
    memcpy(screen + shown, bytes, count);
    shown += count;
    screen[shown] = 0;
}

/* The settings of a fresh terminal. */
static void fresh(tcflag_t local_flags)
{
    memset(&tty, 0, sizeof(tty));
    tty.termios.c_iflag = ICRNL | IXON;
    tty.termios.c_oflag = OPOST | ONLCR;
    tty.termios.c_lflag = local_flags;
    static const cc_t keys[KERNEL_NCCS] = {
        [VINTR] = 3,  [VQUIT] = 28,   [VERASE] = 127, [VKILL] = 21,
        [VEOF] = 4,   [VMIN] = 1,     [VSTART] = 17,  [VSTOP] = 19,
        [VSUSP] = 26, [VWERASE] = 23,
    };
    memcpy(tty.termios.c_cc, keys, sizeof(keys));
    tty.output = show;
    shown = 0;
    screen[0] = 0;
}

enum {
    COOKED = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN
};

/* Type a string; the last signal that came of it. */
static int type(const char *text)
{
    int signal = 0;

    for (; *text; text++) {
        int got = tty_line_input(&tty, (uint8_t)*text);
        signal = got ? got : signal;
    }
    return signal;
}

/* One read; true if it gives exactly `expected`. */
static bool reads(size_t count, const char *expected)
{
    size_t n = tty_line_take(&tty, line, count);

    return n == strlen(expected) && memcmp(line, expected, n) == 0;
}

static void check_lines(void)
{
    fresh(COOKED);
    type("abc");
    CHECK(tty_line_available(&tty) == 0, "no line before its end");
    type("\rde\n");
    CHECK(reads(100, "abc\n"), "one line per read, CR becomes NL");
    CHECK(reads(2, "de") && reads(100, "\n"), "a short read splits a line");
    CHECK(!strcmp(screen, "abc\r\nde\r\n"), "echo ends lines with CR NL");
}

static void check_end_of_file(void)
{
    fresh(COOKED);
    type("\4");
    CHECK(tty_line_available(&tty) == 1 && reads(100, ""), "^D alone: 0 bytes");
    type("ab\4cd\n");
    CHECK(reads(100, "ab") && reads(100, "cd\n"), "^D ends a line");
    type("ab\4");
    CHECK(reads(2, "ab") && tty_line_available(&tty) == 0,
          "^D behind a full buffer is no end of file");
    CHECK(!strchr(screen, 4), "^D is not echoed");
}

static void check_editing(void)
{
    fresh(COOKED);
    type("ab\177\177\177x\n");
    CHECK(reads(100, "x\n"), "erase stops at the start of the line");
    CHECK(!strcmp(screen, "ab\b \b\b \bx\r\n"), "and rubs out");
    type("done\nab\177\n");
    CHECK(reads(100, "done\n") && reads(100, "a\n"), "never the line before");
    type("one two  \27three\n");
    CHECK(reads(100, "one three\n"), "word erase takes blanks and a word");
    type("wrong\25right\n");
    CHECK(reads(100, "right\n"), "kill takes the line");
    fresh(COOKED);
    type("\1\177");
    CHECK(!strcmp(screen, "^A\b \b\b \b"), "a control character is two wide");
    fresh(COOKED & ~ECHO);
    type("secret\n");
    CHECK(shown == 0 && reads(100, "secret\n"), "no echo of a password");
    fresh((COOKED & ~ECHO) | ECHONL);
    type("secret\n");
    CHECK(!strcmp(screen, "\r\n"), "but of its newline with ECHONL");
}

static void check_signals(void)
{
    fresh(COOKED);
    CHECK(type("abc\3") == SIGINT, "^C: SIGINT");
    CHECK(!strcmp(screen, "abc^C"), "it shows");
    type("d\n");
    CHECK(reads(100, "d\n"), "and what was typed is gone");
    CHECK(type("\34") == SIGQUIT && type("\32") == SIGTSTP, "^\\ and ^Z");
    fresh(COOKED | NOFLSH);
    type("abc\3\n");
    CHECK(reads(100, "abc\n"), "NOFLSH keeps it");
    fresh(COOKED & ~ISIG);
    CHECK(type("\3\n") == 0 && reads(100, "\3\n"), "no ISIG: a byte");
}

static void check_flow(void)
{
    fresh(COOKED);
    type("a\23");
    CHECK(tty.stopped, "^S stops");
    type("\21");
    CHECK(!tty.stopped, "^Q goes on");
    type("\n");
    CHECK(reads(100, "a\n"), "neither is input");
    tty.termios.c_iflag = IGNCR;
    type("\rb\23\n");
    CHECK(reads(100, "b\23\n"), "without IXON they are; IGNCR drops CR");
    tty.termios.c_iflag = INLCR;
    type("\n\n\4");
    CHECK(reads(100, "\r\r"), "INLCR");
}

static void check_raw(void)
{
    fresh(0);
    tty.termios.c_iflag = 0;
    CHECK(type("a\3\4\177\r") == 0, "raw: no signals");
    CHECK(reads(2, "a\3") && reads(9, "\4\177\r"), "and every byte at once");
    CHECK(shown == 0, "no echo");
    tty_line_input(&tty, 0);
    CHECK(tty_line_take(&tty, line, 9) == 1 && line[0] == 0, "NUL too");
}

static void check_full_ring(void)
{
    fresh(COOKED & ~ECHO);
    for (int i = 0; i < 2 * TTY_INPUT; i++)
        type("x");
    CHECK(strlen(screen) > 0 && screen[0] == '\a', "full: the bell");
    type("\n");
    size_t n = tty_line_take(&tty, line, sizeof(line));
    CHECK(n == TTY_INPUT - 1 && line[n - 1] == '\n', "the line can end");
    type("next\n");
    CHECK(reads(100, "next\n"), "and there is room again");
}

static void check_printing(void)
{
    fresh(COOKED);
    tty_line_print(&tty, "\na\n\nb", 5);
    CHECK(!strcmp(screen, "\r\na\r\n\r\nb"), "NL is printed as CR NL");
    fresh(COOKED);
    tty.termios.c_oflag &= ~(tcflag_t)OPOST;
    tty_line_print(&tty, "a\nb", 3);
    CHECK(!strcmp(screen, "a\nb"), "not without OPOST");
}

int main(void)
{
    check_lines();
    check_end_of_file();
    check_editing();
    check_signals();
    check_flow();
    check_raw();
    check_full_ring();
    check_printing();
    return unit_done();
}
