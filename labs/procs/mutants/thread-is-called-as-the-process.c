/*
 * All threads have the name of the process.
 *
 * file: kernel/proc/procfs_status.c
 * of: thread_facts@4764c5ad8836
 * loses: threads-have-facts
 */
static void thread_facts(struct process *p, const struct thread *t,
                         struct facts *f) MUST_HOLD(process_tree_lock)
{
    f->tid = t->tid;
    f->state = state_letter(p, t);
    f->tracer = ptrace_tracer_of(t);
    f->cpu = t->cpu;
    f->affinity = t->affinity;
    f->sched = t->params;
    f->pending = t->pending;
    f->blocked = t->blocked;
    f->start_ns = t == p->leader ? p->start_ns : t->start_ns;
    f->exit_signal = t == p->leader ? p->exit_signal : -1;
    memcpy(f->name, p->name, sizeof(f->name));
}
