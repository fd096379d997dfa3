/*
 * proc/group.c - process groups, sessions and their terminal.
 *
 * Idea:  a group or a session is a struct pid with members.  A process is in
 *        one of each; a session's leader and a group's leader are the processes
 *        whose pid is its number.
 * Locks: process_tree_lock for membership.
 * [POSIX "setpgid()", "setsid()"]
 */
#include "proc/group.h"

#include "abi/errno.h"
#include "core/restart.h"
#include "dev/tty.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/stop.h"

static bool leads_session(const struct process *p)
{
    return p->session_entry == p->pid_entry;
}

/* The process that has a thread of this number, or NULL. */
static struct process *find_by_thread(int32_t tid) MUST_HOLD(process_tree_lock);
static struct process *find_by_thread(int32_t tid)
{
    const struct thread *t = thread_find_locked(tid);

    return t ? t->process : NULL;
}

/* May the caller move `p` to another group? */
static int check_movable(const struct process *p) MUST_HOLD(process_tree_lock);
static int check_movable(const struct process *p)
{
    const struct process *self = process_current();

    if (p != self) {
        if (p->parent != self)
            return -ESRCH;
        if (p->session_entry != self->session_entry)
            return -EPERM;
        if (p->did_exec)
            return -EACCES;
    }
    return leads_session(p) ? -EPERM : 0;
}

/* Group `number` for `p`: its own (new perhaps), or one of its session; NULL if
 * there is no such. */
static struct pid *find_group(const struct process *p, int32_t number)
    MUST_HOLD(process_tree_lock);
static struct pid *find_group(const struct process *p, int32_t number)
{
    if (number == p->pid)
        return p->pid_entry;
    struct pid *group = pid_find_locked(number);
    if (!group || list_is_empty(&group->group))
        return NULL;
    const struct process *member =
        list_first_entry(&group->group, struct process, group_link);
    return member->session_entry == p->session_entry ? group : NULL;
}

static void move_to_group(struct process *p, struct pid *group)
    MUST_HOLD(process_tree_lock);
static void move_to_group(struct process *p, struct pid *group)
{
    struct pid *old = p->group;

    p->group = pid_get_locked(group);
    list_remove(&p->group_link);
    list_add_tail(&group->group, &p->group_link);
    pid_put_locked(old);
}

int64_t group_set(int32_t pid, int32_t number)
{
    if (pid == 0)
        pid = process_current()->pid;
    if (number == 0)
        number = pid;
    if (number < 0)
        return -EINVAL;
    spin_lock(&process_tree_lock);
    struct process *p = find_by_thread(pid);
    int err = !p ? -ESRCH : p->pid != pid ? -EINVAL : check_movable(p);
    if (err == 0) {
        struct pid *group = find_group(p, number);
        if (group)
            move_to_group(p, group);
        else
            err = -EPERM;
    }
    spin_unlock(&process_tree_lock);
    return err;
}

int64_t group_get(int32_t pid)
{
    spin_lock(&process_tree_lock);
    const struct process *p = pid ? find_by_thread(pid) : process_current();
    int64_t number = p ? p->group->number : -ESRCH;
    spin_unlock(&process_tree_lock);
    return number;
}

int64_t session_get(int32_t pid)
{
    spin_lock(&process_tree_lock);
    const struct process *p = pid ? find_by_thread(pid) : process_current();
    int64_t number = p ? p->session_entry->number : -ESRCH;
    spin_unlock(&process_tree_lock);
    return number;
}

int64_t session_create(void)
{
    struct process *p = process_current();
    int64_t result = -EPERM;

    spin_lock(&process_tree_lock);
    if (list_is_empty(&p->pid_entry->group)) { /* no group bears its number */
        struct pid *old = p->session_entry;
        move_to_group(p, p->pid_entry);
        p->session_entry = pid_get_locked(p->pid_entry);
        list_remove(&p->session_link);
        list_add_tail(&p->pid_entry->session, &p->session_link);
        pid_put_locked(old);
        p->terminal = NULL;
        result = p->pid;
    }
    spin_unlock(&process_tree_lock);
    return result;
}

/* ---- orphaned groups ------------------------------------------------------ */

/* Could `parent` look after the members of `group` that are its children? */
static bool minds_group(const struct process *parent, const struct pid *group,
                        const struct pid *session) MUST_HOLD(process_tree_lock);
static bool minds_group(const struct process *parent, const struct pid *group,
                        const struct pid *session)
{
    return parent && parent->group != group && parent->session_entry == session;
}

