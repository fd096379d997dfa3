/*
 * proc/procfs_space.c - /proc files about the memory of a process.
 *
 * Idea:   what is to be shown is copied out under as->lock and put into words
 *         after it was dropped, because the name of a mapped file needs locks
 *         of directories, which come before as->lock.
 * Locks:  as->lock.  The space may be that of any process; a reference keeps
 *         it while we look.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/procfs.h"
#include "vm/region.h"
#include "vm/table.h"

enum {
    MAPS_NAME_COLUMN = 73, /* where file names start in maps */
    PATH_BYTES = 512,
};

int proc_ref_space(const struct proc_ref *ref, struct address_space **out)
{
    *out = NULL;
    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        *out = process_get_space(p);
    spin_unlock(&process_tree_lock);
    return p ? 0 : -ESRCH;
}

/* ---- sizes --------------------------------------------------------------- */

static void count_region(const struct region *r, struct proc_space_facts *f)
{
    uint64_t pages = (r->end - r->start) >> PAGE_SHIFT;

    if (r->flags & REGION_LOCKED)
        f->locked += pages;
    if (r->flags & REGION_STACK)
        f->stack += pages;
    else if ((r->prot & VM_WRITE) && !(r->flags & REGION_SHARED))
        f->data += pages;
    if ((r->prot & VM_EXEC) && !(r->prot & VM_WRITE))
        f->exec += pages;
}

void proc_space_facts(struct address_space *as, struct proc_space_facts *f)
{
    memset(f, 0, sizeof(*f));
    if (!as)
        return;
    mutex_lock(&as->lock);
    f->total = as->total_pages;
    f->peak_total = as_peak_pages(as);
    f->rss_anon = as->rss_anon;
    f->rss_file = as->rss_file;
    f->peak_rss = as_peak_rss(as);
    f->swapped = as->swap_pages;
    f->tables = as->table_pages;
    f->code_start = as->code_start;
    f->code_end = as->code_end;
    f->code = (ALIGN_UP(as->code_end, PAGE_SIZE) -
               ALIGN_DOWN(as->code_start, PAGE_SIZE)) >>
              PAGE_SHIFT;
    f->data_start = as->data_start;
    f->data_end = as->data_end;
    f->brk_start = as->brk_start;
    f->stack_top = as->stack_top;
    f->arg_start = as->arg_start;
    f->arg_end = as->arg_end;
    f->env_start = as->env_start;
    f->env_end = as->env_end;
    for (struct region *r = region_first_locked(as); r;
         r = region_next_locked(r))
        count_region(r, f);
    mutex_unlock(&as->lock);
}

int proc_show_statm(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    struct proc_space_facts f;
    int err = proc_ref_space(ref, &as);

    if (err != 0)
        return err;
    proc_space_facts(as, &f);
    if (as)
        as_put(as);
    text_printf(out, "%lu %lu %lu %lu 0 %lu 0\n", f.total,
                f.rss_anon + f.rss_file, f.rss_file, f.code, f.data + f.stack);
    return 0;
}

/* ---- maps ---------------------------------------------------------------- */

void proc_map_get(struct proc_map *map, const struct region *r)
{
    *map = (struct proc_map){ r->start,   r->end,  r->first_index,
                              r->mapping, r->prot, r->flags };
    if (r->mapping)
        mapping_get(r->mapping);
}

void proc_map_put(struct proc_map *map)
{
    if (map->mapping)
        mapping_put(map->mapping);
}

/* Copy the regions; *out is kmalloc'ed.  Number of lines, or -ENOMEM. */
static int64_t collect_maps(struct address_space *as,
                            struct proc_map **out) NO_LOCK_ANALYSIS
{
    int64_t n = 0;

    mutex_lock(&as->lock);
    struct proc_map *maps = kmalloc(MAX(as->region_count, 1u) * sizeof(*maps));
    for (struct region *r = maps ? region_first_locked(as) : NULL; r;
         r = region_next_locked(r))
        proc_map_get(&maps[n++], r);
    mutex_unlock(&as->lock);
    *out = maps;
    return maps ? n : -ENOMEM;
}

static void show_name(struct text *out, size_t line_start, const char *name)
{
    text_pad(out, line_start + MAPS_NAME_COLUMN);
    text_append(out, name, strlen(name));
}

void proc_map_show_name(struct text *out, vaddr_t start, vaddr_t end,
                        const char *name)
{
    size_t line_start = out->length;

    text_printf(out, "%08lx-%08lx ---p 00000000 00:00 0 ", start, end);
    show_name(out, line_start, name);
    text_append(out, "\n", 1);
}

void proc_map_show(const struct proc_map *l, struct text *out)
{
    size_t line_start = out->length;
    uint64_t dev = 0, ino = 0, offset = 0;
    char path[PATH_BYTES];

    if (l->mapping) {
        offset = l->first_index << PAGE_SHIFT;
        if (l->mapping->ops->identify)
            l->mapping->ops->identify(l->mapping, &dev, &ino);
    }
    text_printf(out, "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu ", l->start,
                l->end, l->prot & VM_READ ? 'r' : '-',
                l->prot & VM_WRITE ? 'w' : '-', l->prot & VM_EXEC ? 'x' : '-',
                l->flags & REGION_SHARED ? 's' : 'p', offset, dev >> 8,
                dev & 0xff, ino);
    if (l->mapping) {
        l->mapping->ops->describe(l->mapping, path, sizeof(path));
        show_name(out, line_start, path);
    } else if (l->flags & REGION_HEAP) {
        show_name(out, line_start, "[heap]");
    } else if (l->flags & REGION_STACK_TOP) {
        show_name(out, line_start, "[stack]");
    }
    text_append(out, "\n", 1);
}

int proc_show_maps(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    struct proc_map *lines;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err;
    int64_t n = collect_maps(as, &lines);
    as_put(as);
    if (n < 0)
        return (int)n;
    for (int64_t i = 0; i < n; i++) {
        proc_map_show(&lines[i], out);
        proc_map_put(&lines[i]);
        sched_point();
    }
    kfree(lines);
    return 0;
}

/* ---- bytes of the process ------------------------------------------------ */

/* Append the bytes at [va, end) of one page; false if it is not resident. */
static bool append_page(struct address_space *as, vaddr_t va, vaddr_t end,
                        struct text *out) MUST_HOLD(as->lock)
{
    pte_t *pte = table_find(as, va);

    if (!pte || !(*pte & PTE_PRESENT))
        return false;
    text_append(out, (char *)frame_bytes(pte_frame(*pte)) + va % PAGE_SIZE,
                end - va);
    return true;
}

/* Append what is resident of [start, end).  exec has put the strings there, and
 * anonymous pages stay. */
static void append_range(struct address_space *as, vaddr_t start, vaddr_t end,
                         struct text *out)
{
    mutex_lock(&as->lock);
    for (vaddr_t va = start; va < end && va < USER_END;) {
        vaddr_t stop = MIN(end, ALIGN_DOWN(va, PAGE_SIZE) + PAGE_SIZE);
        if (!append_page(as, va, stop, out))
            break;
        va = stop;
    }
    mutex_unlock(&as->lock);
}

int proc_show_cmdline(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err;
    append_range(as, as->arg_start, as->arg_end, out);
    as_put(as);
    return 0;
}

int proc_show_environ(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err;
    append_range(as, as->env_start, as->env_end, out);
    as_put(as);
    return 0;
}
