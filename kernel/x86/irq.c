/*
 * x86/irq.c - ISA interrupts through the I/O APIC; the old PICs are masked.
 * [82093AA "IOREDTBL"; 8259A "Operation Control Words"]
 */
#include "x86/irq.h"

#include "core/panic.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/paging.h"
#include "x86/smp.h"

#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1
#define IOREDTBL  0x10

static volatile uint32_t *ioapic;         /* [I] index at [0], data at [4] */
static const struct acpi_madt_info *madt; /* [I] */
/* [I] after boot: ISA interrupts, then message-signalled ones. */
enum { ISA_IRQS = 16, MSI_VECTORS = 32 };
static struct {
    void (*run)(void *arg);
    void *arg;
} handlers[ISA_IRQS + MSI_VECTORS];
static unsigned msi_count;

void irq_mask_pics(void)
{
    outb(PIC1_DATA, 0xff);
    outb(PIC2_DATA, 0xff);
}

void irq_init(const struct acpi_madt_info *info)
{
    madt = info;
    ioapic = kernel_map_device(info->ioapic, PAGE_SIZE);
}

static void ioapic_write(uint32_t index, uint32_t value)
{
    ioapic[0] = index;
    ioapic[4] = value;
}

void irq_register(unsigned irq, void (*handler)(void *arg))
{
    assert_lt(irq, ISA_IRQS);
    handlers[irq].run = handler;
    uint32_t input = madt->isa_override[irq] - madt->ioapic_base;
    /* Edge-triggered, active high, fixed delivery to the boot CPU. */
    ioapic_write(IOREDTBL + 2 * input + 1, cpus[0].apic_id << 24);
    ioapic_write(IOREDTBL + 2 * input, VECTOR_IRQ_BASE + irq);
}

unsigned irq_alloc_vector(void (*handler)(void *arg), void *arg)
{
    if (msi_count == MSI_VECTORS)
        return 0;
    handlers[ISA_IRQS + msi_count].arg = arg;
    handlers[ISA_IRQS + msi_count].run = handler;
    return VECTOR_MSI_BASE + msi_count++;
}

void irq_dispatch(unsigned vector)
{
    unsigned irq = vector - VECTOR_IRQ_BASE;

    if (irq < ARRAY_LENGTH(handlers) && handlers[irq].run)
        handlers[irq].run(handlers[irq].arg);
}
