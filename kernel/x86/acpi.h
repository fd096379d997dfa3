/*
 * x86/acpi.h - the one ACPI table we read: MADT, which lists CPUs and APICs.
 */
#pragma once

#include "core/config.h"
#include "core/types.h"

struct acpi_madt_info {
    paddr_t lapic;                      /* local APIC registers */
    paddr_t ioapic;                     /* first I/O APIC's registers */
    uint32_t ioapic_base;               /* its first interrupt number */
    uint32_t apic_ids[CONFIG_MAX_CPUS]; /* usable CPUs, in table order */
    unsigned cpu_count;
    uint32_t isa_override[16]; /* I/O APIC input of ISA irq n */
};

/* Fill *info from the tables; without any, one CPU and the usual addresses. */
void acpi_read_madt(struct acpi_madt_info *info);
