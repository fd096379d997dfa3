#pragma once
/*
 * The models; each reads its own options and returns the exit status.
 */
#include "common/options.h"

enum { MEMORY_MOST_BITS = 40 };

int contiguous_main(struct options *o);
int buddy_main(struct options *o);
int segments_main(struct options *o);
int cache_main(struct options *o);
int tlb_main(struct options *o);
int loops_main(struct options *o);

extern const char contiguous_help[], buddy_help[], segments_help[],
    cache_help[], tlb_help[], loops_help[];
