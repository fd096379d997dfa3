/*
 * core/config.h - compile-time choices, as constants so that code says
 * `if (CONFIG_X)` and both arms always compile.  `make DEBUG=1` defines
 * HANU_DEBUG and turns on the dear checks, `make LOCKCHECK=1` HANU_LOCKCHECK
 * for those of core/lockcheck.h.
 */
#pragma once

#ifndef HANU_DEBUG
#define HANU_DEBUG 0
#endif
#ifndef HANU_LOCKCHECK
#define HANU_LOCKCHECK 0
#endif

enum {
    CONFIG_MAX_CPUS = 16,
    CONFIG_LOCK_CHECKS = HANU_DEBUG,   /* rank order, owner, held at sleep */
    CONFIG_LOCKCHECK = HANU_LOCKCHECK, /* learned order, with backtraces */
    CONFIG_POISON = HANU_DEBUG,        /* fill freed frames and objects */
    CONFIG_TICK_HZ = 100,              /* scheduler slice: one tick */
    CONFIG_KSTACK_PAGES = 4,           /* kernel stack, without its guard */
    CONFIG_PID_MAX = 32768,
};
