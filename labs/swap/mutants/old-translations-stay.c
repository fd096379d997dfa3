/*
 * Nobody is told to forget the translation.
 *
 * file: kernel/vm/reclaim.c
 * of: let_go@c6bc6d40fa56
 * loses: no-cpu-remembers
 */
static void let_go(struct rmap_place *at, struct unmapping *u)
{
    at->as->peak_rss = as_peak_rss(at->as);
    rss_add(at->as, u->frame, -1);
    u->done++;
    frame_put(u->frame);
}
