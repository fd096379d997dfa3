/*
 * vm/space.c - address spaces: made, shared, loaded, torn down.
 *
 * 1 Idea      One struct per set of user page tables; processes share it by
 *             count (vfork, CLONE_VM).  The kernel half is common to all.
 * 2 States    refs > 0: in use.  refs == 0: being torn down, no thread runs in
 *             it, but idle CPUs may still have its CR3 loaded: they are told to
 *             leave before the tables are freed.
 * 3 Locking   as->lock for regions and tables.  cpu_mask is atomic: a CPU sets
 *             its bit before it loads CR3 and clears it after loading another,
 *             so a shootdown reaches every CPU that could use the tables.
 * 4 Failure   as_create and as_fork return NULL and leave nothing behind.
 * 5 Elsewhere Linux finds the mappings of an anonymous frame through anon_vma
 *             chains; here a frame names its family (all spaces that come by
 *             fork from one exec) and its index in it.
 */
#include "core/trace.h"
#include "vm/address_space.h"

#include "base/string.h"
#include "core/panic.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/fault.h"
#include "vm/reclaim.h"
#include "vm/region.h"
#include "vm/table.h"
#include "vm/vmtrace.h"
#include "x86/cpu.h"
#include "x86/paging.h"
#include "x86/tlb.h"

static struct slab_cache space_cache, family_cache;
struct spinlock all_spaces_lock = SPINLOCK_INIT("all spaces", RANK_FAMILY);
struct list_node all_spaces;
struct frame *zero_frame;
bool (*vm_out_of_memory)(void);

static struct family *family_create(void)
{
    struct family *family = slab_alloc(&family_cache);

    if (!family)
        return NULL;
    spinlock_init(&family->lock, "family", RANK_FAMILY);
    family->refs = 0;
    list_init(&family->members);
    return family;
}

static void family_put(struct family *family)
{
    if (__atomic_sub_fetch(&family->refs, 1, __ATOMIC_ACQ_REL) == 0)
        slab_free(&family_cache, family);
}

/* mem's hook: the last reference to an anonymous frame goes. */
static void anon_release(struct frame *f)
{
    family_put(f->owner);
}

static int make_pml4(struct address_space *as)
{
    struct frame *f = frame_alloc(0, FRAME_TABLE);

    if (!f)
        return -1;
    pte_t *pml4 = frame_bytes(f);
    const pte_t *kernel = phys_to_virt(kernel_pml4);
    memset(pml4, 0, PAGE_SIZE / 2);
    memcpy(pml4 + 256, kernel + 256, PAGE_SIZE / 2);
    as->pml4 = frame_phys(f);
    return 0;
}

struct address_space *as_create_in_family(struct family *family)
{
    struct address_space *as = slab_alloc_zeroed(&space_cache);

    if (!as)
        return NULL;
    mutex_init(&as->lock, "address space", RANK_ADDRESS_SPACE);
    as->refs = 1;
    tree_init(&as->regions);
    as->limit_as = UINT64_MAX;
    as->limit_stack = 8ul << 20;
    as->family = family;
    if (make_pml4(as) != 0) {
        slab_free(&space_cache, as);
        return NULL;
    }
    __atomic_fetch_add(&family->refs, 1, __ATOMIC_RELAXED);
    spin_lock(&family->lock);
    list_add_tail(&family->members, &as->family_link);
    spin_unlock(&family->lock);
    spin_lock(&all_spaces_lock);
    list_add_tail(&all_spaces, &as->all_link);
    spin_unlock(&all_spaces_lock);
    return as;
}

struct address_space *as_create(void)
{
    struct family *family = family_create();

    if (!family)
        return NULL;
    struct address_space *as = as_create_in_family(family);
    if (!as)
        slab_free(&family_cache, family);
    return as;
}

struct address_space *as_get(struct address_space *as)
{
    __atomic_fetch_add(&as->refs, 1, __ATOMIC_RELAXED);
    return as;
}

