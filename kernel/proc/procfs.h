/*
 * proc/procfs.h - the file system on /proc.
 *
 * Each name is a struct proc_entry in a table: procfs_process.c has those of a
 * process, procfs_system.c those of the system.  procfs.c turns the tables into
 * inodes; contents are made by `show` when a file is read from its start.
 */
#pragma once

#include "core/types.h"
#include "proc/process.h"
#include "proc/text.h"
#include "vm/uio.h"

struct proc_ref;

/* Entries of a directory that are not in its table. */
enum proc_dynamic { PROC_STATIC, PROC_PIDS, PROC_TIDS, PROC_FDS };

struct proc_entry {
    const char *name;                  /* NULL ends a table */
    uint32_t mode;                     /* S_IF* and rights */
    bool owner_only;                   /* contents: its owner and root only */
    enum proc_dynamic dynamic;         /* directories */
    const struct proc_entry *children; /* directories; may be NULL */
    /* Contents of a file, text of a link.  0 or -errno; -ESRCH: the process
     * has gone.  May sleep. */
    int (*show)(const struct proc_ref *ref, struct text *out);
    /* Instead, for files of numbers: read from any offset. */
    int64_t (*read)(const struct proc_ref *ref, struct uio *uio,
                    uint64_t *offset);
    /* Links: the inode meant, with a reference.  NULL: follow the text. */
    int (*follow)(const struct proc_ref *ref, struct inode **out);
    /* Files: take what was written, a line without its newline. */
    int (*store)(const struct proc_ref *ref, char *line);
};

/* What an inode of /proc stands for.  [I] */
struct proc_ref {
    const struct proc_entry *entry;
    int32_t pid;       /* 0: none */
    int32_t tid;       /* 0: the process as a whole */
    int32_t fd;        /* entries of fd/ */
    uint64_t start_ns; /* of the process: a reused number is another process */
};

extern const struct proc_entry proc_process_entries[]; /* of /proc/PID */
extern const struct proc_entry proc_thread_entries[];  /* of .../task/TID */
extern const struct proc_entry proc_system_entries[];  /* of /proc */
extern const struct proc_entry proc_ipc_entries[];     /* of /proc/sysvipc */
extern const struct proc_entry proc_fd_entry;          /* of .../fd/N */

/* The process meant; NULL once it has been reaped. */
struct process *proc_ref_find_locked(const struct proc_ref *ref)
    MUST_HOLD(process_tree_lock);

/* ---- between procfs.c and procfs_dir.c ---- */

extern const struct proc_entry proc_process_entry; /* /proc/PID itself */
extern const struct proc_entry proc_thread_entry;  /* .../task/TID itself */

/* False once the process meant was reaped; entries of the system stay. */
bool proc_ref_is_alive(const struct proc_ref *ref);

/* May the caller see contents that only the owner may?  0, -EACCES, -ESRCH. */
__must_check int proc_check_access(const struct proc_ref *ref);

/* Inode number of child `name` of what `ref` is or comes from: the same from
 * lookup and readdir. */
uint64_t proc_make_ino(const struct proc_ref *ref, const char *name,
                       size_t length);

/* An inode for `ref` (copied) as child `name` of `dir` (NULL: the root).
 * Returns 0 or -ENOMEM. */
__must_check int proc_make_inode(struct inode *dir, const struct proc_ref *ref,
                                 const char *name, size_t length,
                                 struct inode **out);

/* Operations of directories; contracts in fs/vfs.h and fs/file.h. */
int proc_lookup(struct inode *dir, const char *name, size_t length,
                struct inode **out);
int proc_readdir(struct file *file, struct dir_emit *ctx);

/* ---- contents ---- */

/* Who and how (procfs_status.c). */
int proc_show_stat(const struct proc_ref *ref, struct text *out);
int proc_show_status(const struct proc_ref *ref, struct text *out);

/* Contents of files that concern an address space (procfs_space.c). */
int proc_show_maps(const struct proc_ref *ref, struct text *out);
int proc_show_statm(const struct proc_ref *ref, struct text *out);
int proc_show_cmdline(const struct proc_ref *ref, struct text *out);
int proc_show_environ(const struct proc_ref *ref, struct text *out);

/* What its pages cost (procfs_memory.c), and page by page (procfs_pagemap.c). */
int proc_show_smaps(const struct proc_ref *ref, struct text *out);
int proc_show_smaps_rollup(const struct proc_ref *ref, struct text *out);
int64_t proc_read_pagemap(const struct proc_ref *ref, struct uio *uio,
                          uint64_t *offset);
int64_t proc_read_kpagecount(const struct proc_ref *ref, struct uio *uio,
                             uint64_t *offset);
int64_t proc_read_kpageflags(const struct proc_ref *ref, struct uio *uio,
                             uint64_t *offset);

/* What maps and smaps say of one region. */
struct proc_map {
    vaddr_t start, end;
    uint64_t first_index;
    struct mapping *mapping; /* with a reference, or NULL */
    uint32_t prot, flags;
};
void proc_map_get(struct proc_map *map, const struct region *region)
    MUST_HOLD(region->space->lock);
void proc_map_put(struct proc_map *map);
/* Its line.  Context: no as->lock held. */
void proc_map_show(const struct proc_map *map, struct text *out);
/* A line for what is no region. */
void proc_map_show_name(struct text *out, vaddr_t start, vaddr_t end,
                        const char *name);

/* How many page-table entries hold a frame of user memory: right as long as
 * nobody else looks at the frame. */
uint32_t proc_frame_mappers(const struct frame *frame);

/* Has it nothing but swap behind it? */
bool proc_mapping_is_shmem(const struct mapping *mapping);

/* Resident pages of such mappings, which are part of as->rss_file.  Locks:
 * takes as->lock, and walks the page tables. */
