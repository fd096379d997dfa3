/*
 * dev/uart.c - the 16550 serial port. [PC16550D "Registers"]
 *
 * Idea:  transmit by polling, 16 bytes for each look at the status, since QEMU
 *        takes a FIFO's worth at once; receive by interrupt.  A receiver that
 *        has no room refuses the byte, and reception stays off until it asks.
 * Locks: uart->lock; the receive callback runs without it, on the boot CPU.
 */
#include "dev/uart.h"

#include "core/printk.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/irq.h"

enum {
    UART_DATA = 0,
    UART_IER = 1,
    UART_IIR_FCR = 2,
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCRATCH = 7,
};
#define IER_RECEIVE 0x01
/* FIFOs on and empty, trigger at 14 bytes; fewer wait for the time of four
 * characters, a third of a millisecond. */
#define FCR_ENABLE       0xc7
#define LCR_8N1          0x03
#define LCR_DLAB         0x80
#define MCR_OUT2_RTS_DTR 0x0b
#define LSR_DATA         0x01
#define LSR_EMPTY        0x20
enum { FIFO_BYTES = 16, DEBUG_PORT = 0xe9 };

struct uart uart_com1 = { .port = 0x3f8,
                          .irq = 4,
                          .lock = SPINLOCK_INIT("com1", RANK_DEVICE) };
struct uart uart_com2 = { .port = 0x2f8,
                          .lock = SPINLOCK_INIT("com2", RANK_DEVICE) };

static void debug_port_write(const char *bytes, size_t count)
{
    while (count-- > 0)
        outb(DEBUG_PORT, (uint8_t)*bytes++);
}

static void program_port(struct uart *u)
{
    outb(u->port + UART_IER, 0);
    outb(u->port + UART_LCR, LCR_DLAB);
    outb(u->port + UART_DATA, 1); /* divisor 1: 115200 baud */
    outb(u->port + UART_IER, 0);
    outb(u->port + UART_LCR, LCR_8N1);
    outb(u->port + UART_IIR_FCR, FCR_ENABLE);
    outb(u->port + UART_MCR, MCR_OUT2_RTS_DTR);
    outb(u->port + UART_SCRATCH, 0x5a);
    u->present = inb(u->port + UART_SCRATCH) == 0x5a;
}

void uart_write_unlocked(struct uart *u, const char *bytes, size_t count)
{
    while (count > 0) {
        while (!(inb(u->port + UART_LSR) & LSR_EMPTY))
            cpu_pause();
        for (unsigned i = 0; i < FIFO_BYTES && count > 0; i++, count--)
            outb(u->port + UART_DATA, (uint8_t)*bytes++);
    }
}

void uart_write(struct uart *u, const char *bytes, size_t count)
{
    if (!u->present)
        return;
    spin_lock(&u->lock);
    uart_write_unlocked(u, bytes, count);
    spin_unlock(&u->lock);
}

/* Lines of the log end in CR LF on a terminal.  No lock: printk has its own,
 * and panic must get through. */
static void com1_log_write(const char *bytes, size_t count)
{
    for (; count > 0; count--, bytes++) {
        if (*bytes == '\n')
            uart_write_unlocked(&uart_com1, "\r", 1);
        uart_write_unlocked(&uart_com1, bytes, 1);
    }
}

void console_early_init(void)
{
    if (inb(DEBUG_PORT) == DEBUG_PORT) {
        printk_set_sink(debug_port_write);
        return;
    }
    program_port(&uart_com1);
    if (uart_com1.present)
        printk_set_sink(com1_log_write);
}

/* Next byte that has arrived, if reception is on. */
static bool take_byte(struct uart *u, uint8_t *byte)
{
    spin_lock(&u->lock);
    bool there = u->receiving && (inb(u->port + UART_LSR) & LSR_DATA);
    if (there)
        *byte = inb(u->port + UART_DATA);
    spin_unlock(&u->lock);
    return there;
}

/* Give what has arrived to the receiver, until it wants no more.  Its reader
 * turns reception on again before it waits, so this cannot be the last word. */
static void drain(struct uart *u)
{
    uint8_t byte;

    while (take_byte(u, &byte))
        if (!u->receive(byte))
            uart_set_receiving(u, false);
}

static void com1_interrupt(void *unused)
{
    drain(&uart_com1);
}

void uart_init(struct uart *u, bool (*receive)(uint8_t byte))
{
    u->receive = receive;
    program_port(u);
    if (u->present && receive)
        irq_register(u->irq, com1_interrupt);
}

void uart_set_receiving(struct uart *u, bool on)
{
    spin_lock(&u->lock);
    if (u->receiving != on) {
        u->receiving = on;
        outb(u->port + UART_IER, on ? IER_RECEIVE : 0);
    }
    spin_unlock(&u->lock);
}