bool as_get_unless_dead(struct address_space *as)
{
    uint32_t refs = __atomic_load_n(&as->refs, __ATOMIC_RELAXED);

    while (refs != 0)
        if (__atomic_compare_exchange_n(&as->refs, &refs, refs + 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return true;
    return false;
}

/* Load the tables of `as` (NULL: the kernel's) on this CPU; interrupts are
 * off. */
static void load_space(struct address_space *as)
{
    struct cpu *cpu = cpu_self();
    struct address_space *old = cpu->active_space;
    uint32_t bit = 1u << cpu->id;

    if (old == as)
        return;
    if (as)
        __atomic_fetch_or(&as->cpu_mask, bit, __ATOMIC_SEQ_CST);
    cpu->active_space = as;
    cpu_write_cr3(as ? as->pml4 : kernel_pml4);
    if (old)
        __atomic_fetch_and(&old->cpu_mask, ~bit, __ATOMIC_SEQ_CST);
}

/* No CPU may have the tables loaded when they are freed. */
static void leave_tables(struct address_space *as)
{
    struct cpu *cpu = cpu_self();

    irqs_disable();
    if (cpu->active_space == as)
        load_space(NULL);
    irqs_enable();
    uint32_t mask = __atomic_load_n(&as->cpu_mask, __ATOMIC_SEQ_CST);
    if (mask)
        tlb_drop_tables(mask, as->pml4);
    as->cpu_mask = 0;
}

static void as_destroy(struct address_space *as)
{
    struct tlb_batch batch;

    /* From here on nobody finds the space. */
    spin_lock(&as->family->lock);
    list_remove(&as->family_link);
    spin_unlock(&as->family->lock);
    spin_lock(&all_spaces_lock);
    list_remove(&as->all_link);
    spin_unlock(&all_spaces_lock);
    leave_tables(as);

    mutex_lock(&as->lock);
    tlb_batch_init(&batch, as);
    struct region *next;
    for (struct region *r = region_first_locked(as); r; r = next) {
        next = region_next_locked(r);
        table_unmap_range(as, &batch, r->start, r->end);
        /* Everything below is gone already. */
        table_free_range(as, &batch, r->start, r->end, 0,
                         next ? next->start : USER_END + PAGE_SIZE);
        region_remove_locked(as, r);
        region_free(r);
        sched_point();
    }
    tlb_batch_finish(&batch);
    assert_eq(as->table_pages, 0);
    assert_eq(as->swap_pages, 0);
    vmtrace_leave(as);
    pool_leave(as);
    mutex_unlock(&as->lock);
    trace(DROP, as);
    frame_put(frame_of_phys(as->pml4));
    family_put(as->family);
    slab_free(&space_cache, as);
}

void as_put(struct address_space *as)
{
    if (__atomic_sub_fetch(&as->refs, 1, __ATOMIC_ACQ_REL) == 0)
        as_destroy(as);
}

struct address_space *as_nth(unsigned n)
{
    struct address_space *as, *found = NULL;

    spin_lock(&all_spaces_lock);
    list_for_each (as, &all_spaces, all_link)
        if (!found && (n == 0 || n-- == 0) && as_get_unless_dead(as))
            found = as;
    spin_unlock(&all_spaces_lock);
    return found;
}

static struct address_space *deferred; /* [all_spaces_lock] */

void as_put_deferred(struct address_space *as)
{
    if (__atomic_sub_fetch(&as->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    spin_lock(&all_spaces_lock);
    as->next_dead = deferred;
    deferred = as;
    spin_unlock(&all_spaces_lock);
}

void as_destroy_deferred(void)
{
    while (unlikely(__atomic_load_n(&deferred, __ATOMIC_RELAXED) != NULL)) {
        spin_lock(&all_spaces_lock);
        struct address_space *as = deferred;
        if (as)
            deferred = as->next_dead;
        spin_unlock(&all_spaces_lock);
        if (as)
            as_destroy(as);
    }
}

static void leave_space(void)
{
    load_space(NULL);
}

static void space_switch(struct thread *prev, struct thread *next)
{
    load_space(next->space);
}

struct address_space *as_switch_current(struct address_space *as)
{
    struct thread *t = thread_current();
    struct address_space *old = t->space;

    irqs_disable();
    t->space = as;
    load_space(as);
    irqs_enable();
    return old;
}

void vm_init(void)
{
    list_init(&all_spaces);
    slab_cache_init(&space_cache, "address_space",
                    sizeof(struct address_space));
    slab_cache_init(&family_cache, "family", sizeof(struct family));
    region_init();
    mapping_init_caches();
    reclaim_init();
    zero_frame = frame_alloc_zeroed(FRAME_KERNEL);
    if (!zero_frame)
        panic("no memory for the zero frame");
    zero_frame->flags |= FRAME_F_PINNED;
    frame_anon_release = anon_release;
    sched_space_switch = space_switch;
    tlb_leave_space = leave_space;
}
