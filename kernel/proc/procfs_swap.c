/*
 * proc/procfs_swap.c - /proc/swaps, and how pages to be replaced are chosen:
 * /proc/sys/vm/replacement, /proc/PID/limit_frames and /proc/PID/replacement.
 *
 * Idea:   swaps is Linux's; the rest is hanu's own.  A process with a limit has
 *         a pool of frames of its own, and its counts are those of the pool;
 *         all others share the common one.
 * Locks:  reclaim_lock keeps the pool that is looked at.
 * Next:   vm/swap_area.c, vm/pool.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/procfs.h"
#include "vm/address_space.h"
#include "vm/pool.h"
#include "vm/reclaim.h"
#include "vm/swap.h"
#include "vm/working_set.h"

enum {
    NAME_COLUMNS = 40,
    WIDE_KIB = 10000000, /* numbers from here on need no second tab */
};

/* ---- swap areas ---------------------------------------------------------- */

static void show_area(struct text *out, const struct swap_facts *facts)
{
    uint64_t size = facts->slots << (PAGE_SHIFT - 10);
    uint64_t used = facts->used << (PAGE_SHIFT - 10);
    size_t start = out->length;

    text_printf(out, "/dev/%s", facts->device->name);
    text_pad(out, start + NAME_COLUMNS);
    text_printf(out, "partition\t%lu\t%s%lu\t%s%d\n", size,
                size < WIDE_KIB ? "\t" : "", used, used < WIDE_KIB ? "\t" : "",
                facts->priority);
}

int proc_show_swaps(const struct proc_ref *ref, struct text *out)
{
    struct swap_facts facts;

    text_printf(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    for (unsigned n = 0; n < SWAP_AREAS; n++)
        if (swap_get_facts(n, &facts))
            show_area(out, &facts);
    return 0;
}

/* ---- policies and pools -------------------------------------------------- */

int proc_show_policy(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s\n", pool_policy_name());
    return 0;
}

int proc_store_policy(const struct proc_ref *ref, char *line)
{
    return pool_set_policy(line);
}

/* What the pool of a process counts. */
struct pool_facts {
    uint64_t limit, resident, faults, written;
};

/* Of the process meant: 0 or -errno. */
static int pool_facts(const struct proc_ref *ref, struct pool_facts *f)
{
    struct address_space *as;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err != 0 ? err : -ESRCH;
    mutex_lock(&reclaim_lock);
    const struct frame_pool *pool = pool_of_space(as);
    *f = (struct pool_facts){ pool->limit, pool->set.count, pool->faults,
                              pool->written };
    mutex_unlock(&reclaim_lock);
    as_put(as);
    return 0;
}

static void show_limit(struct text *out, const struct pool_facts *f)
{
    if (f->limit == UINT64_MAX)
        text_printf(out, "max\n");
    else
        text_printf(out, "%lu\n", f->limit);
}

int proc_show_pool(const struct proc_ref *ref, struct text *out)
{
    struct pool_facts f;
    int err = pool_facts(ref, &f);

    if (err != 0)
        return err;
    text_printf(out, "policy %s\nframes ", pool_policy_name());
    show_limit(out, &f);
    text_printf(out, "resident %lu\nfaults %lu\nwritebacks %lu\n", f.resident,
                f.faults, f.written);
    return 0;
}

int proc_show_frame_limit(const struct proc_ref *ref, struct text *out)
{
    struct pool_facts f;
    int err = pool_facts(ref, &f);

    if (err == 0)
        show_limit(out, &f);
    return err;
}

/* A number, or 0 or "max" for none. */
int proc_store_frame_limit(const struct proc_ref *ref, char *line)
{
    struct address_space *as;
    int32_t limit = 0;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err != 0 ? err : -ESRCH;
    if (strcmp(line, "max") != 0 &&
        !proc_parse_number(line, strlen(line), &limit))
        err = -EINVAL;
    if (err == 0)
        err = vm_limit_frames(as, (uint64_t)limit);
    as_put(as);
    return err;
}
