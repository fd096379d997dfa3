/*
 * x86/smp.c - INIT, startup, one CPU after the other.
 * [SDM-3A "Multiple-Processor (MP) Initialization"]
 *
 * The trampoline page at 0x8000 is reused for each CPU, so the next one is
 * started only when the last has reported itself online.
 */
#include "x86/smp.h"

#include "base/string.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/upcalls.h"
#include "x86/acpi.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/paging.h"
#include "x86/layout.h"

#define AP_BASE    0x8000ul
#define START_WAIT (1000 * NSEC_PER_MSEC)
#define MSR_EFER   0xc0000080
#define EFER_LMA   0x400ul

extern char ap_trampoline[], ap_trampoline_end[], ap_start[];
extern char ap_boot_cr3[], ap_efer[], ap_kernel_cr3[], ap_stack[], ap_cpu[];
extern char ap_entry[], boot_pml4[];

static struct acpi_madt_info madt;

void smp_init_boot_cpu(void)
{
    irq_mask_pics();
    acpi_read_madt(&madt);
    lapic_init_mapping(madt.lapic);
    lapic_init_cpu();
    cpus[0].apic_id = lapic_id();
    cpus[0].online = true;
    irq_init(&madt);
}

static void set_field(const char *field, uint64_t value)
{
    char *page = phys_to_virt(AP_BASE);

    memcpy(page + (field - ap_trampoline), &value, sizeof(value));
}

static void wait_ns(uint64_t ns)
{
    uint64_t end = clock_now_ns() + ns;

    while (clock_now_ns() < end)
        cpu_pause();
}

static bool start_one(struct cpu *cpu, vaddr_t stack)
{
    set_field(ap_stack, stack);
    set_field(ap_cpu, (vaddr_t)cpu);
    lapic_send_init(cpu->apic_id);
    wait_ns(10 * NSEC_PER_MSEC); /* the SDM's delay after INIT */
    lapic_send_startup(cpu->apic_id, AP_BASE);

    uint64_t end = clock_now_ns() + START_WAIT;
    while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
        if (clock_now_ns() > end)
            return false;
        cpu_pause();
    }
    return true;
}

void smp_start(vaddr_t (*stack_of)(unsigned id))
{
    memcpy(phys_to_virt(AP_BASE), ap_trampoline,
           (size_t)(ap_trampoline_end - ap_trampoline));
    set_field(ap_boot_cr3, (vaddr_t)boot_pml4);
    set_field(ap_efer, cpu_rdmsr(MSR_EFER) & ~EFER_LMA);
    set_field(ap_kernel_cr3, kernel_pml4);
    set_field(ap_entry, (vaddr_t)ap_start);

    for (unsigned i = 0; i < madt.cpu_count; i++) {
        if (madt.apic_ids[i] == cpus[0].apic_id)
            continue;
        struct cpu *cpu = &cpus[cpu_count];
        cpu->id = cpu_count;
        cpu->apic_id = madt.apic_ids[i];
        vaddr_t stack = stack_of(cpu->id);
        if (stack == 0 || !start_one(cpu, stack)) {
            printk("smp: CPU with APIC id %u does not start\n", cpu->apic_id);
            break;
        }
        cpu_count++;
    }
    printk("smp: %u CPU%s\n", cpu_count, cpu_count == 1 ? "" : "s");
}

/* First C code of another CPU, from boot/ap.S. */
__noreturn void ap_main(struct cpu *cpu);
void ap_main(struct cpu *cpu)
{
    cpu_set_early_gs(cpu);
    cpu_enable_features();
    cpu_init_tables(cpu);
    lapic_init_cpu();
    kmain_secondary();
}

void smp_halt_others(void)
{
    if (cpu_count > 1)
        lapic_send_ipi_all_others(VECTOR_HALT);
}
