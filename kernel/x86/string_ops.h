/*
 * x86/string_ops.h - the string instructions on whole 64-bit words.
 *
 * One instruction each; the direction flag is clear in the kernel (entry.S).
 * [SDM-2B "REP/REPE/REPZ/REPNE/REPNZ - Repeat String Operation Prefix"]
 */
#pragma once

#include "core/types.h"

/* Store `count` copies of `value` from `to` on. */
static inline void x86_stosq(void *to, uint64_t value, size_t count)
{
    __asm__ volatile("rep stosq"
                     : "+D"(to), "+c"(count)
                     : "a"(value)
                     : "memory");
}

/* Copy `count` words from `from` to `to`, upwards. */
static inline void x86_movsq(void *to, const void *from, size_t count)
{
    __asm__ volatile("rep movsq"
                     : "+D"(to), "+S"(from), "+c"(count)
                     :
                     : "memory");
}
