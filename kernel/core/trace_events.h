/*
 * core/trace_events.h - the kinds of trace events: one line each.
 *
 * X(NAME, group, "argument:type ...").  The name in lower case is what /proc/trace
 * and tools/trace call it; a group's name stands for all its kinds.  Types say
 * how an argument is shown, in core/trace.c as in tools/trace_data:
 *
 *   d decimal, signed     x hexadecimal          o address of a kernel object
 *   f number of a frame   p page-table entry     s address of a kernel string
 *   c 8 characters        k address in a program or in the kernel
 *   and of an enumeration: a fault_action, r fault_result, t thread_state,
 *   y frame_kind, m (VM_*) of an area
 *
 * A `space` is an address space; thread 0 is the idle thread of a CPU.
 */
#pragma once

// clang-format off
#define TRACE_EVENTS(X)                                                        \
    /* The CPU goes from this thread, in `state`, to `next`; `from` are the    \
     * functions that it is in, which say what it waits for. */                \
    X(SWITCH, sched, "next:d state:t from:k from:k from:k from:k")             \
    X(WAKE, sched, "tid:d cpu:d")                                              \
    /* A process or thread that was there before tracing began. */             \
    X(TASK, process, "tid:d pid:d parent:d space:o name:c name:c")             \
    X(FORK, process, "tid:d pid:d space:o flags:x")                            \
    X(EXEC, process, "space:o path:c path:c path:c path:c path:c")             \
    X(NAME, process, "name:c name:c")                                          \
    X(EXIT, process, "status:x") /* of the process, as wait gives it */        \
    X(THREAD_EXIT, process, "")                                                \
    X(WAIT, process, "pid:d status:x") /* this child was reaped */             \
    /* One attempt of the fault handler; the entry as it is afterwards. */     \
    X(FAULT, fault, "space:o address:x error:x action:a result:r entry:p")     \
    X(COW_COPY, fault, "space:o address:x from:f to:f holders:d")              \
    X(COW_REUSE, fault, "space:o address:x frame:f")                           \
    /* What becomes of page-table entries, whoever does it.  SHARE: fork gives \
     * the child what the parent has mapped in [start, end), and takes the     \
     * right to write from both if `cow`.  MOVE: mremap. */                    \
    X(MAP, map, "space:o address:x entry:p")                                   \
    X(UNMAP, map, "space:o start:x end:x")                                     \
    X(PROTECT, map, "space:o start:x end:x prot:m")                            \
    X(MOVE, map, "space:o start:x end:x to:x")                                 \
    X(SHARE, map, "space:o child:o start:x end:x cow:d")                       \
    X(DROP, map, "space:o") /* it is no more: exit or exec */                  \
    X(AREA, map, "space:o start:x end:x prot:m flags:x file:o")                \
    X(FRAME_ALLOC, frame, "frame:f order:d kind:y")                            \
    X(FRAME_FREE, frame, "frame:f order:d kind:y")                             \
    X(SWAP_OUT, swap, "frame:f slot:x")                                        \
    X(SWAP_IN, swap, "frame:f slot:x")                                         \
    X(SIGNAL_SEND, signal, "signal:d pid:d tid:d code:d")                      \
    X(SIGNAL_DELIVER, signal, "signal:d handler:k")                            \
    X(PIPE_WRITE, ipc, "object:o bytes:d left:d") /* `left` are in it then */  \
    X(PIPE_READ, ipc, "object:o bytes:d left:d")                               \
    X(MESSAGE_SEND, ipc, "object:o message:o bytes:d type:d")                  \
    X(MESSAGE_RECEIVE, ipc, "object:o message:o bytes:d type:d")               \
    X(SEMAPHORE, ipc, "object:o number:d change:d value:d")                    \
    X(FUTEX_WAIT, ipc, "address:x")                                            \
    X(FUTEX_WAKE, ipc, "address:x woken:d")                                    \
    /* Spun for a spinlock that another CPU had; sleeps for a mutex.  */       \
    X(SPIN, lock, "lock:o name:s ns:d caller:k")                               \
    X(MUTEX, lock, "lock:o name:s owner:d")                                    \
    X(IRQ_ENTER, irq, "vector:d at:k")                                         \
    X(IRQ_EXIT, irq, "vector:d")                                               \
    X(SYSCALL_ENTER, syscall, "number:d a:x b:x c:x d:x e:x")                  \
    X(SYSCALL_EXIT, syscall, "number:d result:d")                              \
    /* A sample: places from the inside out, `kernel` and then `user` many;    \
     * more than three go on in STACK. */                                      \
    X(SAMPLE, profile, "kernel:d user:d ns:d at:k at:k at:k")                  \
    X(STACK, profile, "at:k at:k at:k at:k at:k at:k")                         \
    X(MARK, mark, "text:c text:c text:c text:c text:c text:c")
// clang-format on
