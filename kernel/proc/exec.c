/*
 * proc/exec.c - a process becomes another program.
 *
 * 1 Idea      The new address space is built whole beside the old one; when
 *             nothing can fail any more, the process steps over.
 * 2 Steps     exec_check      open the file, follow #! lines, read headers
 *             exec_copy_args  strings into the kernel
 *             exec_load_image new space, segments, stack (image.c, stack.c)
 *             threads_end_others  only the caller is left, and is the first
 *             exec_unshare    own copies of what other processes share
 *             exec_commit     cannot fail
 *             The order is Linux's where it shows in the error returned.
 * 3 Locking   The new space is known to nobody.  The commit changes the process
 *             under process->lock, since procfs looks at it from outside.
 * 4 Failure   Up to the commit the caller goes on as if nothing had been, and
 *             exec_free() drops what was built; only, if memory runs out at the
 *             last step, exec_unshare, the other threads are gone.  Linux loses the old image
 *             before it maps the new one, and kills where we return an error.
 * 5 Elsewhere Linux has a list of binary formats; here are ELF and #!.
 *
 * Next: elf.c, image.c, stack.c, args.c; script.c, set_id.c.
 */
#include "proc/exec.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/trace.h"
#include "ipc/futex.h"
#include "mem/slab.h"
#include "proc/args.h"
#include "proc/elf.h"
#include "proc/grave.h"
#include "proc/image.h"
#include "proc/loadctl.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "proc/script.h"
#include "proc/set_id.h"
#include "proc/threads.h"
#include "vm/fault.h"
#include "vm/pool.h"
#include "vm/vmtrace.h"
#include "x86/cpu.h"
#include "x86/fpu.h"
#include "x86/vectors.h"

enum { SCRIPT_DEPTH_MAX = 5 };
#define RFLAGS_START 0x202 /* interrupts on, and the bit that is always 1 */

/* An execve in the making; everything here is owned until the commit. */
struct exec {
    const char *path;   /* the caller's */
    struct inode *file; /* the program, writing denied */
    char head[IMAGE_HEAD_BYTES];
    size_t head_bytes;
    struct script *scripts[SCRIPT_DEPTH_MAX]; /* outermost first */
    unsigned script_count;
    struct exec_args args;
    struct image image;
    struct set_id set_id;
    struct signal_handlers *handlers; /* to replace shared ones, or NULL */
    struct fd_table *files;           /* ditto */
};

static void exec_free(struct exec *x)
{
    for (unsigned i = 0; i < x->script_count; i++)
        kfree(x->scripts[i]);
    args_free(&x->args);
    if (x->file)
        vfs_exec_close(x->file);
    if (x->image.space)
        as_put(x->image.space);
    if (x->handlers)
        signal_handlers_put(x->handlers);
    if (x->files)
        fd_table_put(x->files);
    kfree(x);
}

/* The file opened last is a script: note its line, go on with its
 * interpreter. */
static int exec_enter_script(struct exec *x)
{
    if (x->script_count == SCRIPT_DEPTH_MAX)
        return -ELOOP;
    struct script *s = kmalloc_zeroed(sizeof(*s));
    if (!s)
        return -ENOMEM;
    x->scripts[x->script_count++] = s;
    size_t n = MIN(x->head_bytes, sizeof(s->line) - 1);
    memcpy(s->line, x->head, n);
    return script_parse(s, n);
}

static int exec_open(struct exec *x, const char *path)
{
    int err = vfs_open_exec(NULL, path, &x->file);

    if (err) {
        x->file = NULL;
        return err;
    }
    int64_t n =
        mapping_read_kernel(&x->file->mapping, 0, x->head, sizeof(x->head));
    if (n < 0)
        return (int)n;
    x->head_bytes = (size_t)n;
    return 0;
}

/* Find the program that `path` means and see that it is one. */
static int exec_check(struct exec *x)
{
    const char *path = x->path;

    for (;;) {
        int err = exec_open(x, path);
        if (err)
            return err;
        if (x->head_bytes < 2 || x->head[0] != '#' || x->head[1] != '!')
            return elf_check_header(x->head, x->head_bytes);
        err = exec_enter_script(x);
        if (err)
            return err;
        vfs_exec_close(x->file);
        x->file = NULL;
        path = x->scripts[x->script_count - 1]->interpreter;
    }
}

