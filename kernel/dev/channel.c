/*
 * dev/channel.c - stdin, stdout, stderr and reports over one virtio console, or
 *                 over COM2.
 *
 * 1 Idea      Frames both ways: type, 16-bit length, payload.  Programs reach
 *             only the types 'o', 'e' (write) and 'i' (read); the exit status,
 *             verdicts and panics are the kernel's own.
 * 2 States    Output goes through a few one-page buffers, each free or the
 *             device's.  Input arrives in pages, is parsed (three header bytes,
 *             then payload) into a ring, and the page goes back to the device
 *             when the ring has room for all pages that are out.  An 'i' frame
 *             of length 0 is the end of file.
 * 3 Locking   output_lock guards the output buffers, input_lock ring and parser;
 *             the input interrupt takes the latter.
 * 4 Failure   A full ring keeps input pages back, so QEMU keeps the host waiting
 *             and nothing is lost.  The device gets its first pages with the
 *             first read: a program that reads nothing is never interrupted and
 *             runs the same each time under -icount.
 * 5 COM2      A machine without a virtio console is one that is recorded: QEMU
 *             cannot go back in time with such a device.  Then the same frames
 *             go out over the second serial port; standard input is empty.
 * 6 Elsewhere virtio consoles have many ports; one with frames is enough here.
 */
#include "dev/channel.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/printk.h"
#include "dev/uart.h"
#include "dev/virtio.h"
#include "mem/frame.h"
#include "sched/thread.h"

/* [virtio 1.1 "Console Device"]: port 1, since QEMU drops what a slow host does
 * not take from port 0; the rings of a port are 2n + 2 and 2n + 3. */
#define FEATURE_MULTIPORT 0x2u
enum {
    CONTROL_DEVICE_READY = 0,
    CONTROL_PORT_READY = 3,
    CONTROL_PORT_OPEN = 6
};
struct control_message {
    uint32_t port;
    uint16_t event, value;
};
enum {
    PORT = 1,
    QUEUE_CONTROL_OUT = 3,
    QUEUE_INPUT = 4,
    QUEUE_OUTPUT = 5,
    RING_BYTES = 65536,
    HEADER_BYTES = 3,
    PAYLOAD_MAX = PAGE_SIZE - HEADER_BYTES,
    INPUT_PAGES = 4,
    OUTPUT_PAGES = 8,
    PANIC_PAGE = OUTPUT_PAGES, /* one more, for panic alone */
    PANIC_PATIENCE = 10000000, /* looks at the ring before giving up */
};

static bool enabled;
static bool on_serial; /* [I] COM2, no virtio console */
static struct virtio_device device;
static struct spinlock output_lock =
    SPINLOCK_INIT("channel out", RANK_TTY_LINE);
static struct spinlock input_lock = SPINLOCK_INIT("channel in", RANK_CHANNEL);
static struct wait_queue input_queue, output_queue;

/* [output_lock] */
static struct virtqueue output;
static char *output_pages[OUTPUT_PAGES + 1]; /* [I] */
static uint32_t output_free;                 /* bit per page */
static unsigned output_waiters;              /* writers without a page */

/* [input_lock] */
static struct virtqueue input;
static uint8_t *input_pages[INPUT_PAGES]; /* [I] */
static uint32_t input_idle;               /* bit: not with the device */
static uint32_t input_out;                /* pages with the device */
static uint8_t ring[RING_BYTES];
static uint64_t ring_in, ring_out; /* bytes ever stored and taken */
static uint8_t header[HEADER_BYTES];
static unsigned header_bytes; /* of the frame being received */
static unsigned payload_left;
static bool end_of_file;

/* A free output page, or -1. */
static int take_output_page_locked(void) MUST_HOLD(output_lock);
static int take_output_page_locked(void)
{
    unsigned slot;
    uint32_t bytes;

    while (virtqueue_take(&output, &slot, &bytes))
        if (slot < OUTPUT_PAGES)
            output_free |= 1u << slot;
    if (output_free == 0)
        return -1;
    int page = __builtin_ctz(output_free);
    output_free &= ~(1u << page);
    return page;
}

