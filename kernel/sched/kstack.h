/*
 * sched/kstack.h - kernel stacks.
 */
#pragma once

#include "core/types.h"

/* A mapped kernel stack's lowest address (0: no memory), and its return. */
vaddr_t kstack_alloc(void);
void kstack_free(vaddr_t stack);

/* Kernel stacks kept for reuse are freed. */
void kstack_drain(void);
