/*
 * labs/procs/holes.c - what the student starts from: /proc has no processes.
 *
 * The directory lists none, and who knows a number and reads its files finds
 * zeros.
 */

static int32_t next_pid(int32_t from)
{
    return -1;
}

static int32_t next_tid(const struct proc_ref *ref, int32_t from)
{
    return -1;
}

static char state_letter(const struct process *p, const struct thread *t)
{
    return 'X';
}

static void thread_facts(struct process *p, const struct thread *t,
                         struct facts *f) MUST_HOLD(process_tree_lock)
{
    f->state = state_letter(p, t);
}

static void process_facts_locked(struct process *p, struct facts *f)
    MUST_HOLD(process_tree_lock)
{
    f->terminal_group = terminal_group(p->terminal);
    signal_facts(p, f);
}
