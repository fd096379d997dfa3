/*
 * x86/clock.c - the TSC as clock, the local APIC timer as alarm.
 *
 * Both rates are measured once against the PIT's channel 2 in 10 ms.  Under
 * QEMU's -icount the TSC counts instructions, one a nanosecond, and everything
 * here is deterministic.  Times are kept as ns = ticks * mult >> 32.
 */
#include "x86/clock.h"

#include "core/panic.h"
#include "core/printk.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/lapic.h"

/* [8254 "Programming"]; channel 2's gate and output are in port 0x61. */
#define PIT_HZ        1193182
#define PIT_CHANNEL2  0x42
#define PIT_COMMAND   0x43
#define PIT_MODE0_CH2 0xb0
#define PIT_GATE      0x61
#define PIT_LATCH_CH2 0x80
enum { CALIBRATE_PIT_COUNTS = PIT_HZ / 100, SAMPLE_TRIES = 5 };

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

static uint64_t tsc_at_boot;  /* [I] */
static uint64_t ns_per_tick;  /* [I] 32.32 fixed point */
static uint64_t timer_per_ns; /* [I] APIC counts per ns, 32.32 */

static uint64_t scale(uint64_t value, uint64_t factor)
{
    return (uint64_t)(((unsigned __int128)value * factor) >> 32);
}

/* The three counters read together. */
struct sample {
    uint64_t tsc;
    uint32_t apic; /* counts down */
    uint16_t pit;  /* counts down */
};

static void pit_start(void)
{
    outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~2) | 1));
    outb(PIT_COMMAND, PIT_MODE0_CH2);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
}

static uint16_t pit_read(void)
{
    outb(PIT_COMMAND, PIT_LATCH_CH2);
    uint8_t low = inb(PIT_CHANNEL2);

    return (uint16_t)(low | inb(PIT_CHANNEL2) << 8);
}

/* Of some tries the one that took least time: in the others the host ran
 * something else between the reads. */
static struct sample take_sample(void)
{
    struct sample best = { 0 };
    uint64_t best_width = UINT64_MAX;

    for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
        struct sample s;
        uint64_t before = cpu_rdtsc();
        s.pit = pit_read();
        s.apic = lapic_timer_left();
        uint64_t width = cpu_rdtsc() - before;
        s.tsc = before + width / 2;
        if (width < best_width) {
            best_width = width;
            best = s;
        }
    }
    return best;
}

void clock_init(void)
{
    lapic_timer_start(UINT32_MAX);
    pit_start();
    struct sample start = take_sample();
    while ((uint16_t)(start.pit - pit_read()) < CALIBRATE_PIT_COUNTS)
        cpu_pause();
    struct sample end = take_sample();
    lapic_timer_start(0);

    uint64_t pit = (uint16_t)(start.pit - end.pit);
    uint64_t tsc_hz = (end.tsc - start.tsc) * PIT_HZ / pit;
    uint64_t apic_hz = (uint64_t)(start.apic - end.apic) * PIT_HZ / pit;
    assert(tsc_hz > 0 && apic_hz > 0);
    /* The PIT's resolution is coarser than icount's exact 1 GHz: round rates
     * within 0.1 % of it, so that one instruction is one nanosecond. */
    if (tsc_hz > NSEC_PER_SEC - 1000000 && tsc_hz < NSEC_PER_SEC + 1000000)
        tsc_hz = NSEC_PER_SEC;
    ns_per_tick = (uint64_t)(((unsigned __int128)NSEC_PER_SEC << 32) / tsc_hz);
    timer_per_ns = (apic_hz << 32) / NSEC_PER_SEC;
    tsc_at_boot = start.tsc;
    printk("clock: TSC %lu kHz, APIC timer %lu kHz\n", tsc_hz / 1000,
           apic_hz / 1000);
}

uint64_t clock_now_ns(void)
{
    if (ns_per_tick == 0)
        return 0;
    return scale(cpu_rdtsc() - tsc_at_boot, ns_per_tick);
}

void clock_program(uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX) {
        lapic_timer_start(0);
        return;
    }
    uint64_t now = clock_now_ns();
    uint64_t delta = deadline_ns > now ? deadline_ns - now : 0;
    /* Longer waits are re-armed when the short one fires. */
    if (delta > NSEC_PER_SEC)
        delta = NSEC_PER_SEC;
    uint64_t counts = scale(delta, timer_per_ns);
    lapic_timer_start(counts ? (uint32_t)counts : 1);
}

static unsigned cmos_read(unsigned index)
{
    outb(CMOS_INDEX, (uint8_t)index);
    return inb(CMOS_DATA);
}

static unsigned cmos_number(unsigned index, bool binary)
{
    unsigned v = cmos_read(index);

    return binary ? v : (v >> 4) * 10 + (v & 15);
}

uint64_t clock_boot_epoch(void)
{
    static uint64_t epoch;

    if (epoch != 0)
        return epoch;
    while (cmos_read(0x0a) & 0x80) /* update in progress */
        cpu_pause();
    bool binary = cmos_read(0x0b) & 4;
    uint64_t second = cmos_number(0, binary), minute = cmos_number(2, binary);
    uint64_t hour = cmos_number(4, binary), day = cmos_number(7, binary);
    uint64_t month = cmos_number(8, binary);
    uint64_t year = 2000 + cmos_number(9, binary);
    /* Days since 1970: years begin in March, so the leap day comes last. */
    if (month <= 2) {
        month += 12;
        year--;
    }
    uint64_t days = 365 * year + year / 4 - year / 100 + year / 400 +
                    (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
    epoch = ((days * 24 + hour) * 60 + minute) * 60 + second -
            clock_now_ns() / NSEC_PER_SEC;
    return epoch;
}
