/*
 * vm/rmap.c - from a frame to the page tables that map it.
 *
 * 1 Idea      A frame knows what it is a page of: a mapping, whose regions are
 *             in a list, or a family, whose address spaces are.  The page index
 *             gives the address in each region; a look at the entry there shows
 *             whether it maps this frame.  So neither mapping a page nor fork
 *             has any bookkeeping to do for it.
 * 2 Address   Nearly always an anonymous page is where its index says: only
 *             mremap moves regions, which keep their indices, and private pages
 *             of files have the file's.  Then all regions are looked at.
 * 3 Locking   Whoever looks for memory may hold other locks, so a space is only
 *             tried; it is kept by a reference meanwhile.
 * 4 Elsewhere Linux keeps a tree of areas for each family of areas (anon_vma),
 *             and finds those of a file by a tree of intervals.
 */
#include "vm/rmap.h"

#include "vm/region.h"
#include "vm/table.h"

struct walk {
    struct frame *frame;
    uint32_t left; /* entries that map it and were not found yet */
    bool (*visit)(struct rmap_place *place, void *arg);
    void *arg;
};

/* True: go on. */
static bool visit_at(struct walk *w, struct address_space *as, struct region *r,
                     vaddr_t va) MUST_HOLD(as->lock);
static bool visit_at(struct walk *w, struct address_space *as, struct region *r,
                     vaddr_t va)
{
    struct rmap_place place = { as, r, va, table_find(as, va) };

    if (!place.pte || !pte_has_frame(*place.pte) ||
        pte_frame(*place.pte) != w->frame)
        return true;
    w->left--;
    return w->visit(&place, w->arg);
}

/* Address of page `index` in the region; 0: it is not there. */
static vaddr_t address_in(const struct region *r, uint64_t index)
{
    uint64_t pages = (r->end - r->start) >> PAGE_SHIFT;

    if (index < r->first_index || index - r->first_index >= pages)
        return 0;
    return r->start + ((index - r->first_index) << PAGE_SHIFT);
}

static bool visit_anonymous(struct walk *w, struct address_space *as)
    MUST_HOLD(as->lock);
static bool visit_anonymous(struct walk *w, struct address_space *as)
{
    uint64_t index = w->frame->index;
    vaddr_t likely_at = index << PAGE_SHIFT;
    struct region *r =
        likely_at < USER_END ? region_find_locked(as, likely_at) : NULL;

    if (r && region_index(r, likely_at) == index) {
        uint32_t left = w->left;
        if (!visit_at(w, as, r, likely_at))
            return false;
        if (w->left != left)
            return true; /* a space maps a page once */
    }
    for (r = region_first_locked(as); r && w->left > 0;
         r = region_next_locked(r)) {
        vaddr_t va = address_in(r, index);
        if (va != 0 && !visit_at(w, as, r, va))
            return false;
    }
    return true;
}

/* The n-th member of the family, with a reference. */
static struct address_space *family_member(struct family *family, unsigned n)
{
    struct address_space *as = NULL, *m;

    spin_lock(&family->lock);
    list_for_each (m, &family->members, family_link)
        if (n-- == 0) {
            as = as_get_unless_dead(m) ? m : NULL;
            break;
        }
    spin_unlock(&family->lock);
    return as;
}

static unsigned family_size(struct family *family)
{
    const struct list_node *node;
    unsigned n = 0;

    spin_lock(&family->lock);
    for (node = family->members.next; node != &family->members;
         node = node->next)
        n++;
    spin_unlock(&family->lock);
    return n;
}

/* The page may be in one member only: who is busy is passed over. */
static bool walk_family(struct walk *w)
{
    struct family *family = w->frame->owner;
    unsigned size = family_size(family);
    bool on = true;

    for (unsigned n = 0; on && w->left > 0 && n < size; n++) {
        struct address_space *as = family_member(family, n);
        if (!as)
            continue; /* it is being torn down */
        if (mutex_trylock(&as->lock)) {
            on = visit_anonymous(w, as);
            mutex_unlock(&as->lock);
        }
        as_put_deferred(as);
    }
    return on && w->left == 0;
}

static bool walk_mapping(struct walk *w, struct mapping *m) MUST_HOLD(m->lock);
static bool walk_mapping(struct walk *w, struct mapping *m)
{
    struct region *r;
    bool on = true;

    list_for_each (r, &m->regions, mapping_link) {
        if (!on || w->left == 0)
            break;
        vaddr_t va = address_in(r, w->frame->index);
        if (va != 0 && mutex_trylock(&r->space->lock)) {
            on = visit_at(w, r->space, r, va);
            mutex_unlock(&r->space->lock);
        }
    }
    return on && w->left == 0;
}

/* All holders but the caller, its mapping and the swap cache. */
static uint32_t count_entries(const struct frame *f)
{
    uint32_t others = 1;

    others += f->kind == FRAME_MAPPING;
    others += frame_has_flags(f, FRAME_F_SWAP_CACHE);
    uint32_t refs = __atomic_load_n(&f->refs, __ATOMIC_SEQ_CST);
    return refs > others ? refs - others : 0;
}

bool rmap_walk(struct frame *f, bool (*visit)(struct rmap_place *, void *),
               void *arg) NO_LOCK_ANALYSIS
{
    struct walk w = { f, count_entries(f), visit, arg };

    if (f->kind == FRAME_ANON)
        return walk_family(&w);
    if (f->kind == FRAME_MAPPING)
        return walk_mapping(&w, f->owner);
    return true;
}