static int add_counted(struct exec *x, const char *string)
{
    x->args.argc++;
    return args_add_kernel(&x->args, string);
}

/* For scripts: interpreter, argument, script's path, instead of argv[0]; the
 * innermost interpreter comes first. */
static int exec_add_script_args(struct exec *x)
{
    int err = 0;

    for (unsigned i = x->script_count; i-- > 0 && err == 0;) {
        const struct script *s = x->scripts[i];
        if (i + 1 == x->script_count)
            err = add_counted(x, s->interpreter);
        if (err == 0 && s->argument)
            err = add_counted(x, s->argument);
        if (err == 0)
            err = add_counted(x, i == 0 ? x->path
                                        : x->scripts[i - 1]->interpreter);
    }
    return err;
}

static int exec_copy_args(struct exec *x, const struct process *p,
                          const char __user *const __user *argv,
                          const char __user *const __user *envp)
{
    unsigned skip = x->script_count > 0 ? 1 : 0;

    args_init(&x->args, p->limits[RLIMIT_STACK].rlim_cur);
    int err = exec_add_script_args(x);
    if (err == 0)
        err = args_add_user_array(&x->args, argv, skip, &x->args.argc);
    /* As Linux since 5.18: a program always has an argv[0]. */
    if (err == 0 && x->args.argc == 0)
        err = add_counted(x, "");
    if (err == 0)
        err = args_add_user_array(&x->args, envp, 0, &x->args.envc);
    return err;
}

static int exec_load_image(struct exec *x, struct process *p)
{
    struct address_space *as = x->image.space = as_create();

    if (!as)
        return -ENOMEM;
    as->limit_as = p->limits[RLIMIT_AS].rlim_cur;
    as->limit_stack = p->limits[RLIMIT_STACK].rlim_cur;
    set_id_begin(&x->set_id, p, x->file);
    int err = pool_inherit(as, p->leader->space);
    if (err != 0)
        return err;
    err = image_load(&x->image, x->file, x->head, x->head_bytes);
    if (err == 0)
        err = image_push_args(&x->image, &x->args, x->path,
                              &x->set_id.credentials, x->set_id.secure);
    if (err == 0)
        err = vmtrace_inherit(as, p->leader->space);
    if (err == 0 && as->total_pages > as->limit_as >> PAGE_SHIFT)
        err = -ENOMEM;
    return err;
}

static int exec_unshare(struct exec *x, const struct process *p)
{
    if (__atomic_load_n(&p->handlers->refs, __ATOMIC_ACQUIRE) > 1) {
        x->handlers = signal_handlers_create(p->handlers);
        if (!x->handlers)
            return -ENOMEM;
    }
    if (fd_table_is_shared(p->files)) {
        x->files = fd_table_copy(p->files);
        if (!x->files)
            return -ENOMEM;
    }
    return 0;
}

/* comm: the last part of the path, cut. */
static void set_name(struct process *p, const char *path)
{
    const char *slash = strrchr(path, '/');

    strlcpy(p->name, slash ? slash + 1 : path, sizeof(p->name));
    strlcpy(p->leader->name, p->name, sizeof(p->leader->name));
}

/* Put what was built into the process; `x` keeps what it replaces, and
 * exec_free() drops that. */
static void exec_swap_parts(struct exec *x, struct process *p)
{
    struct address_space *space = x->image.space;
    struct inode *file = x->file;

    spin_lock(&p->lock);
    x->image.space = p->space;
    p->space = space;
    x->file = p->executable;
    p->executable = file;
    if (x->files) {
        struct fd_table *files = x->files;
        x->files = p->files;
        p->files = files;
    }
    p->credentials = x->set_id.credentials;
    p->did_exec = true;
    set_name(p, x->path);
    if (x->image.space)
        p->peak_rss = MAX(p->peak_rss, as_peak_rss(x->image.space));
    spin_unlock(&p->lock);
}

/* The first registers of the program: all zero but these. */
static void make_first_frame(struct trap_frame *frame,
                             const struct image *image)
{
    memset(frame, 0, sizeof(*frame));
    frame->orig_rax = (uint64_t)-1;
    frame->rip = image->start_ip;
    frame->rsp = image->stack_pointer;
    frame->rflags = RFLAGS_START;
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
}

