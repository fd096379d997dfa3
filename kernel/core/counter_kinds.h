/*
 * core/counter_kinds.h - what is counted on each CPU by itself, see counter.h.
 */
#pragma once

enum cpu_counter {
    COUNTER_NMIS,
    COUNTER_TIMER_IRQS,
    COUNTER_RESCHEDULE_IRQS,
    COUNTER_TLB_IRQS,
    COUNTER_DEVICE_IRQS,
    COUNTER_PAGE_FAULTS,
    COUNTER_TLB_REMOTE_FLUSHES, /* requests sent */
    COUNTER_FRAMES_TAKEN,
    COUNTER_FRAMES_FREED,
    COUNTER_MAJOR_FAULTS,   /* that waited for a disk */
    COUNTER_SWAP_IN,        /* pages read from swap areas */
    COUNTER_SWAP_OUT,       /* pages written to them */
    COUNTER_SWAP_AHEAD,     /* read before they were asked for */
    COUNTER_SWAP_AHEAD_HIT, /* of these, found when they were */
    COUNTER_SCAN_KSWAPD,    /* frames looked at for reclaim */
    COUNTER_SCAN_DIRECT,    /* the same by who needs the frame */
    COUNTER_STEAL_KSWAPD,   /* frames reclaimed */
    COUNTER_STEAL_DIRECT,
    COUNTER_KSWAPD_RUNS,  /* times that kswapd began to work */
    COUNTER_ALLOC_STALLS, /* times that somebody reclaimed for himself */
    COUNTER_LAZY_FREE,    /* pages told to be free by MADV_FREE */
    COUNTER_LAZY_FREED,   /* of these, dropped by reclaim */
    COUNTER_OOM_KILLS,
    COUNTER_DEEP_SLEEPS, /* begun less ended: user threads that wait now */
    COUNTER_KINDS
};
