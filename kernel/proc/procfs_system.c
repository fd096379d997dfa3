/*
 * proc/procfs_system.c - the files of /proc that concern the whole system.
 *
 * Idea:   one show function per file, in Linux's words; the table at the end
 *         gives them their names.  /proc/audit is hanu's own.
 * Locks:  none of its own; counters are read as they are.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "core/boot_info.h"
#include "core/counter.h"
#include "fs/block_cache.h"
#include "ipc/pipe.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "proc/pid.h"
#include "proc/procfs.h"
#include "proc/provoke.h"
#include "proc/system_facts.h"
#include "sched/kstack.h"
#include "sched/policy.h"
#include "sched/sched.h"
#include "vm/region.h"
#include "x86/clock.h"
#include "x86/cpuid.h"
#include "x86/features.h"

enum { TICKS_PER_SECOND = 100 };
#define NSEC_PER_TICK (NSEC_PER_SEC / TICKS_PER_SECOND)

/* ---- time and load ------------------------------------------------------- */

/* Ticks of one CPU since boot, by what it did. */
struct cpu_ticks {
    uint64_t user, system, idle;
};

/* Busy time is exact; how much of it was in user mode is sampled by ticks. */
static struct cpu_ticks ticks_of_cpu(unsigned cpu)
{
    const struct run_queue *rq = &run_queues[cpu];
    uint64_t now = clock_now_ns(), idle = sched_idle_ns(cpu);
    uint64_t busy = now > idle ? (now - idle) / NSEC_PER_TICK : 0;
    uint64_t sampled = rq->user_ticks + rq->kernel_ticks;
    uint64_t user = sampled == 0 ? 0 : busy * rq->user_ticks / sampled;

    return (struct cpu_ticks){ user, busy - user, idle / NSEC_PER_TICK };
}

static void show_ticks(struct text *out, const struct cpu_ticks *t)
{
    text_printf(out, " %lu 0 %lu %lu 0 0 0 0 0 0\n", t->user, t->system,
                t->idle);
}

static int show_stat(const struct proc_ref *ref, struct text *out)
{
    struct cpu_ticks sum = { 0 };
    int32_t last;

    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        struct cpu_ticks t = ticks_of_cpu(cpu);
        sum.user += t.user;
        sum.system += t.system;
        sum.idle += t.idle;
    }
    text_printf(out, "cpu ");
    show_ticks(out, &sum);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        struct cpu_ticks t = ticks_of_cpu(cpu);
        text_printf(out, "cpu%u", cpu);
        show_ticks(out, &t);
    }
    text_printf(out, "intr %lu\nctxt %lu\nbtime %lu\nprocesses %lu\n",
                proc_interrupt_count(), sched_switch_count(),
                clock_boot_epoch(), pid_given(&last));
    text_printf(out, "procs_running %u\nprocs_blocked %lu\n",
                sched_running_count(), counter_sum(COUNTER_DEEP_SLEEPS));
    return 0;
}

static void show_hundredths(struct text *out, uint64_t ns, const char *end)
{
    text_printf(out, "%lu.%02lu%s", ns / NSEC_PER_SEC,
                ns % NSEC_PER_SEC / (NSEC_PER_SEC / 100), end);
}

static int show_uptime(const struct proc_ref *ref, struct text *out)
{
    uint64_t idle = 0;

    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        idle += sched_idle_ns(cpu);
    show_hundredths(out, clock_now_ns(), " ");
    show_hundredths(out, idle, "\n");
    return 0;
}

static int show_loadavg(const struct proc_ref *ref, struct text *out)
{
    uint64_t load[3];
    unsigned processes, threads;
    int32_t last;

    system_load(load);
    system_count_tasks(&processes, &threads);
    pid_given(&last);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t hundredths = (load[i] * 100 + 32768) >> 16;
        text_printf(out, "%lu.%02lu ", hundredths / 100, hundredths % 100);
    }
    text_printf(out, "%u/%u %d\n", sched_running_count(), threads, last);
    return 0;
}

