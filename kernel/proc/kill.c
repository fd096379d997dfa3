/*
 * proc/kill.c - who may send signals to whom.
 *
 * Idea:  targets are found and signalled in one step under process_tree_lock, so
 *        a group is hit as a whole: a child that fork is about to enter either
 *        is in the group already, or its parent's fork sees the signal.
 */
#include "abi/errno.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/signal.h"

/* SIGCONT may go to anybody in the sender's session. */
static bool may_signal(const struct process *target, int signal)
    MUST_HOLD(process_tree_lock);
static bool may_signal(const struct process *target, int signal)
{
    return process_may_signal(target) ||
           (signal == SIGCONT &&
            target->session_entry == process_current()->session_entry);
}

/* Numbers are looked at once there is somebody to get the signal. */
static int check_signal_locked(const struct process *target, int signal)
    MUST_HOLD(process_tree_lock);
static int check_signal_locked(const struct process *target, int signal)
{
    if (signal < 0 || signal > SIGNAL_MAX)
        return -EINVAL;
    return may_signal(target, signal) ? 0 : -EPERM;
}

static int signal_one_locked(struct process *target, int signal,
                             const siginfo_t *info)
    MUST_HOLD(process_tree_lock);
static int signal_one_locked(struct process *target, int signal,
                             const siginfo_t *info)
{
    int err = check_signal_locked(target, signal);

    if (err == 0 && signal != 0)
        signal_send_process(target, signal, info);
    return err;
}

/* 0 if one of the group got it, else the last error. */
static int signal_group_locked(int32_t number, int signal,
                               const siginfo_t *info)
    MUST_HOLD(process_tree_lock);
static int signal_group_locked(int32_t number, int signal,
                               const siginfo_t *info)
{
    struct pid *group = pid_find_locked(number);
    struct process *member;
    int result = -ESRCH;

    if (!group)
        return -ESRCH;
    list_for_each (member, &group->group, group_link) {
        int err = signal_one_locked(member, signal, info);
        if (result != 0)
            result = err;
    }
    return result;
}

static int signal_all_locked(int signal, const siginfo_t *info)
    MUST_HOLD(process_tree_lock);
static int signal_all_locked(int signal, const siginfo_t *info)
{
    struct process *target;
    int result = -ESRCH;

    list_for_each (target, &process_list, all_link) {
        if (target == init_process || target == process_current())
            continue;
        int err = signal_one_locked(target, signal, info);
        if (result != 0)
            result = err;
    }
    return result;
}

static siginfo_t info_from_caller(int signal, int code)
{
    struct process *p = process_current();
    siginfo_t info = { .si_signo = signal, .si_code = code };

    info.si_pid = p->pid;
    info.si_uid = p->credentials.uid;
    return info;
}

int signal_kill(int32_t pid, int signal)
{
    int result;

    if (pid == INT32_MIN)
        return -ESRCH;
    siginfo_t info = info_from_caller(signal, SI_USER);
    spin_lock(&process_tree_lock);
    if (pid > 0) {
        struct thread *t = thread_find_locked(pid); /* any will do */
        result = t ? signal_one_locked(t->process, signal, &info) : -ESRCH;
    } else if (pid == -1) {
        result = signal_all_locked(signal, &info);
    } else {
        int32_t group = pid == 0 ? process_current()->group->number : -pid;
        result = signal_group_locked(group, signal, &info);
    }
    spin_unlock(&process_tree_lock);
    return result;
}

int signal_kill_thread(int32_t pid, int32_t tid, int signal)
{
    int result = -ESRCH;

    if (tid <= 0 || pid < 0)
        return -EINVAL;
    siginfo_t info = info_from_caller(signal, SI_TKILL);
    spin_lock(&process_tree_lock);
    struct thread *t = thread_find_locked(tid);
    if (t && (pid == 0 || t->process->pid == pid)) {
        result = check_signal_locked(t->process, signal);
        if (result == 0 && signal != 0)
            result = signal_queue_thread(t->process, t, signal, &info);
    }
    spin_unlock(&process_tree_lock);
    return result;
}

int signal_queue(int32_t pid, int32_t tid, int signal, siginfo_t *info)
{
    int result = -ESRCH;

    if ((info->si_code >= 0 || info->si_code == SI_TKILL) &&
        thread_current()->tid != (tid ? tid : pid))
        return -EPERM;
    info->si_signo = signal;
    spin_lock(&process_tree_lock);
    struct thread *t = thread_find_locked(tid ? tid : pid);
    if (t && (tid == 0 || t->process->pid == pid)) {
        result = check_signal_locked(t->process, signal);
        if (result == 0 && signal != 0)
            result = tid ? signal_queue_thread(t->process, t, signal, info)
                         : signal_queue_process(t->process, signal, info);
    }
    spin_unlock(&process_tree_lock);
    return result;
}

int signal_send_group(int32_t number, int signal)
{
    struct process *member;
    int result = -ESRCH;

    spin_lock(&process_tree_lock);
    struct pid *group = pid_find_locked(number);
    if (group) {
        list_for_each (member, &group->group, group_link) {
            signal_send_process(member, signal, NULL);
            result = 0;
        }
    }
    spin_unlock(&process_tree_lock);
    return result;
}