static void send_serial(char type, const void *bytes, size_t count)
{
    const char head[] = { type, (char)count, (char)(count >> 8) };

    uart_write_unlocked(&uart_com2, head, HEADER_BYTES);
    uart_write_unlocked(&uart_com2, bytes, count);
}

static void send_page(unsigned page, char type, const void *bytes, size_t count)
{
    char *to = output_pages[page];

    to[0] = type;
    to[1] = (char)count;
    to[2] = (char)(count >> 8);
    memcpy(to + HEADER_BYTES, bytes, count);
    virtqueue_post(&output, page, virt_to_phys(to),
                   (uint32_t)(HEADER_BYTES + count), VIRTQUEUE_DEVICE_READS);
    virtqueue_notify(&output);
}

/* Wait for a free page; QEMU is done with one as a rule when it was told, so
 * interrupts are asked for only when it was not.  -EINTR: killed. */
static int wait_output_page_locked(int *page) MUST_HOLD(output_lock);
static int wait_output_page_locked(int *page)
{
    *page = take_output_page_locked();
    if (*page >= 0)
        return 0;
    output_waiters++;
    virtqueue_set_interrupts(&output, true);
    int err =
        wait_event(&output_queue, (*page = take_output_page_locked()) >= 0,
                   &output_lock, WAIT_KILLABLE, WAIT_FOREVER);
    if (--output_waiters == 0)
        virtqueue_set_interrupts(&output, false);
    return err;
}

void channel_write(char type, const void *bytes, size_t count)
{
    const char *from = bytes;

    if (!enabled)
        return;
    do {
        size_t n = MIN(count, (size_t)PAYLOAD_MAX);
        int page, err = 0;
        spin_lock(&output_lock);
        if (on_serial)
            send_serial(type, from, n);
        else if ((err = wait_output_page_locked(&page)) == 0)
            send_page((unsigned)page, type, from, n);
        spin_unlock(&output_lock);
        if (err)
            return; /* the writer is dying */
        from += n;
        count -= n;
    } while (count > 0);
}

static bool output_is_idle_locked(void) MUST_HOLD(output_lock);
static bool output_is_idle_locked(void)
{
    int page = take_output_page_locked();

    if (page >= 0)
        output_free |= 1u << page;
    return output_free == (1u << OUTPUT_PAGES) - 1;
}

