/*
 * debug_facts.c - what a debugger needs to know and debug information lacks.
 *
 * Macros leave no trace in debug information, so those that tools/gdb uses get
 * an enumerator here: FACT_PTE_WRITE stands for PTE_WRITE.  This file is
 * compiled with -fno-eliminate-unused-debug-types: all structures and
 * enumerators of the headers below are found through it, whichever program's
 * symbols are loaded beside the kernel's.  It adds four bytes to the kernel.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "core/config.h"
#include "core/counter.h"
#include "fs/file.h"
#include "ipc/futex_table.h"
#include "ipc/pipe.h"
#include "ipc/pipe_ring.h"
#include "ipc/sysv.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/suspend.h"
#include "sched/policy.h"
#include "sched/queue.h"
#include "syscall/syscalls.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "vm/mapping_tree.h"
#include "vm/pool.h"
#include "vm/region.h"
#include "vm/swap_area.h"
#include "vm/table.h"
#include "x86/irq.h"
#include "x86/layout.h"
#include "x86/pte.h"
#include "x86/trap_frame.h"
#include "x86/vectors.h"

#define FACT(name) FACT_##name = name

extern const uint32_t debug_facts;
const uint32_t debug_facts = 1; /* by which debuggers find this file */

enum fact_layout {
    FACT(PAGE_SHIFT),
    FACT(PAGE_SIZE),
    FACT(DIRECT_MAP_BASE),
    FACT(FRAME_ARRAY_BASE),
    FACT(KSTACK_BASE),
    FACT(KERNEL_OFFSET),
    FACT(USER_END),
    FACT(USER_MIN),
    FACT(POISON_FREE),
};

enum fact_pte {
    FACT(PTE_PRESENT),
    FACT(PTE_WRITE),
    FACT(PTE_USER),
    FACT(PTE_PCD),
    FACT(PTE_ACCESSED),
    FACT(PTE_DIRTY),
    FACT(PTE_LARGE),
    FACT(PTE_GLOBAL),
    FACT(PTE_NX),
};

/* Software bits, and the mask of the address. */
enum fact_pte_software {
    FACT(PTE_HIDDEN),
    FACT(PTE_SWAP),
    FACT(PTE_TRACED),
    FACT(PTE_ADDRESS),
};

enum fact_page_fault {
    FACT(PF_PRESENT),
    FACT(PF_WRITE),
    FACT(PF_USER),
    FACT(PF_RESERVED),
    FACT(PF_FETCH),
};

enum fact_vector {
    FACT(VECTOR_DE),
    FACT(VECTOR_DB),
    FACT(VECTOR_NMI),
    FACT(VECTOR_BP),
    FACT(VECTOR_OF),
    FACT(VECTOR_BR),
    FACT(VECTOR_UD),
    FACT(VECTOR_NM),
    FACT(VECTOR_DF),
    FACT(VECTOR_TS),
    FACT(VECTOR_NP),
    FACT(VECTOR_SS),
    FACT(VECTOR_GP),
    FACT(VECTOR_PF),
    FACT(VECTOR_MF),
    FACT(VECTOR_AC),
    FACT(VECTOR_MC),
    FACT(VECTOR_XM),
    FACT(VECTOR_SYSCALL),
};

enum fact_misc {
    FACT(RFLAGS_TF),
};

enum fact_signal {
    FACT(SIGHUP),
    FACT(SIGINT),
    FACT(SIGQUIT),
    FACT(SIGILL),
    FACT(SIGTRAP),
    FACT(SIGABRT),
    FACT(SIGBUS),
    FACT(SIGFPE),
    FACT(SIGKILL),
    FACT(SIGUSR1),
    FACT(SIGSEGV),
    FACT(SIGUSR2),
    FACT(SIGPIPE),
    FACT(SIGALRM),
    FACT(SIGTERM),
    FACT(SIGSTKFLT),
    FACT(SIGCHLD),
    FACT(SIGCONT),
    FACT(SIGSTOP),
    FACT(SIGTSTP),
    FACT(SIGTTIN),
    FACT(SIGTTOU),
    FACT(SIGURG),
    FACT(SIGXCPU),
    FACT(SIGXFSZ),
    FACT(SIGVTALRM),
    FACT(SIGPROF),
    FACT(SIGWINCH),
    FACT(SIGIO),
    FACT(SIGPWR),
    FACT(SIGSYS),
};

enum fact_sigaction {
    FACT(SA_NOCLDSTOP),
    FACT(SA_NOCLDWAIT),
    FACT(SA_SIGINFO),
    FACT(SA_RESTORER),
    FACT(SA_ONSTACK),
    FACT(SA_RESTART),
    FACT(SA_NODEFER),
    FACT(SA_RESETHAND),
};

enum fact_sched {
    FACT(SCHED_OTHER),
    FACT(SCHED_FIFO),
    FACT(SCHED_RR),
    FACT(SCHED_BATCH),
    FACT(SCHED_IDLE),
};

enum fact_open {
    FACT(O_RDONLY),
    FACT(O_WRONLY),
    FACT(O_RDWR),
    FACT(O_ACCMODE),
    FACT(O_CREAT),
    FACT(O_EXCL),
    FACT(O_NOCTTY),
    FACT(O_TRUNC),
    FACT(O_APPEND),
    FACT(O_NONBLOCK),
    FACT(O_DIRECT),
    FACT(O_LARGEFILE),
    FACT(O_DIRECTORY),
    FACT(O_NOFOLLOW),
    FACT(O_NOATIME),
    FACT(O_CLOEXEC),
    FACT(O_SYNC),
    FACT(O_PATH),
};

enum fact_file_type {
    FACT(S_IFMT),
    FACT(S_IFSOCK),
    FACT(S_IFLNK),
    FACT(S_IFREG),
    FACT(S_IFBLK),
    FACT(S_IFDIR),
    FACT(S_IFCHR),
    FACT(S_IFIFO),
};

enum fact_limit {
    FACT(RLIMIT_CPU),
    FACT(RLIMIT_FSIZE),
    FACT(RLIMIT_DATA),
    FACT(RLIMIT_STACK),
    FACT(RLIMIT_CORE),
    FACT(RLIMIT_RSS),
    FACT(RLIMIT_NPROC),
    FACT(RLIMIT_NOFILE),
    FACT(RLIMIT_MEMLOCK),
    FACT(RLIMIT_AS),
    FACT(RLIMIT_LOCKS),
    FACT(RLIMIT_SIGPENDING),
    FACT(RLIMIT_MSGQUEUE),
    FACT(RLIMIT_NICE),
    FACT(RLIMIT_RTPRIO),
    FACT(RLIMIT_RTTIME),
    FACT(RLIM_INFINITY),
};
