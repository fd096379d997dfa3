/*
 * dev/uart.h - the two 16550 serial ports, and the console before there is a
 * terminal.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"

/* Lock key: [I] set at init  [L] this->lock */
struct uart {
    uint16_t port;        /* [I] base of its eight registers */
    uint8_t irq;          /* [I] */
    bool present;         /* [I] */
    struct spinlock lock; /* transmit, and the interrupt-enable register */
    bool receiving;       /* [L] receive interrupt is on */
    /* [I] Takes a received byte, interrupts off.  False: no more for now, until
     * reception is turned on again. */
    bool (*receive)(uint8_t byte);
};

extern struct uart uart_com1, uart_com2;

/* Choose where the kernel log goes: QEMU's debug port if it is there, else
 * COM1.  Context: first thing at boot. */
void console_early_init(void);

/* Program the port, look whether it answers, and register its interrupt; without
 * `receive` it only sends. */
void uart_init(struct uart *uart, bool (*receive)(uint8_t byte));

/* Send bytes, waiting for room in the FIFO.  Context: any. */
void uart_write(struct uart *uart, const char *bytes, size_t count);

/* The same without a lock: for panic. */
void uart_write_unlocked(struct uart *uart, const char *bytes, size_t count);

/* Turn reception on or off; off, QEMU keeps what the host sends. */
void uart_set_receiving(struct uart *uart, bool on);
