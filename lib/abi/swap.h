/*
 * abi/swap.h - flags of swapon().  Those about discarding blocks, which a disk
 * may forget, are advice.
 */
#pragma once

#define SWAP_FLAG_PREFER        0x8000 /* the priority is given */
#define SWAP_FLAG_PRIO_MASK     0x7fff
#define SWAP_FLAG_PRIO_SHIFT    0
#define SWAP_FLAG_DISCARD       0x10000
#define SWAP_FLAG_DISCARD_ONCE  0x20000
#define SWAP_FLAG_DISCARD_PAGES 0x40000
#define SWAP_FLAGS_KNOWN        0x7ffff
