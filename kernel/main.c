/*
 * main.c - the order in which the kernel comes to life.
 *
 * Idea:  the boot CPU builds what needs no sleeping (frames, tables, clock,
 *        run queues), starts the other CPUs, and becomes an idle thread.  The
 *        rest runs in a kernel thread that may sleep: files, devices, init.
 * Next:  x86/boot_info.c comes before this, proc/process.c after.
 */
#include "base/string.h"
#include "core/boot_info.h"
#include "core/ktest.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/upcalls.h"
#include "core/watchdog.h"
#include "dev/block.h"
#include "dev/channel.h"
#include "dev/power.h"
#include "dev/random.h"
#include "dev/tty.h"
#include "dev/uart.h"
#include "fs/vfs.h"
#include "ipc/futex.h"
#include "ipc/pipe.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "proc/procfs.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/smp.h"

#define REQUEST_PATH "/.hanu/request"

/* Does tools/run want a program to be run? */
static bool request_exists(void)
{
    struct inode *inode;

    if (vfs_lookup(NULL, REQUEST_PATH, 0, &inode) != 0)
        return false;
    inode_put(inode);
    return true;
}

static void start_init(void)
{
    char path[128];

    if (!boot_option_value("init=", path, sizeof(path)))
        strlcpy(path, "/bin/init", sizeof(path));
    process_start_init(path);
}

/* Second half of the start, in a thread of its own. */
static void main_thread(void *unused)
{
    proc_trace_init();
    block_init();
    vfs_init();
    pipe_init();
    futex_init();
    tty_init();
    if (vfs_mount("/proc", procfs_root()) != 0)
        panic("cannot mount /proc");
    if (boot_option("selftest") || request_exists())
        channel_enable();
    if (boot_option("panic-test"))
        panic("panic-test on the command line");
    if (boot_option("selftest"))
        ktest_run_all();
    else
        start_init();
}

static vaddr_t secondary_stack(unsigned id)
{
    sched_prepare_cpu(&cpus[id]);
    return thread_stack_top(cpus[id].idle) - 16;
}

void kmain(void)
{
    console_early_init();
    printk("hanu: %lu MiB of RAM, command line \"%s\"\n",
           boot_ram_bytes() >> 20, boot_info.cmdline);
    frame_init();
    slab_init();
    cpu_init_tables(&cpus[0]);
    smp_init_boot_cpu();
    clock_init();
    random_init();
    sched_init();
    thread_init();
    vm_init();
    process_init();
    watchdog_init();
    sched_prepare_cpu(&cpus[0]);
    smp_start(secondary_stack);
    if (!thread_create_kernel("main", main_thread, NULL))
        panic("no memory for the first thread");
    sched_start_cpu();
}

void kmain_secondary(void)
{
    sched_start_cpu();
}