/* ---- names --------------------------------------------------------------- */

static int show_version(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s version %s (hanu) (compiler %s) %s\n",
                system_name.sysname, system_name.release, __VERSION__,
                system_name.version);
    return 0;
}

static int show_ostype(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s\n", system_name.sysname);
    return 0;
}

static int show_osrelease(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s\n", system_name.release);
    return 0;
}

static int show_hostname(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s\n", system_name.nodename);
    return 0;
}

static int show_cmdline(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%s\n", boot_info.cmdline);
    return 0;
}

static int show_filesystems(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\n");
    return 0;
}

/* Nothing is mounted after boot. */
static int show_mounts(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "tmpfs / tmpfs rw,relatime 0 0\n"
                     "devtmpfs /dev devtmpfs rw,relatime 0 0\n"
                     "tmpfs /dev/shm tmpfs rw,relatime 0 0\n"
                     "proc /proc proc rw,relatime 0 0\n");
    return 0;
}

static int show_self(const struct proc_ref *ref, struct text *out)
{
    if (!process_current())
        return -ENOENT;
    text_printf(out, "%d", process_current()->pid);
    return 0;
}

static int show_thread_self(const struct proc_ref *ref, struct text *out)
{
    if (!process_current())
        return -ENOENT;
    text_printf(out, "%d/task/%d", process_current()->pid,
                thread_current()->tid);
    return 0;
}

/* ---- processors ---------------------------------------------------------- */

/* Flags as Linux names them: what every x86-64 has, then what this kernel asks
 * for. */
static const char baseline_flags[] = "fpu tsc msr pae cx8 apic cmov fxsr sse "
                                     "sse2 syscall lm";
static const struct {
    const char *name;
    const bool *present;
} cpu_flags[] = {
    { "nx", &cpu_features.nx },
    { "pge", &cpu_features.pge },
    { "pdpe1gb", &cpu_features.pdpe1gb },
    { "rdtscp", &cpu_features.rdtscp },
    { "xsave", &cpu_features.xsave },
    { "avx", &cpu_features.avx },
    { "xsaveopt", &cpu_features.xsaveopt },
    { "rdrand", &cpu_features.rdrand },
    { "fsgsbase", &cpu_features.fsgsbase },
    { "smep", &cpu_features.smep },
    { "smap", &cpu_features.smap },
    { "umip", &cpu_features.umip },
};

static void show_brand(struct text *out)
{
    uint32_t words[13] = { 0 }; /* three leaves of four, and an end */
    struct cpuid r = cpuid_read(0, 0);
    const uint32_t vendor[4] = { r.ebx, r.edx, r.ecx, 0 };

    text_printf(out, "vendor_id\t: %s\n", (const char *)vendor);
    if (cpuid_read(0x80000000, 0).eax < 0x80000004)
        return;
    for (uint32_t i = 0; i < 3; i++) {
        r = cpuid_read(0x80000002 + i, 0);
        words[4 * i] = r.eax;
        words[4 * i + 1] = r.ebx;
        words[4 * i + 2] = r.ecx;
        words[4 * i + 3] = r.edx;
    }
    text_printf(out, "model name\t: %s\n", (const char *)words);
}

static int show_cpuinfo(const struct proc_ref *ref, struct text *out)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        text_printf(out, "processor\t: %u\n", cpu);
        show_brand(out);
        text_printf(out, "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\n",
                    cpu_count, cpu);
        text_printf(out, "cpu cores\t: %u\napicid\t\t: %u\n", cpu_count,
                    cpus[cpu].apic_id);
        text_printf(out, "flags\t\t: %s", baseline_flags);
        for (unsigned i = 0; i < ARRAY_LENGTH(cpu_flags); i++)
            if (*cpu_flags[i].present)
                text_printf(out, " %s", cpu_flags[i].name);
        text_printf(out, "\n\n");
    }
    return 0;
}

/* ---- /proc/sys ----------------------------------------------------------- */

static int show_overcommit(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "1\n"); /* always: nothing is reserved ahead */
    return 0;
}

