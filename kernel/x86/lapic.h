/*
 * x86/lapic.h - the local APIC of this CPU: end of interrupt, IPIs, timer.
 * [SDM-3A "Advanced Programmable Interrupt Controller (APIC)"]
 */
#pragma once

#include "core/types.h"

/* Map the registers (boot CPU), then enable the APIC of this CPU. */
void lapic_init_mapping(paddr_t base);
void lapic_init_cpu(void);

uint32_t lapic_id(void);
void lapic_end_of_interrupt(void);

/* Send `vector` to one CPU by APIC id, or to all others. */
void lapic_send_ipi(uint32_t apic_id, unsigned vector);
void lapic_send_ipi_all_others(unsigned vector);
/* Non-maskable, to one CPU. */
void lapic_send_nmi(uint32_t apic_id);
/* INIT and startup IPIs for bringing up a CPU. */
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, paddr_t entry);

/* One-shot countdown of this CPU's timer, 0 stops it; and what is left. */
void lapic_timer_start(uint32_t count);
uint32_t lapic_timer_left(void);
