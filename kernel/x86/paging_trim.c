/*
 * x86/paging_trim.c - page tables of the kernel half that nothing uses any more.
 *
 * Locks: the caller's for the range, as for kernel_map_page().
 * Next:  sched/kstack.c, whose area grows and shrinks.
 */
#include "x86/layout.h"
#include "x86/paging.h"

/* Entry for the last-level table of `va`, NULL if there is no room for it. */
static pte_t *find_table_entry(vaddr_t va)
{
    pte_t *table = phys_to_virt(kernel_pml4);

    for (unsigned level = 3; level > 1; level--) {
        pte_t entry = table[pt_index(va, level)];
        if (!(entry & PTE_PRESENT) || (entry & PTE_LARGE))
            return NULL;
        table = phys_to_virt(pte_phys(entry));
    }
    return &table[pt_index(va, 1)];
}

static bool table_is_empty(const pte_t *table)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if (table[i] != 0)
            return false;
    return true;
}

unsigned kernel_detach_empty_tables(vaddr_t start, vaddr_t end, paddr_t *tables,
                                    unsigned max)
{
    unsigned n = 0;

    for (vaddr_t va = start; va < end && n < max; va += pt_span(1)) {
        pte_t *entry = find_table_entry(va);
        if (!entry || !(*entry & PTE_PRESENT) || (*entry & PTE_LARGE) ||
            !table_is_empty(phys_to_virt(pte_phys(*entry))))
            continue;
        tables[n++] = pte_phys(*entry);
        *entry = 0;
    }
    return n;
}
