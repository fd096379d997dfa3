/*
 * core/types.h - scalar types, annotations and small macros for all files.
 *
 * Addresses carry their space in the type's name: paddr_t is physical,
 * vaddr_t is virtual; only phys_to_virt()/virt_to_phys() convert.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t; /* physical address, bytes */
typedef uint64_t vaddr_t; /* virtual address, bytes */
typedef uint64_t pfn_t;   /* physical frame number */

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)   ALIGN_DOWN((x) + (__typeof__(x))(a)-1, a)
#define ARRAY_LENGTH(a)  (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)        ((a) < (b) ? (a) : (b))
#define MAX(a, b)        ((a) > (b) ? (a) : (b))
#define container_of(p, type, member)                                          \
    ((type *)((char *)(p)-offsetof(type, member)))

#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define __must_check   __attribute__((warn_unused_result))
#define __noreturn     __attribute__((noreturn))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __aligned(n)   __attribute__((aligned(n)))
#define barrier()      __asm__ volatile("" ::: "memory")

/* Debuggers stop here (tools/gdb): the function stays one, with its arguments. */
#ifdef __clang__
#define __debug_stop __attribute__((noinline))
#else
#define __debug_stop __attribute__((noipa))
#endif

/* A pointer into user space: never dereferenced outside vm/usercopy.c. */
#ifdef __clang__
#define __user __attribute__((noderef, address_space(1)))
#else
#define __user
#endif

/* In a cast between user and kernel pointers that is meant. */
#define __force

/* Lock contracts, checked by clang -Wthread-safety (make check). */
#ifdef __clang__
#define CAPABILITY(name) __attribute__((capability(name)))
#define MUST_HOLD(...)   __attribute__((requires_capability(__VA_ARGS__)))
#define MUST_HOLD_SHARED(...)                                                  \
    __attribute__((requires_shared_capability(__VA_ARGS__)))
#define ACQUIRES(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...) __attribute__((release_capability(__VA_ARGS__)))
#define ACQUIRES_SHARED(...)                                                   \
    __attribute__((acquire_shared_capability(__VA_ARGS__)))
#define RELEASES_SHARED(...)                                                   \
    __attribute__((release_shared_capability(__VA_ARGS__)))
#define TRY_ACQUIRES(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define NO_LOCK_ANALYSIS  __attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(name)
#define MUST_HOLD(...)
#define MUST_HOLD_SHARED(...)
#define ACQUIRES(...)
#define RELEASES(...)
#define ACQUIRES_SHARED(...)
#define RELEASES_SHARED(...)
#define TRY_ACQUIRES(...)
#define NO_LOCK_ANALYSIS
#endif