void channel_finish(void)
{
    if (!enabled || on_serial)
        return;
    spin_lock(&output_lock);
    virtqueue_set_interrupts(&output, true);
    /* Uninterruptible: the machine goes down when this returns. */
    (void)wait_event(&output_queue, output_is_idle_locked(), &output_lock,
                     WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
    spin_unlock(&output_lock);
}

/* The machine is stopping: no locks, and no interrupts any more. */
static void panic_write(const char *bytes, size_t count)
{
    unsigned slot = UINT32_MAX;
    uint32_t done;

    if (on_serial) {
        send_serial('p', bytes, MIN(count, (size_t)PAYLOAD_MAX));
        return;
    }
    send_page(PANIC_PAGE, 'p', bytes, MIN(count, (size_t)PAYLOAD_MAX));
    for (unsigned i = 0; i < PANIC_PATIENCE && slot != PANIC_PAGE; i++)
        if (!virtqueue_take(&output, &slot, &done))
            cpu_pause();
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

static void output_interrupt(void *unused)
{
    wake_up_all(&output_queue);
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

/* Give idle pages to the device while the ring has room for all that are out.
 */
static void post_input_locked(void) MUST_HOLD(input_lock);
static void post_input_locked(void)
{
    uint64_t room = RING_BYTES - (ring_in - ring_out);
    bool posted = false;

    while (input_idle != 0 && !end_of_file &&
           (input_out + 1) * PAGE_SIZE <= room) {
        unsigned page = (unsigned)__builtin_ctz(input_idle);
        input_idle &= ~(1u << page);
        input_out++;
        virtqueue_post(&input, page, virt_to_phys(input_pages[page]), PAGE_SIZE,
                       VIRTQUEUE_DEVICE_WRITES);
        posted = true;
    }
    if (posted)
        virtqueue_notify(&input);
}

static void input_interrupt(void *unused)
{
    unsigned page;
    uint32_t bytes;

    spin_lock(&input_lock);
    while (virtqueue_take(&input, &page, &bytes)) {
        if (page >= INPUT_PAGES || input_idle & 1u << page)
            continue; /* not the device's */
        for (uint32_t i = 0; i < MIN(bytes, (uint32_t)PAGE_SIZE); i++)
            store_byte(input_pages[page][i]);
        input_idle |= 1u << page;
        input_out--;
    }
    post_input_locked();
    spin_unlock(&input_lock);
    wake_up_all(&input_queue);
}

static bool alloc_pages(void **pages, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct frame *f = frame_alloc(0, FRAME_KERNEL);
        if (!f)
            return false;
        pages[i] = frame_bytes(f);
    }
    return true;
}

/* Tell the device that port 1 is in use.  Its own control messages have no
 * buffers to come in and are dropped. */
static bool open_port(void)
{
    static const uint16_t events[] = { CONTROL_DEVICE_READY, CONTROL_PORT_READY,
                                       CONTROL_PORT_OPEN };
    struct virtqueue control;
    struct frame *page = frame_alloc(0, FRAME_KERNEL);

    if (!page ||
        !virtqueue_init(&device, QUEUE_CONTROL_OUT, NULL, NULL, &control))
        return false;
    virtio_start(&device);
    struct control_message *message = frame_bytes(page);
    for (unsigned i = 0; i < ARRAY_LENGTH(events); i++, message++) {
        *message = (struct control_message){ PORT, events[i], 1 };
        virtqueue_post(&control, i, virt_to_phys(message), sizeof(*message),
                       VIRTQUEUE_DEVICE_READS);
        virtqueue_notify(&control);
    }
    return true;
}

static bool enable_virtio(void)
{
    if (virtio_find(VIRTIO_CONSOLE, 0, &device) != 0 ||
        !virtio_negotiate(&device, FEATURE_MULTIPORT, 0) ||
        !alloc_pages((void **)input_pages, INPUT_PAGES) ||
        !alloc_pages((void **)output_pages, OUTPUT_PAGES + 1) ||
        !virtqueue_init(&device, QUEUE_INPUT, input_interrupt, NULL, &input) ||
        !virtqueue_init(&device, QUEUE_OUTPUT, output_interrupt, NULL,
                        &output) ||
        !open_port())
        return false;
    input_idle = (1u << INPUT_PAGES) - 1;
    output_free = (1u << OUTPUT_PAGES) - 1;
    virtqueue_set_interrupts(&output, false);
    return true;
}

static bool enable_serial(void)
{
    uart_init(&uart_com2, NULL);
    on_serial = end_of_file = uart_com2.present;
    return on_serial;
}

void channel_enable(void)
{
    wait_queue_init(&input_queue);
    wait_queue_init(&output_queue);
    if (!enable_virtio() && !enable_serial()) {
        printk("channel: no virtio console and no second serial port\n");
        return;
    }
    enabled = true;
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
    spin_lock(&input_lock);
    post_input_locked();
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

    spin_lock(&input_lock);
    post_input_locked();
    if (!input_ready_locked() && !wait)
        err = -EAGAIN;
    else
        err = wait_event(&input_queue, input_ready_locked(), &input_lock,
                         WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    size_t n = 0;
    for (; err == 0 && n < count && ring_out != ring_in; n++)
        to[n] = ring[ring_out++ % RING_BYTES];
    post_input_locked();
    spin_unlock(&input_lock);
    return err ? err : (int64_t)n;
}
