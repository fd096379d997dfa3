/*
 * tests/unit/fault_classify.c - every combination of facts gets the row of the
 * fault table that it should.
 *
 * The expected action is derived here from the meaning of the rows, not in
 * their order; the two must agree on all combinations.
 */
#include <stdio.h>

#include "kernel/vm/fault_table.c"

enum { BOOLS = 15 };

static uint32_t need_of(const struct fault_facts *f)
{
    return f->write ? VM_WRITE : f->exec ? VM_EXEC : VM_READ;
}

static bool region_allows(const struct fault_facts *f)
{
    if (need_of(f) == VM_READ) /* x86 cannot forbid reading alone */
        return f->region_prot != 0;
    return f->region_prot & need_of(f);
}

static bool is_kernel_bug(const struct fault_facts *f)
{
    return f->reserved ||
           (f->kernel_mode && !(f->user_address && f->in_usercopy));
}

static enum fault_action expected(const struct fault_facts *f)
{
    bool write_protected = f->pte_present && f->write && !f->pte_writable;

    if (is_kernel_bug(f))
        return ACTION_KERNEL_BUG;
    if (!f->has_region && f->can_grow_stack)
        return ACTION_GROW_STACK;
    if (!f->has_region)
        return ACTION_NO_REGION;
    if (!region_allows(f))
        return ACTION_FORBIDDEN;
    if (!f->pte_present && f->pte_swapped)
        return ACTION_SWAP_IN;
    if (!f->pte_present && f->region_has_mapping)
        return ACTION_FILL_MAPPING;
    if (!f->pte_present && f->write)
        return ACTION_FILL_ZERO;
    if (!f->pte_present)
        return ACTION_MAP_ZERO;
    if (write_protected && f->frame_is_zero)
        return ACTION_REPLACE_ZERO;
    if (write_protected && f->region_shared)
        return ACTION_SET_RIGHT;
    if (write_protected && f->frame_refs == 1)
        return ACTION_TAKE_BACK;
    if (write_protected)
        return ACTION_COPY_FRAME;
    if (!f->exec || f->pte_executable)
        return ACTION_NOTHING;
    return ACTION_CONTRADICTION;
}

static struct fault_facts facts_of(unsigned bits, uint32_t prot, uint32_t refs)
{
    return (struct fault_facts){
        .write = bits & 1,
        .exec = (bits & 2) && !(bits & 1), /* never both */
        .reserved = bits & 4,
        .kernel_mode = bits & 8,
        .in_usercopy = bits & 16,
        .user_address = bits & 32,
        .has_region = bits & 64,
        .can_grow_stack = bits & 128,
        .region_shared = bits & 256,
        .region_has_mapping = bits & 512,
        .pte_present = bits & 1024,
        .pte_writable = bits & 2048,
        .pte_executable = bits & 4096,
        .frame_is_zero = bits & 8192,
        .pte_swapped = bits & 16384,
        .region_prot = prot,
        .frame_refs = refs,
    };
}

int main(void)
{
    unsigned long wrong = 0, cases = 0;

    for (unsigned bits = 0; bits < 1u << BOOLS; bits++)
        for (uint32_t prot = 0; prot < 8; prot++)
            for (uint32_t refs = 1; refs <= 3; refs++, cases++) {
                struct fault_facts f = facts_of(bits, prot, refs);
                if (fault_classify(&f) != expected(&f))
                    wrong++;
            }
    printf("1..1\n%sok 1 - %lu combinations of facts, %lu wrong\n",
           wrong ? "not " : "", cases, wrong);
    return wrong != 0;
}
