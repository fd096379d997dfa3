/*
 * x86/irq.h - interrupt vectors and the I/O APIC.
 */
#pragma once

#include "core/types.h"

enum {
    VECTOR_IRQ_BASE = 0x20,   /* legacy ISA IRQ n arrives at 0x20 + n */
    VECTOR_MSI_BASE = 0x30,   /* message-signalled interrupts of devices */
    VECTOR_TIMER = 0xf0,      /* local APIC timer */
    VECTOR_RESCHEDULE = 0xf1, /* another CPU queued a thread here */
    VECTOR_TLB = 0xf2,        /* TLB shootdown request */
    VECTOR_HALT = 0xf3,       /* panic on another CPU */
    VECTOR_SPURIOUS = 0xff,
};

/*
 * Route ISA interrupt `irq` to the boot CPU and call `handler` for it, with
 * interrupts off; the end-of-interrupt is sent by trap.c afterwards.
 * Context: boot only.
 */
void irq_register(unsigned irq, void (*handler)(void *unused));

/* A vector of its own for a message-signalled interrupt, which calls `handler`
 * with interrupts off; 0: none is left.  Context: boot only. */
__must_check unsigned irq_alloc_vector(void (*handler)(void *arg), void *arg);

/* Called by trap.c: run the handler of a device's vector. */
void irq_dispatch(unsigned vector);
