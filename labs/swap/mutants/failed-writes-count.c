/*
 * After the write the frame is freed, whatever the disk said.
 *
 * file: kernel/vm/reclaim.c
 * of: write_out@fd88f3e67a61
 * loses: a-disk-that-fails
 */
static void write_out(struct eviction *e)
{
    struct swap_batch batch;

    if (e->writing == 0)
        return;
    swap_batch_begin(&batch, e->writing);
    for (unsigned i = 0; i < e->writing; i++)
        swap_write(&batch, e->outgoing[i]);
    swap_batch_finish(&batch);
    for (unsigned i = 0; i < e->writing; i++) {
        struct frame *f = e->outgoing[i];
        frame_clear_flags(f, FRAME_F_DIRTY);
        if (swap_cache_evict(f))
            e->gone++;
        else
            pool_add(NULL, f, true); /* back in use, or the write failed */
        frame_put(f);
    }
    __atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
}
