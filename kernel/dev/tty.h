/*
 * dev/tty.h - terminals: line discipline, foreground group, settings.
 *
 * Works on kernel buffers only; fs/tty_file.c copies from and to user space.
 */
#pragma once

#include "abi/termios.h"
#include "core/spinlock.h"
#include "sched/wait.h"

enum { TTY_INPUT = 4096 };

/* Lock key: [I] set at init  [L] this->lock */
struct tty {
    struct spinlock lock;
    struct kernel_termios termios; /* [L] */
    struct winsize winsize;        /* [L] */
    uint16_t input[TTY_INPUT];     /* [L] bytes and end-of-file marks */
    uint32_t head;                 /* [L] next to read */
    uint32_t ready;                /* [L] readable up to here */
    uint32_t tail;                 /* [L] typed up to here */
    bool stopped;                  /* [L] by ^S */
    int32_t foreground;            /* [L] process group, 0: none */
    int32_t session;               /* [L] whose terminal it is, 0: nobody's */
    struct wait_queue readers;
    struct wait_queue writers;                       /* wait for ^Q */
    void (*output)(const char *bytes, size_t count); /* [I] */
    void (*resume)(void); /* [I] asks the line for more input, or NULL */
};

/* What a terminal must ask about processes; filled by proc/group.c. */
struct tty_hooks {
    /* Send `signal` to every process of a group.  Context: interrupts. */
    void (*signal_group)(int32_t group, int signal);
    /* Session and group of the running process. */
    int32_t (*current_session)(void);
    int32_t (*current_group)(void);
    bool (*current_leads_session)(void);
    /* The running process, in the background of its terminal, did what `signal`
     * (SIGTTIN, SIGTTOU) is for: its group is signalled.  -ERESTARTSYS; or,
     * with the signal blocked or ignored, -EIO for SIGTTIN and 0 for SIGTTOU;
     * -EIO in an orphaned group. */
    int (*signal_background)(int signal);
    /* Is there such a group in this session? */
    bool (*group_in_session)(int32_t group, int32_t session);
    /* The running process' controlling terminal, or NULL. */
    struct tty *(*current_terminal)(void);
    /* Make `tty` (NULL: none) the terminal of the running process and, if it
     * leads its session, of all processes of that. */
    void (*set_terminal)(struct tty *tty);
    /* The processes of `session` have no terminal any more. */
    void (*lose_terminal)(int32_t session);
};
extern struct tty_hooks tty_hooks;

extern struct tty console_tty; /* on COM1 */

/* Boot: COM1 becomes the console's terminal, if no log is in its way. */
void tty_init(void);

/* A terminal with default settings that writes through `output`. */
void tty_setup(struct tty *tty,
               void (*output)(const char *bytes, size_t count));

/* A typed byte.  Returns the signal for the foreground group, or 0.
 * Locks: takes tty->lock. */
int tty_input(struct tty *tty, uint8_t byte);

/* Is there room for more?  If not, a reader will make some and then call
 * tty->resume.  Locks: takes tty->lock. */
bool tty_has_room(struct tty *tty);

/*
 * Up to `count` bytes into `buf`: a line, or what VMIN and VTIME ask for.
 * Returns the number, 0 at end of file, -EAGAIN (`wait` false), -EINTR.
 */
__must_check int64_t tty_read(struct tty *tty, char *buf, size_t count,
                              bool wait);

/* Print bytes, with output processing.  Returns 0; -EINTR, or -EAGAIN (`wait`
 * false), when output is stopped. */
__must_check int tty_write(struct tty *tty, const char *bytes, size_t count,
                           bool wait);

/* Stop output, or go on, as ^S and ^Q do. */
void tty_set_stopped(struct tty *tty, bool stopped);

/* Bytes that a read would return now; and whether it would not block. */
uint32_t tty_input_bytes(struct tty *tty);
bool tty_is_readable(struct tty *tty);

void tty_get_termios(struct tty *tty, struct kernel_termios *out);
/* `flush`: forget typed input (TCSETSF). */
void tty_set_termios(struct tty *tty, const struct kernel_termios *in,
                     bool flush);
void tty_flush_input(struct tty *tty);

/* May the running process read (SIGTTIN) or change the terminal (SIGTTOU) now?
 * 0; in the background what tty_hooks.signal_background() says. */
__must_check int tty_check_foreground(struct tty *tty, int signal);

/* May it write now?  0 unless TOSTOP is set and it is in the background. */
__must_check int tty_check_writer(struct tty *tty);

/* TIOCSCTTY, TIOCNOTTY, TIOCSPGRP: 0 or -errno as Linux. */
__must_check int tty_acquire(struct tty *tty, bool steal);
__must_check int tty_release(struct tty *tty);
__must_check int tty_set_foreground(struct tty *tty, int32_t group);

/* The session `session` ends: the terminal is nobody's any more.  Returns the
 * group that was in the foreground (to be hung up), or 0. */
int32_t tty_session_ended(struct tty *tty, int32_t session);
