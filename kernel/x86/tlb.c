/*
 * x86/tlb.c - TLB shootdown.
 *
 * One request at a time: the sender owns `request_busy`, publishes what to do,
 * sends the IPI and waits until every target has cleared its bit.  While it
 * waits, for the request slot or for the answers, its interrupts are on, so it
 * answers others' IPIs.  [SDM-3A "Propagation of Paging-Structure Changes to
 * Multiple Processors"]
 */
#include "x86/tlb.h"

#include "core/counter.h"
#include "core/panic.h"
#include "x86/cpu.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/paging.h"

/* One invlpg is cheap, one CR3 load costs a dozen. */
enum { FLUSH_PAGES_MAX = 12 };
#define CR4_PGE 0x80

void (*tlb_leave_space)(void);

static uint32_t request_busy; /* [a] 1: a sender owns the request */
static uint32_t request_left; /* [a] targets that have not answered */
static vaddr_t request_start, request_end; /* owned by the sender */
static paddr_t request_cr3;                /* 0, or: leave these tables */
static bool request_global;

static void flush_everything(void)
{
    uint64_t cr4 = cpu_read_cr4();

    /* Clearing PGE also drops global entries. */
    cpu_write_cr4(cr4 & ~(uint64_t)CR4_PGE);
    cpu_write_cr4(cr4);
    cpu_write_cr3(cpu_read_cr3());
}

void tlb_flush_local(vaddr_t start, vaddr_t end)
{
    if ((end - start) / PAGE_SIZE > FLUSH_PAGES_MAX) {
        cpu_write_cr3(cpu_read_cr3());
        return;
    }
    for (vaddr_t va = start; va < end; va += PAGE_SIZE)
        cpu_invlpg(va);
}

void tlb_handle_ipi(void)
{
    uint32_t bit = 1u << this_cpu->id;

    if (!(__atomic_load_n(&request_left, __ATOMIC_ACQUIRE) & bit))
        return;
    if (request_global)
        flush_everything();
    else if (request_cr3 != 0 ? cpu_read_cr3() == request_cr3
                              : this_cpu->current == this_cpu->idle)
        tlb_leave_space();
    else if (request_cr3 == 0)
        tlb_flush_local(request_start, request_end);
    __atomic_fetch_and(&request_left, ~bit, __ATOMIC_RELEASE);
}

static void send_request(uint32_t mask, vaddr_t start, vaddr_t end, paddr_t cr3,
                         bool global)
{
    mask &= ~(1u << this_cpu->id);
    if (mask == 0)
        return;
    assert(irqs_enabled() && this_cpu->spin_depth == 0);
    counter_add(COUNTER_TLB_REMOTE_FLUSHES, 1);
    while (__atomic_exchange_n(&request_busy, 1, __ATOMIC_ACQUIRE))
        cpu_pause();
    request_start = start;
    request_end = end;
    request_cr3 = cr3;
    request_global = global;
    __atomic_store_n(&request_left, mask, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < cpu_count; i++)
        if (mask & (1u << i))
            lapic_send_ipi(cpus[i].apic_id, VECTOR_TLB);
    while (__atomic_load_n(&request_left, __ATOMIC_ACQUIRE) != 0)
        cpu_pause();
    __atomic_store_n(&request_busy, 0, __ATOMIC_RELEASE);
}

void tlb_flush_remote(uint32_t mask, vaddr_t start, vaddr_t end)
{
    send_request(mask, start, end, 0, false);
}

void tlb_drop_tables(uint32_t mask, paddr_t cr3)
{
    send_request(mask, 0, 0, cr3, false);
}

void tlb_flush_all_cpus(void)
{
    uint32_t online = 0;

    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i].online)
            online |= 1u << i;
    send_request(online, 0, 0, 0, true);
    flush_everything();
}
