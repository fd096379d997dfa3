/*
 * vm/swapoff.c - bringing everything back from a swap area.
 *
 * Idea:   no slot of the area is given out any more; then all that name one are
 *         looked for: page tables of all spaces, mappings, the swap cache.  Who
 *         forks meanwhile makes new names, so it goes round until none is left.
 * Locks:  one space or mapping at a time, dropped while the disk is waited for.
 */
#include "abi/errno.h"
#include "sched/sched.h"
#include "sched/thread.h"
#include "vm/fault.h"
#include "vm/swap_area.h"
#include "vm/table.h"

/* The next address from `va` on whose page is in the area; USER_END: none. */
static vaddr_t find_page(struct address_space *as, vaddr_t va, unsigned area)
{
    pte_t *pte;

    mutex_lock(&as->lock);
    for (; (va = table_skip_holes(as, va, USER_END, &pte)) < USER_END;
         va += PAGE_SIZE)
        if (pte_is_swap(*pte) && swap_area_of(pte_swap_entry(*pte)) == area)
            break;
    mutex_unlock(&as->lock);
    return va;
}

static int space_leave_area(struct address_space *as, unsigned area)
{
    vaddr_t va = USER_MIN;
    int err = 0;

    while (err == 0 && (va = find_page(as, va, area)) < USER_END) {
        err = vm_bring_back(as, va);
        sched_point();
        if (err == 0 && thread_has_flag(thread_current(), THREAD_SIGPENDING))
            err = -EINTR;
    }
    return err;
}

static int leave_area(unsigned area)
{
    struct address_space *as;
    int err = 0;

    for (unsigned n = 0; err == 0 && (as = as_nth(n)) != NULL; n++) {
        err = space_leave_area(as, area);
        as_put(as);
    }
    if (err == 0)
        err = mapping_leave_area(area);
    swap_cache_leave_area(area);
    return err;
}

int swap_off(struct block_device *device)
{
    unsigned area;
    int err = swap_area_close(device, &area);

    if (err != 0)
        return err;
    do {
        err = leave_area(area);
        sched_yield();
    } while (err == 0 && !swap_area_remove(area));
    if (err != 0)
        swap_area_reopen(area);
    return err;
}
