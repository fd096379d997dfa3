/*
 * dev/channel.c - stdin, stdout, stderr and reports over one serial line.
 *
 * 1 Idea      Frames on COM2, both ways: type, 16-bit length, payload.  Programs
 *             reach only the types 'o', 'e' (write) and 'i' (read); the exit
 *             status, verdicts and panics are the kernel's own.
 * 2 States    Input is parsed as it arrives: two header fields, then payload into
 *             a ring.  An 'i' frame of length 0 is the end of file.
 * 3 Locking   output_lock keeps frames whole; input_lock guards ring and parser
 *             and is taken by the interrupt handler.
 * 4 Failure   When the ring is full, reception stops until somebody reads;
 *             QEMU then keeps the host waiting, so nothing is lost.  Reception
 *             starts with the first read, so that a program that reads nothing
 *             is never interrupted and runs the same each time under -icount.
 * 5 Elsewhere virtio-console has ports and credits for this.
 */
#include "dev/channel.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/printk.h"
#include "dev/uart.h"
#include "sched/thread.h"

enum {
    RING_BYTES = 65536,
    HEADER_BYTES = 3,
    FRAME_MAX_BYTES = 512, /* bounds the time with interrupts off */
};

static bool enabled;
static struct spinlock output_lock = SPINLOCK_INIT("channel out", RANK_TTY_LINE);
static struct spinlock input_lock = SPINLOCK_INIT("channel in", RANK_CHANNEL);
static struct wait_queue input_queue;

/* [input_lock] */
static uint8_t ring[RING_BYTES];
static uint64_t ring_in, ring_out;    /* bytes ever stored and taken */
static uint8_t header[HEADER_BYTES];
static unsigned header_bytes;         /* of the frame being received */
static unsigned payload_left;
static bool end_of_file;

static void send_frame(char type, const void *bytes, size_t count)
{
    char head[HEADER_BYTES] = { type, (char)count, (char)(count >> 8) };

    uart_write_unlocked(&uart_com2, head, sizeof(head));
    uart_write_unlocked(&uart_com2, bytes, count);
}

void channel_write(char type, const void *bytes, size_t count)
{
    const char *from = bytes;

    if (!enabled)
        return;
    do {
        size_t n = MIN(count, (size_t)FRAME_MAX_BYTES);
        spin_lock(&output_lock);
        send_frame(type, from, n);
        spin_unlock(&output_lock);
        from += n;
        count -= n;
    } while (count > 0);
}

/* The machine is stopping: no locks, the host wants the text. */
static void panic_write(const char *bytes, size_t count)
{
    send_frame('p', bytes, count);
}

void channel_send_exit(int32_t status)
{
    channel_write('x', &status, sizeof(status));
}

void verdict_line(const char *text)
{
    if (enabled)
        channel_write('v', text, strlen(text));
    else
        printk("%s\n", text);
}

/* A complete header: an empty input frame is the end of file.  Payload of
 * other types is dropped byte by byte. */
static void header_done(void)
{
    payload_left = header[1] | (unsigned)header[2] << 8;
    header_bytes = payload_left ? HEADER_BYTES : 0;
    if (header[0] == 'i' && payload_left == 0)
        end_of_file = true;
}

static void store_byte(uint8_t byte)
{
    if (header_bytes < HEADER_BYTES) {
        header[header_bytes++] = byte;
        if (header_bytes == HEADER_BYTES)
            header_done();
        return;
    }
    if (header[0] == 'i')
        ring[ring_in++ % RING_BYTES] = byte;
    if (--payload_left == 0)
        header_bytes = 0;
}

/* One byte from the interrupt handler.  False once the ring is full: the byte
 * is stored, but no more are wanted. */
static bool receive(uint8_t byte)
{
    spin_lock(&input_lock);
    store_byte(byte);
    bool room = ring_in - ring_out < RING_BYTES && !end_of_file;
    spin_unlock(&input_lock);
    wake_up_all(&input_queue);
    return room;
}

void channel_enable(void)
{
    wait_queue_init(&input_queue);
    uart_init(&uart_com2, receive);
    if (!uart_com2.present)
        return;
    enabled = true;
    /* The firmware may have printed on this line: the host drops everything
     * before this frame. */
    channel_write('r', "hanu", 4);
    printk_set_panic_sink(panic_write);
}

bool channel_is_enabled(void)
{
    return enabled;
}

static bool input_ready_locked(void)
{
    return ring_in != ring_out || end_of_file;
}

bool channel_input_ready(void)
{
    uart_set_receiving(&uart_com2, true);
    spin_lock(&input_lock);
    bool ready = input_ready_locked();
    spin_unlock(&input_lock);
    return ready;
}

struct wait_queue *channel_input_queue(void)
{
    return &input_queue;
}

int64_t channel_read(void *buf, size_t count, bool wait)
{
    uint8_t *to = buf;
    int err = 0;

    uart_set_receiving(&uart_com2, true);
    spin_lock(&input_lock);
    if (!input_ready_locked() && !wait)
        err = -EAGAIN;
    else
        err = wait_event(&input_queue, input_ready_locked(), &input_lock,
                         WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    size_t n = 0;
    for (; err == 0 && n < count && ring_out != ring_in; n++)
        to[n] = ring[ring_out++ % RING_BYTES];
    bool more = !end_of_file;
    spin_unlock(&input_lock);
    if (err)
        return err;
    if (more)
        uart_set_receiving(&uart_com2, true);
    return (int64_t)n;
}
