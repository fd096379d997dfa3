/*
 * proc/procfs_vmtrace.c - which pages a process uses.
 *
 * Idea:   /proc/PID/vmtrace takes `exact` (its replacement policy is told every
 *         use), `record` (and it is written down), `exec` (record the program
 *         that it executes next) or `off`, from the process itself;
 *         /proc/vmtrace gives what was written down, once, and ends when nobody
 *         is recorded any longer.  /proc/PID/used_pages costs a program hardly
 *         anything: the pages whose accessed bits were set since the last look.
 * Locks:  those of vm/vmtrace.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/procfs.h"
#include "vm/vmtrace.h"
#include "vm/working_set.h"

static const char *const modes[] = {
    [VMTRACE_OFF] = "off",
    [VMTRACE_EXEC] = "exec",
    [VMTRACE_EXACT] = "exact",
    [VMTRACE_RECORD] = "record",
};

int proc_show_vmtrace(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    int err = proc_ref_space(ref, &as);

    if (err != 0)
        return err;
    text_printf(out, "%s\n", modes[as ? vmtrace_mode(as) : VMTRACE_OFF]);
    if (as)
        as_put(as);
    return 0;
}

int proc_store_vmtrace(const struct proc_ref *ref, char *line)
{
    if (ref->pid != process_current()->pid)
        return -EPERM;
    for (unsigned mode = VMTRACE_OFF; mode <= VMTRACE_RECORD; mode++)
        if (strcmp(line, modes[mode]) == 0)
            return vmtrace_set(process_current()->space, mode);
    return -EINVAL;
}

static void show_used(vaddr_t page, bool write, void *arg)
{
    text_printf(arg, "%c %lx\n", write ? 'w' : 'r', page >> PAGE_SHIFT);
}

int proc_show_used_pages(const struct proc_ref *ref, struct text *out)
{
    struct address_space *as;
    int err = proc_ref_space(ref, &as);

    if (err != 0 || !as)
        return err;
    mutex_lock(&as->lock);
    working_set_visit(as, show_used, out);
    mutex_unlock(&as->lock);
    as_put(as);
    return 0;
}

int64_t proc_read_vmtrace(const struct proc_ref *ref, struct uio *uio,
                          uint64_t *offset)
{
    int64_t done = vmtrace_read(uio);

    if (done > 0)
        *offset += (uint64_t)done;
    return done;
}
