/*
 * unit.h - what every program in tests/unit starts from: one TAP line per
 * check, and the exit status for main().
 */
#pragma once

#include <stdio.h>

static int unit_count, unit_failures;

#define CHECK(condition, name)                                                 \
    do {                                                                       \
        int held_ = !!(condition);                                             \
        unit_failures += !held_;                                               \
        printf("%sok %d - %s\n", held_ ? "" : "not ", ++unit_count, name);     \
        if (!held_)                                                            \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);           \
    } while (0)

static inline int unit_done(void)
{
    printf("1..%d\n", unit_count);
    return unit_failures != 0;
}