static void reset_thread(struct thread *t, const struct image *image)
{
    uint64_t vector = thread_user_frame(t)->vector;
    uint64_t number = thread_user_frame(t)->orig_rax;

    make_first_frame(thread_user_frame(t), image);
    thread_user_frame(t)->vector = vector;
    thread_user_frame(t)->orig_rax = number; /* it still is this call */
    thread_set_flag(t, THREAD_IRET);
    t->altstack_bytes = 0;
    fpu_load_fresh();
    cpu_set_fs_base(0);
    cpu_set_user_gs_base(0);
}

static void swap_handlers(struct exec *x, struct process *p)
{
    spin_lock(&p->signal_lock);
    struct signal_handlers *old = p->handlers;
    p->handlers = x->handlers;
    x->handlers = old;
    spin_unlock(&p->signal_lock);
}

static TRACE_ASIDE void trace_exec(const struct exec *x)
{
    trace(EXEC, x->image.space, trace_text(x->path, 0), trace_text(x->path, 1),
          trace_text(x->path, 2), trace_text(x->path, 3),
          trace_text(x->path, 4));
}

static __debug_stop void exec_commit(struct exec *x, struct process *p)
{
    /* Point of no return: from here on the old program is gone. */
    trace_exec(x);
    futex_thread_exec(thread_current());
    exit_tell_user(thread_current());
    as_switch_current(x->image.space);
    reset_thread(thread_current(), &x->image);
    exec_swap_parts(x, p);
    process_release_vfork(p);
    if (x->handlers)
        swap_handlers(x, p);
    signal_reset_handlers(p);
    p->exit_signal = SIGCHLD;
    fd_table_close_on_exec(p->files);
}

int64_t process_exec(const char *path, const char __user *const __user *argv,
                     const char __user *const __user *envp)
{
    struct process *p = process_current();
    int32_t tid = thread_current()->tid;
    struct exec *x = kmalloc_zeroed(sizeof(*x));

    if (!x)
        return -ENOMEM;
    x->path = path;
    int err = exec_check(x);
    if (err == 0)
        err = exec_copy_args(x, p, argv, envp);
    if (err == 0)
        err = exec_load_image(x, p);
    if (err == 0)
        err = threads_end_others();
    if (err == 0)
        err = exec_unshare(x, p);
    if (err == 0)
        exec_commit(x, p);
    set_id_end(&x->set_id, p, err == 0);
    exec_free(x);
    if (err == 0)
        ptrace_executed(tid);
    return err;
}

/* Everything of pid 1 but its program. */
static struct process *make_first_process(void)
{
    struct process *p = process_alloc(NULL);

    if (!p)
        return NULL;
    p->handlers = signal_handlers_create(NULL);
    p->files = fd_table_create();
    p->fs = fs_context_create();
    struct thread *t = thread_create("init", true);
    if (!p->handlers || !p->files || !p->fs || !t)
        return NULL;
    process_adopt_thread(p, t);
    return p;
}

/* Build pid 1's image from kernel strings. */
static int load_first_program(struct exec *x, struct process *p)
{
    int err = exec_check(x);

    if (err)
        return err;
    args_init(&x->args, p->limits[RLIMIT_STACK].rlim_cur);
    err = exec_add_script_args(x);
    if (err == 0 && x->script_count == 0)
        err = add_counted(x, x->path);
    return err ? err : exec_load_image(x, p);
}

void process_start_init(const char *path)
{
    grave_start_digger();
    loadctl_start();
    struct process *p = make_first_process();
    struct exec *x = kmalloc_zeroed(sizeof(*x));
    struct trap_frame frame;
    struct pid *pid;

    if (!p || !x || pid_alloc(&pid) != 0)
        panic("no memory for the first process");
    x->path = path;
    int err = load_first_program(x, p);
    if (err)
        panic("cannot start %s as the first program: error %d", path, -err);
    make_first_frame(&frame, &x->image);
    exec_swap_parts(x, p);
    p->leader->space = p->space;
    thread_start_at_frame(p->leader, &frame);
    exec_free(x);
    init_process = p;
    spin_lock(&process_tree_lock);
    process_link_locked(p, pid, NULL);
    assert_eq(p->pid, 1);
    trace(TASK, 1, 1, 0, p->space, trace_text(p->name, 0));
    sched_wake(p->leader);
    spin_unlock(&process_tree_lock);
}