bool group_is_orphaned_locked(const struct pid *group,
                              const struct process *ignored)
{
    const struct process *member;

    list_for_each (member, &group->group, group_link) {
        if (member == ignored || member->life == PROCESS_ZOMBIE ||
            member->parent == init_process)
            continue;
        if (minds_group(member->parent, group, member->session_entry))
            return false;
    }
    return true;
}

static bool has_stopped_member(const struct pid *group)
    MUST_HOLD(process_tree_lock);
static bool has_stopped_member(const struct pid *group)
{
    const struct process *member;

    list_for_each (member, &group->group, group_link)
        if (stop_is_stopped(member))
            return true;
    return false;
}

void group_lost_parent_locked(const struct process *p,
                              const struct process *parent,
                              const struct process *ignored)
{
    struct process *member;

    if (!minds_group(parent, p->group, p->session_entry) ||
        !group_is_orphaned_locked(p->group, ignored) ||
        !has_stopped_member(p->group))
        return;
    list_for_each (member, &p->group->group, group_link) {
        signal_send_process(member, SIGHUP, NULL);
        signal_send_process(member, SIGCONT, NULL);
    }
}

/* ---- the terminal's view -------------------------------------------------- */

static void hook_signal_group(int32_t group, int signal)
{
    int result = signal_send_group(group, signal);

    (void)result; /* the group may have died meanwhile */
}

static int32_t hook_current_session(void)
{
    return (int32_t)session_get(0);
}

static int32_t hook_current_group(void)
{
    return (int32_t)group_get(0);
}

static bool hook_leads_session(void)
{
    return session_get(0) == process_current()->pid;
}

static int hook_signal_background(int signal)
{
    struct process *p = process_current(), *member;
    int result = -ERESTARTSYS;

    spin_lock(&process_tree_lock);
    if (signal_is_held_off(signal))
        result = signal == SIGTTIN ? -EIO : 0;
    else if (group_is_orphaned_locked(p->group, NULL))
        result = -EIO;
    else
        list_for_each (member, &p->group->group, group_link)
            signal_send_process(member, signal, NULL);
    spin_unlock(&process_tree_lock);
    return result;
}

static bool hook_group_in_session(int32_t number, int32_t session)
{
    bool found = false;

    spin_lock(&process_tree_lock);
    const struct pid *group = pid_find_locked(number);
    if (group && !list_is_empty(&group->group)) {
        const struct process *member =
            list_first_entry(&group->group, struct process, group_link);
        found = member->session_entry->number == session;
    }
    spin_unlock(&process_tree_lock);
    return found;
}

static struct tty *hook_current_terminal(void)
{
    spin_lock(&process_tree_lock);
    struct tty *tty = process_current()->terminal;
    spin_unlock(&process_tree_lock);
    return tty;
}

static void set_session_terminal(struct pid *session, struct tty *tty)
{
    struct process *member;

    spin_lock(&process_tree_lock);
    list_for_each (member, &session->session, session_link)
        member->terminal = tty;
    spin_unlock(&process_tree_lock);
}

static void hook_set_terminal(struct tty *tty)
{
    struct process *p = process_current();

    if (leads_session(p)) {
        set_session_terminal(p->session_entry, tty);
        return;
    }
    spin_lock(&process_tree_lock);
    p->terminal = tty;
    spin_unlock(&process_tree_lock);
}

static void hook_lose_terminal(int32_t session)
{
    struct process *member;

    spin_lock(&process_tree_lock);
    const struct pid *entry = pid_find_locked(session);
    if (entry)
        list_for_each (member, &entry->session, session_link)
            member->terminal = NULL;
    spin_unlock(&process_tree_lock);
}

void group_leave_session(struct process *p)
{
    if (!leads_session(p) || !p->terminal)
        return;
    int32_t foreground = tty_session_ended(p->terminal, p->pid);
    if (foreground != 0) {
        hook_signal_group(foreground, SIGHUP);
        hook_signal_group(foreground, SIGCONT);
    }
    set_session_terminal(p->session_entry, NULL);
}

void group_init(void)
{
    tty_hooks = (struct tty_hooks){
        .signal_group = hook_signal_group,
        .signal_background = hook_signal_background,
        .current_session = hook_current_session,
        .current_group = hook_current_group,
        .current_leads_session = hook_leads_session,
        .group_in_session = hook_group_in_session,
        .current_terminal = hook_current_terminal,
        .set_terminal = hook_set_terminal,
        .lose_terminal = hook_lose_terminal,
    };
}
