/*
 * vm/vmtrace.c - seeing every use of memory that a program makes.
 *
 * 1 Idea      PTE_USER is taken from all entries of the space and PTE_TRACED
 *             marks them; all else about them stays true, so the rest of vm need
 *             not know.  vm_fault() lets a page in again, wherever the mark came
 *             from: a child after fork, or a space that is traced no more.
 * 2 Step      A fault lets one page in and sets TF; the instruction may fault on
 *             more pages before it is done.  Then the debug exception comes and
 *             all that were let in are kept out again.
 * 3 Record    A ring for all; who fills it waits for the reader, and the reader
 *             waits until half of it is full or no space is recorded any longer.
 * 4 Locking   as->lock for the entries and as->trace; ring_lock for the ring.
 */
#include "vm/vmtrace.h"

#include "abi/errno.h"
#include "base/format.h"
#include "core/panic.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "sched/wait.h"
#include "vm/pool.h"
#include "vm/region.h"
#include "vm/table.h"
#include "vm/uio.h"

enum { MOST_OPEN = 8, RING_ORDER = 4, LINE = 32 };
#define RING_RECORDS ((PAGE_SIZE << RING_ORDER) / sizeof(uint64_t))

/* [A] as->lock */
struct vmtrace {
    enum vmtrace_mode mode;
    bool stepping; /* a debug exception may be due, even if no more is traced */
    unsigned open; /* pages that are let in */
    vaddr_t pages[MOST_OPEN];
};

static struct spinlock ring_lock = SPINLOCK_INIT("trace", RANK_VM_TRACE);
static struct wait_queue ring_queue = {
    .lock = SPINLOCK_INIT("trace queue", RANK_WAIT_QUEUE),
    .waiters = LIST_INIT(ring_queue.waiters),
};
static uint64_t *ring;                /* [ring_lock] page << 2 | kind */
static uint64_t ring_head, ring_tail; /* [ring_lock] written, read */
static unsigned recorded;             /* [ring_lock] spaces */
static const char kinds[] = { 'r', 'w', 'x' };

/* ---- pages kept out ------------------------------------------------------- */

static void keep_out(struct tlb_batch *batch, vaddr_t va, pte_t *pte)
{
    if (!(*pte & PTE_PRESENT) || !(*pte & PTE_USER))
        return;
    pte_change(pte, PTE_USER, PTE_TRACED);
    tlb_batch_add(batch, va, NULL);
}

static void keep_all_out(struct address_space *as) MUST_HOLD(as->lock);
static void keep_all_out(struct address_space *as)
{
    struct tlb_batch batch;
    pte_t *pte;

    tlb_batch_init(&batch, as);
    for (struct region *r = region_first_locked(as); r;
         r = region_next_locked(r)) {
        if (r->flags & REGION_LOCKED)
            continue;
        for (vaddr_t va = r->start;
             (va = table_skip_holes(as, va, r->end, &pte)) < r->end;
             va += PAGE_SIZE)
            keep_out(&batch, va, pte);
    }
    tlb_batch_finish(&batch);
}

static void close_pages(struct address_space *as) MUST_HOLD(as->lock);
static void close_pages(struct address_space *as)
{
    struct vmtrace *trace = as->trace;
    struct tlb_batch batch;

    tlb_batch_init(&batch, as);
    for (unsigned i = 0; i < trace->open; i++) {
        pte_t *pte = table_find(as, trace->pages[i]);
        if (pte)
            keep_out(&batch, trace->pages[i], pte);
    }
    tlb_batch_finish(&batch);
    trace->open = 0;
}

/* ---- the ring ------------------------------------------------------------- */

static int start_recording(void)
{
    struct frame *f = frame_alloc(RING_ORDER, FRAME_KERNEL);

    if (!f)
        return -ENOMEM;
    spin_lock(&ring_lock);
    recorded++;
    if (!ring) {
        ring = frame_bytes(f); /* for good */
        f = NULL;
    }
    spin_unlock(&ring_lock);
    if (f)
        frame_free(f, RING_ORDER);
    return 0;
}

static void stop_recording(void)
{
    spin_lock(&ring_lock);
    recorded--;
    spin_unlock(&ring_lock);
    wake_up_all(&ring_queue);
}

static void record(vaddr_t address, unsigned kind)
{
    spin_lock(&ring_lock);
    if (wait_event(&ring_queue, ring_head - ring_tail < RING_RECORDS,
                   &ring_lock, WAIT_KILLABLE, WAIT_FOREVER) == 0)
        ring[ring_head++ % RING_RECORDS] = address >> PAGE_SHIFT << 2 | kind;
    bool wake = ring_head - ring_tail >= RING_RECORDS / 2;
    spin_unlock(&ring_lock);
    if (wake)
        wake_up_all(&ring_queue);
}