static int show_max_map_count(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%u\n", region_count_max);
    return 0;
}

static int store_max_map_count(const struct proc_ref *ref, char *line)
{
    int32_t count;

    if (!proc_parse_number(line, strlen(line), &count))
        return -EINVAL;
    __atomic_store_n(&region_count_max, (uint32_t)count, __ATOMIC_RELAXED);
    return 0;
}

static int show_pipe_max_size(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%d\n", PIPE_SIZE_MAX);
    return 0;
}

static int show_pid_max(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%d\n", CONFIG_PID_MAX);
    return 0;
}

/* 1: page cache (of disks: other files have nothing behind it), 2: unused
 * kernel objects, 3: both. */
static int store_drop_caches(const struct proc_ref *ref, char *line)
{
    int32_t what;

    if (!proc_parse_number(line, strlen(line), &what) || what < 1 || what > 3)
        return -EINVAL;
    if (what & 1)
        block_cache_drop_all();
    if (what & 2) {
        kstack_drain();
        slab_drain();
        frame_drain();
    }
    return 0;
}

static int show_audit(const struct proc_ref *ref, struct text *out)
{
    unsigned complaints = vm_audit();

    if (complaints == 0)
        text_printf(out, "ok\n");
    else
        text_printf(out, "%u complaints, see the kernel log\n", complaints);
    return 0;
}

static bool this_allocation_fails(void)
{
    struct thread *t = thread_current();

    return t && t->fail_nth != 0 && --t->fail_nth == 0;
}

/* For tests: the n-th allocation from now on that the writing thread makes in
 * the kernel fails, 0: none. */
static int store_fail_nth(const struct proc_ref *ref, char *line)
{
    int32_t n;

    if (!proc_parse_number(line, strlen(line), &n))
        return -EINVAL;
    alloc_should_fail = this_allocation_fails;
    thread_current()->fail_nth = (uint32_t)n;
    return 0;
}

static int show_fail_nth(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "%u\n", thread_current()->fail_nth);
    return 0;
}

/* ---- tables -------------------------------------------------------------- */

// clang-format off
static const struct proc_entry kernel_entries[] = {
    { .name = "hostname", .mode = S_IFREG | 0444, .show = show_hostname },
    { .name = "osrelease", .mode = S_IFREG | 0444, .show = show_osrelease },
    { .name = "ostype", .mode = S_IFREG | 0444, .show = show_ostype },
    { .name = "pid_max", .mode = S_IFREG | 0444, .show = show_pid_max },
    { .name = "provoke", .mode = S_IFREG | 0600, .show = proc_show_provoke,
      .store = proc_store_provoke },
    { .name = NULL },
};

static const struct proc_entry fs_entries[] = {
    { .name = "pipe-max-size", .mode = S_IFREG | 0444,
      .show = show_pipe_max_size },
    { .name = NULL },
};

static const struct proc_entry vm_entries[] = {
    { .name = "drop_caches", .mode = S_IFREG | 0200,
      .store = store_drop_caches },
    { .name = "fail_nth", .mode = S_IFREG | 0600, .show = show_fail_nth,
      .store = store_fail_nth },
    { .name = "loadctl", .mode = S_IFREG | 0644,
      .show = proc_show_loadctl_mode, .store = proc_store_loadctl_mode },
    { .name = "loadctl_lower", .mode = S_IFREG | 0644,
      .show = proc_show_loadctl_bound, .store = proc_store_loadctl_bound },
    { .name = "loadctl_tau_ms", .mode = S_IFREG | 0644,
      .show = proc_show_loadctl_bound, .store = proc_store_loadctl_bound },
    { .name = "loadctl_turn_ms", .mode = S_IFREG | 0644,
      .show = proc_show_loadctl_bound, .store = proc_store_loadctl_bound },
    { .name = "loadctl_upper", .mode = S_IFREG | 0644,
      .show = proc_show_loadctl_bound, .store = proc_store_loadctl_bound },
    { .name = "max_map_count", .mode = S_IFREG | 0644,
      .show = show_max_map_count, .store = store_max_map_count },
    { .name = "oom_kill_allocating_task", .mode = S_IFREG | 0644,
      .show = proc_show_oom_kill_allocating,
      .store = proc_store_oom_kill_allocating },
    { .name = "overcommit_memory", .mode = S_IFREG | 0444,
      .show = show_overcommit },
    { .name = "panic_on_oom", .mode = S_IFREG | 0644,
      .show = proc_show_panic_on_oom, .store = proc_store_panic_on_oom },
    { .name = "replacement", .mode = S_IFREG | 0644,
      .show = proc_show_policy, .store = proc_store_policy },
    { .name = NULL },
};