uint64_t proc_count_shmem(struct address_space *as);

/* Its resource limits (procfs_limits.c). */
int proc_show_limits(const struct proc_ref *ref, struct text *out);

/* Memory that runs short (procfs_loadctl.c). */
int proc_show_oom_score(const struct proc_ref *ref, struct text *out);
int proc_show_oom_adjust(const struct proc_ref *ref, struct text *out);
int proc_store_oom_adjust(const struct proc_ref *ref, char *line);
int proc_show_suspend(const struct proc_ref *ref, struct text *out);
int proc_store_suspend(const struct proc_ref *ref, char *line);
int proc_show_oom_kill_allocating(const struct proc_ref *ref, struct text *out);
int proc_store_oom_kill_allocating(const struct proc_ref *ref, char *line);
int proc_show_loadctl(const struct proc_ref *ref, struct text *out);
int proc_show_loadctl_mode(const struct proc_ref *ref, struct text *out);
int proc_store_loadctl_mode(const struct proc_ref *ref, char *line);
int proc_show_loadctl_bound(const struct proc_ref *ref, struct text *out);
int proc_store_loadctl_bound(const struct proc_ref *ref, char *line);
int proc_show_panic_on_oom(const struct proc_ref *ref, struct text *out);
int proc_store_panic_on_oom(const struct proc_ref *ref, char *line);

/* Where the memory is (procfs_meminfo.c); in pages. */
struct proc_memory_facts {
    uint64_t free, anon, tables, slab, stack_pages;
    uint64_t buffers; /* of disks and partitions */
    uint64_t cached;  /* of files and shared memory */
    uint64_t shmem;   /* of these, with nothing but swap behind them */
    uint64_t mapped;  /* buffers and cached ones in some page table */
    uint64_t dirty;   /* of these, not yet as on their disk */
    uint64_t writing; /* on the way to a disk */
    uint64_t swap_total, swap_free, swap_cached;
};
void proc_memory_facts(struct proc_memory_facts *facts);
int proc_show_meminfo(const struct proc_ref *ref, struct text *out);
int proc_show_slabinfo(const struct proc_ref *ref, struct text *out);

/* Disks (procfs_disk.c), and /proc/sys/dev. */
int proc_show_diskstats(const struct proc_ref *ref, struct text *out);
int proc_show_partitions(const struct proc_ref *ref, struct text *out);
int proc_show_diskwork(const struct proc_ref *ref, struct text *out);
int proc_show_diskevents(const struct proc_ref *ref, struct text *out);
extern const struct proc_entry proc_dev_entries[];

/* Which pages a process uses (procfs_vmtrace.c). */
int proc_show_used_pages(const struct proc_ref *ref, struct text *out);
int proc_show_vmtrace(const struct proc_ref *ref, struct text *out);
int proc_store_vmtrace(const struct proc_ref *ref, char *line);
int64_t proc_read_vmtrace(const struct proc_ref *ref, struct uio *uio,
                          uint64_t *offset);

/* Tracing (procfs_trace.c), and trace= on the command line.  Context: boot,
 * when all CPUs run. */
void proc_trace_init(void);
int proc_show_trace(const struct proc_ref *ref, struct text *out);
int proc_store_trace(const struct proc_ref *ref, char *line);

/* Disks that stand in for memory (procfs_swap.c), and pools of frames. */
int proc_show_swaps(const struct proc_ref *ref, struct text *out);
int proc_show_policy(const struct proc_ref *ref, struct text *out);
int proc_store_policy(const struct proc_ref *ref, char *line);
int proc_show_pool(const struct proc_ref *ref, struct text *out);
int proc_show_frame_limit(const struct proc_ref *ref, struct text *out);
int proc_store_frame_limit(const struct proc_ref *ref, char *line);

/* /proc/locks (procfs_locks.c). */
int proc_show_locks(const struct proc_ref *ref, struct text *out);

/* What the CPUs count (procfs_counters.c), and how many interrupts came. */
int proc_show_interrupts(const struct proc_ref *ref, struct text *out);
int proc_show_vmstat(const struct proc_ref *ref, struct text *out);
uint64_t proc_interrupt_count(void);

/* The scheduler's (procfs_sched.c). */
int proc_show_sched(const struct proc_ref *ref, struct text *out);
int proc_show_thread_sched(const struct proc_ref *ref, struct text *out);
int proc_show_schedstat(const struct proc_ref *ref, struct text *out);

/* The thread meant, the first one if none is named; NULL if it has gone. */
struct thread *proc_ref_thread_locked(const struct proc_ref *ref,
                                      const struct process *process)
    MUST_HOLD(process_tree_lock);

/* Sizes of an address space, in pages where not addresses. */
struct proc_space_facts {
    uint64_t total, peak_total, rss_anon, rss_file, peak_rss, tables;
    uint64_t locked, swapped;
    uint64_t data, stack, exec, code; /* exec includes code */
    vaddr_t code_start, code_end, data_start, data_end, brk_start, stack_top;
    vaddr_t arg_start, arg_end, env_start, env_end;
};

/* Zeroes when `as` is NULL.  Locks: takes as->lock. */
void proc_space_facts(struct address_space *as, struct proc_space_facts *facts);

/* The space of the process meant, with a reference; 0 with *out = NULL for a
 * zombie, -ESRCH. */
__must_check int proc_ref_space(const struct proc_ref *ref,
                                struct address_space **out);

/* Decimal number; false if `text` is none or exceeds 2^31 - 1. */
__must_check bool proc_parse_number(const char *text, size_t length,
                                    int32_t *out);

/* Boot: the root directory, for vfs_mount(); with a reference.  After
 * vfs_init() and process_init(). */
struct inode *procfs_root(void);
