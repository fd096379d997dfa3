/*
 * x86/lapic.c - register access to the local APIC.
 */
#include "x86/lapic.h"

#include "x86/cpu.h"
#include "x86/irq.h"
#include "x86/paging.h"

/* [SDM-3A "Local APIC Register Address Map"] */
enum {
    LAPIC_ID = 0x020,
    LAPIC_EOI = 0x0b0,
    LAPIC_SPURIOUS = 0x0f0,
    LAPIC_ICR_LOW = 0x300,
    LAPIC_ICR_HIGH = 0x310,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_TPR = 0x080,
    LAPIC_TIMER_INITIAL = 0x380,
    LAPIC_TIMER_CURRENT = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
};
#define SPURIOUS_ENABLE   0x100
#define LVT_MASKED        0x10000
#define ICR_NMI           0x400
#define ICR_INIT          0x500
#define ICR_STARTUP       0x600
#define ICR_ASSERT        0x4000
#define ICR_PENDING       0x1000
#define ICR_ALL_OTHERS    0xc0000
#define TIMER_DIVIDE_BY_1 0xb

static volatile uint8_t *registers;

static uint32_t lapic_read(unsigned offset)
{
    return *(volatile uint32_t *)(registers + offset);
}

static void lapic_write(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(registers + offset) = value;
}

void lapic_init_mapping(paddr_t base)
{
    registers = kernel_map_device(base, PAGE_SIZE);
}

void lapic_init_cpu(void)
{
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    lapic_write(LAPIC_TPR, 0);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
    lapic_write(LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
}

uint32_t lapic_id(void)
{
    return lapic_read(LAPIC_ID) >> 24;
}

void lapic_end_of_interrupt(void)
{
    lapic_write(LAPIC_EOI, 0);
}

/* The two halves of the command must not be torn by an interrupt that sends
 * an IPI of its own. */
static void send_command(uint32_t high, uint32_t low)
{
    bool were_on = irqs_enabled();

    irqs_disable();
    while (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING)
        cpu_pause();
    lapic_write(LAPIC_ICR_HIGH, high);
    lapic_write(LAPIC_ICR_LOW, low);
    if (were_on)
        irqs_enable();
}

void lapic_send_ipi(uint32_t apic_id, unsigned vector)
{
    send_command(apic_id << 24, vector | ICR_ASSERT);
}

void lapic_send_ipi_all_others(unsigned vector)
{
    send_command(0, vector | ICR_ASSERT | ICR_ALL_OTHERS);
}

void lapic_send_nmi(uint32_t apic_id)
{
    send_command(apic_id << 24, ICR_NMI | ICR_ASSERT);
}

void lapic_send_init(uint32_t apic_id)
{
    send_command(apic_id << 24, ICR_INIT | ICR_ASSERT);
}

void lapic_send_startup(uint32_t apic_id, paddr_t entry)
{
    send_command(apic_id << 24,
                 ICR_STARTUP | ICR_ASSERT | (uint32_t)(entry >> PAGE_SHIFT));
}

void lapic_timer_start(uint32_t count)
{
    lapic_write(LAPIC_TIMER_INITIAL, count);
}

uint32_t lapic_timer_left(void)
{
    return lapic_read(LAPIC_TIMER_CURRENT);
}