static const struct proc_entry sys_entries[] = {
    { .name = "dev", .mode = S_IFDIR | 0555, .children = proc_dev_entries },
    { .name = "fs", .mode = S_IFDIR | 0555, .children = fs_entries },
    { .name = "kernel", .mode = S_IFDIR | 0555, .children = kernel_entries },
    { .name = "vm", .mode = S_IFDIR | 0555, .children = vm_entries },
    { .name = NULL },
};

const struct proc_entry proc_system_entries[] = {
    { .name = "audit", .mode = S_IFREG | 0400, .show = show_audit },
    { .name = "cmdline", .mode = S_IFREG | 0444, .show = show_cmdline },
    { .name = "cpuinfo", .mode = S_IFREG | 0444, .show = show_cpuinfo },
    { .name = "diskevents", .mode = S_IFREG | 0400,
      .show = proc_show_diskevents },
    { .name = "diskstats", .mode = S_IFREG | 0444,
      .show = proc_show_diskstats },
    { .name = "diskwork", .mode = S_IFREG | 0444,
      .show = proc_show_diskwork },
    { .name = "filesystems", .mode = S_IFREG | 0444,
      .show = show_filesystems },
    { .name = "interrupts", .mode = S_IFREG | 0444,
      .show = proc_show_interrupts },
    { .name = "kpagecount", .mode = S_IFREG | 0400,
      .read = proc_read_kpagecount },
    { .name = "kpageflags", .mode = S_IFREG | 0400,
      .read = proc_read_kpageflags },
    { .name = "loadctl", .mode = S_IFREG | 0444, .show = proc_show_loadctl },
    { .name = "loadavg", .mode = S_IFREG | 0444, .show = show_loadavg },
    { .name = "locks", .mode = S_IFREG | 0444, .show = proc_show_locks },
    { .name = "meminfo", .mode = S_IFREG | 0444, .show = proc_show_meminfo },
    { .name = "mounts", .mode = S_IFREG | 0444, .show = show_mounts },
    { .name = "sched", .mode = S_IFREG | 0444, .show = proc_show_sched },
    { .name = "partitions", .mode = S_IFREG | 0444,
      .show = proc_show_partitions },
    { .name = "self", .mode = S_IFLNK | 0777, .show = show_self },
    { .name = "slabinfo", .mode = S_IFREG | 0400, .show = proc_show_slabinfo },
    { .name = "stat", .mode = S_IFREG | 0444, .show = show_stat },
    { .name = "swaps", .mode = S_IFREG | 0444, .show = proc_show_swaps },
    { .name = "sys", .mode = S_IFDIR | 0555, .children = sys_entries },
    { .name = "sysvipc", .mode = S_IFDIR | 0555,
      .children = proc_ipc_entries },
    { .name = "thread-self", .mode = S_IFLNK | 0777,
      .show = show_thread_self },
    { .name = "trace", .mode = S_IFREG | 0600,
      .show = proc_show_trace, .store = proc_store_trace },
    { .name = "uptime", .mode = S_IFREG | 0444, .show = show_uptime },
    { .name = "version", .mode = S_IFREG | 0444, .show = show_version },
    { .name = "vmstat", .mode = S_IFREG | 0444, .show = proc_show_vmstat },
    { .name = "vmtrace", .mode = S_IFREG | 0400, .read = proc_read_vmtrace },
    { .name = NULL },
};
// clang-format on
