/*
 * proc/procfs_meminfo.c - /proc/meminfo and /proc/slabinfo: where the memory is.
 *
 * Idea:   in Linux's words and units; the Frames lines are hanu's own.
 * Locks:  none of its own; counters are read as they are.
 */
#include "core/boot_info.h"
#include "fs/block_cache.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "proc/procfs.h"
#include "proc/system_facts.h"
#include "sched/sched.h"
#include "vm/swap.h"

enum { LOOK_FRAMES = 4096 };

static void memory_line(struct text *out, const char *name, uint64_t pages)
{
    text_printf(out, "%-16s%8lu kB\n", name, pages << (PAGE_SHIFT - 10));
}

/* Frames one by one: what nobody keeps count of. */
static void look_at_frames(struct proc_memory_facts *m)
{
    for (unsigned i = 0; i < boot_info.ram_count; i++) {
        pfn_t end = boot_info.ram[i].end >> PAGE_SHIFT;
        pfn_t pfn = ALIGN_UP(boot_info.ram[i].start, PAGE_SIZE) >> PAGE_SHIFT;
        for (; pfn < end; pfn++) {
            const struct frame *f = frame_of_pfn(pfn);
            if (f->kind == FRAME_MAPPING) {
                bool cached = frame_has_flags(f, FRAME_F_SWAP_CACHE);
                m->mapped += proc_frame_mappers(f) > 0;
                m->dirty += frame_has_flags(f, FRAME_F_DIRTY) && !cached;
            }
            m->writing += frame_has_flags(f, FRAME_F_WRITING);
            if (pfn % LOOK_FRAMES == 0)
                sched_point();
        }
    }
}

static void show_frames(struct text *out)
{
    static const char *const names[FRAME_KIND_COUNT] = {
        [FRAME_RESERVED] = "FramesReserved:", [FRAME_FREE] = "FramesFree:",
        [FRAME_KERNEL] = "FramesKernel:",     [FRAME_TABLE] = "FramesTable:",
        [FRAME_SLAB] = "FramesSlab:",         [FRAME_ANON] = "FramesAnon:",
        [FRAME_MAPPING] = "FramesMapping:",   [FRAME_SWAP] = "FramesSwap:",
    };

    text_printf(out, "%-16s%8lu\n", "FramesTotal:", frame_total());
    for (unsigned k = 0; k < FRAME_KIND_COUNT; k++)
        text_printf(out, "%-16s%8lu\n", names[k],
                    frame_count((enum frame_kind)k));
}

/* Pages of disks and partitions: what Linux calls buffers. */
static uint64_t count_buffers(void)
{
    const struct block_device *d;
    uint64_t pages = 0;

    for (unsigned n = 0; (d = block_nth(n)) != NULL; n++)
        if (d->cache)
            pages += block_cache_of(d)->mapping.page_count;
    return pages;
}

void proc_memory_facts(struct proc_memory_facts *m)
{
    unsigned processes, threads;

    system_count_tasks(&processes, &threads);
    *m = (struct proc_memory_facts){
        .free = frame_count(FRAME_FREE),
        .anon = frame_count(FRAME_ANON),
        .buffers = count_buffers(),
        .slab = frame_count(FRAME_SLAB),
        .tables = frame_count(FRAME_TABLE),
        .swap_total = swap_slots_total(),
        .swap_free = swap_slots_free(),
        .swap_cached = swap_cached_count(),
        .stack_pages = (uint64_t)threads * CONFIG_KSTACK_PAGES,
    };
    look_at_frames(m);
    uint64_t pages = frame_count(FRAME_MAPPING);
    m->cached = pages - MIN(pages, m->buffers);
    m->shmem = m->cached; /* no file has a disk behind it */
}

int proc_show_meminfo(const struct proc_ref *ref, struct text *out)
{
    struct proc_memory_facts m;

    proc_memory_facts(&m);
    memory_line(out, "MemTotal:", frame_total() - frame_count(FRAME_RESERVED));
    memory_line(out, "MemFree:", m.free);
    memory_line(out, "MemAvailable:", m.free + m.buffers);
    memory_line(out, "Buffers:", m.buffers);
    memory_line(out, "Cached:", m.cached);
    memory_line(out, "SwapCached:", m.swap_cached);
    memory_line(out, "SwapTotal:", m.swap_total);
    memory_line(out, "SwapFree:", m.swap_free);
    memory_line(out, "Dirty:", m.dirty);
    memory_line(out, "Writeback:", m.writing);
    memory_line(out, "AnonPages:", m.anon);
    memory_line(out, "Mapped:", m.mapped);
    memory_line(out, "Shmem:", m.shmem);
    memory_line(out, "KReclaimable:", 0);
    memory_line(out, "Slab:", m.slab);
    memory_line(out, "SReclaimable:", 0);
    memory_line(out, "SUnreclaim:", m.slab);
    memory_line(out, "KernelStack:", m.stack_pages);
    memory_line(out, "PageTables:", m.tables);
    show_frames(out);
    return 0;
}

static void show_cache(struct slab_cache *cache, void *arg)
{
    struct text *out = arg;
    uint64_t slabs = cache->slabs;

    text_printf(out, "%-17s %6lu %6lu %6u %4u %4u", cache->name,
                cache->objects_in_use, slabs * cache->objects_per_slab,
                cache->object_bytes, cache->objects_per_slab,
                1u << cache->order);
    text_printf(out, " : tunables %4u %4u %4u : slabdata %6lu %6lu %6u\n", 0, 0,
                0, slabs, slabs, 0);
}

int proc_show_slabinfo(const struct proc_ref *ref, struct text *out)
{
    text_printf(out,
                "slabinfo - version: 2.1\n"
                "# name            <active_objs> <num_objs> <objsize> "
                "<objperslab> <pagesperslab> : tunables <limit> <batchcount> "
                "<sharedfactor> : slabdata <active_slabs> <num_slabs> "
                "<sharedavail>\n");
    slab_for_each_cache(show_cache, out);
    return 0;
}
