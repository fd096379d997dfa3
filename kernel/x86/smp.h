/*
 * x86/smp.h - bringing up the other CPUs, and stopping them in a panic.
 */
#pragma once

#include "core/types.h"

struct acpi_madt_info;

/* Read the MADT, enable the boot CPU's APIC and the I/O APIC. */
void smp_init_boot_cpu(void);

/* Start every CPU of the MADT; each ends in kmain_secondary().  `stack_of`
 * gives the top of a kernel stack for CPU `id`, 0 when memory is out. */
void smp_start(vaddr_t (*stack_of)(unsigned id));

/* Mask the old interrupt controllers.  Comes before the local APIC is set up:
 * QEMU keeps an interrupt of theirs pending for ever once LINT0 is masked. */
void irq_mask_pics(void);

/* Find the I/O APIC. */
void irq_init(const struct acpi_madt_info *info);

/* Stop all other CPUs; used by panic. */
void smp_halt_others(void);