/* The next record; false: there will be none, or *err. */
static bool next_record(uint64_t *found, bool wait, int *err)
{
    bool some = false;

    spin_lock(&ring_lock);
    if (wait)
        *err = wait_event(&ring_queue,
                          ring_head - ring_tail >= RING_RECORDS / 2 ||
                              recorded == 0,
                          &ring_lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    if (ring_head != ring_tail) {
        *found = ring[ring_tail++ % RING_RECORDS];
        some = true;
    }
    spin_unlock(&ring_lock);
    return some;
}

int64_t vmtrace_read(struct uio *uio)
{
    uint64_t found;
    int64_t total = 0;
    char line[LINE];
    int err = 0;

    if (uio->left < LINE)
        return -EINVAL;
    while (uio->left >= LINE && next_record(&found, total == 0, &err)) {
        int length = base_snprintf(line, sizeof(line), "%c %lx\n",
                                   kinds[found & 3], found >> 2);
        if (uio_copy_to(uio, line, (size_t)length) != (size_t)length)
            return -EFAULT;
        total += length;
    }
    wake_up_all(&ring_queue);
    return total != 0 ? total : err;
}

/* ---- on and off ------------------------------------------------------------ */

int vmtrace_set(struct address_space *as, enum vmtrace_mode mode)
{
    struct vmtrace *trace = kmalloc(sizeof(*trace));
    int err = trace && mode == VMTRACE_RECORD ? start_recording() : 0;

    if (!trace || err != 0) {
        kfree(trace);
        return -ENOMEM;
    }
    pools_switch_on(); /* faults look for what is kept out only then */
    *trace = (struct vmtrace){ .mode = VMTRACE_OFF };
    mutex_lock(&as->lock);
    if (!as->trace) {
        as->trace = trace;
        trace = NULL;
    }
    bool was_recorded = as->trace->mode == VMTRACE_RECORD;
    as->trace->mode = mode;
    if (vmtrace_is_on(as))
        keep_all_out(as);
    pool_set_exact(as, vmtrace_is_on(as));
    mutex_unlock(&as->lock);
    kfree(trace);
    if (was_recorded)
        stop_recording();
    return 0;
}

enum vmtrace_mode vmtrace_mode(const struct address_space *as)
{
    const struct vmtrace *trace = as->trace;

    return trace ? trace->mode : VMTRACE_OFF;
}

int vmtrace_inherit(struct address_space *as, const struct address_space *from)
{
    enum vmtrace_mode mode = from ? vmtrace_mode(from) : VMTRACE_OFF;

    if (mode == VMTRACE_OFF)
        return 0;
    return vmtrace_set(as, mode == VMTRACE_EXEC ? VMTRACE_RECORD : mode);
}

void vmtrace_leave(struct address_space *as)
{
    if (vmtrace_mode(as) == VMTRACE_RECORD)
        stop_recording();
    kfree(as->trace);
    as->trace = NULL;
}

/* ---- one use --------------------------------------------------------------- */

bool vmtrace_is_hit(struct address_space *as, vaddr_t address)
{
    mutex_lock(&as->lock);
    const pte_t *pte = address < USER_END ? table_find(as, address) : NULL;
    bool hit = pte && (*pte & PTE_PRESENT);
    mutex_unlock(&as->lock);
    return hit;
}

bool vmtrace_note(struct address_space *as, vaddr_t address, uint64_t error,
                  bool hit)
{
    unsigned kind = error & PF_WRITE ? 1 : error & PF_FETCH ? 2 : 0;
    vaddr_t va = ALIGN_DOWN(address, PAGE_SIZE);

    mutex_lock(&as->lock);
    struct vmtrace *trace = as->trace;
    struct region *r = region_find_locked(as, va);
    pte_t *pte = table_find(as, va);
    bool noted = vmtrace_is_on(as) && r && !(r->flags & REGION_LOCKED) && pte &&
                 (*pte & PTE_PRESENT);
    bool recording = noted && trace->mode == VMTRACE_RECORD;
    if (noted) {
        if (hit)
            pool_note_use(pte_frame(*pte), kind == 1);
        if (trace->open == MOST_OPEN)
            close_pages(as); /* they will come again */
        trace->pages[trace->open++] = va;
        trace->stepping = true;
    }
    mutex_unlock(&as->lock);
    if (recording)
        record(address, kind);
    return noted;
}

bool vmtrace_stepped(struct address_space *as)
{
    mutex_lock(&as->lock);
    bool stepping = as->trace->stepping || vmtrace_is_on(as);
    as->trace->stepping = false;
    close_pages(as);
    mutex_unlock(&as->lock);
    return stepping;
}
