/*
 * proc/usage.c - accounting read from threads and address spaces.
 *
 * Idea:  run time is exact (sched/ takes the clock at each switch); the timer's
 *        ticks only say in which proportion it was spent in user mode, as on
 *        Linux without CONFIG_VIRT_CPU_ACCOUNTING.
 * Locks: process->lock for the address space; counters are read as they are.
 */
#include "proc/usage.h"

#include "base/string.h"
#include "proc/process.h"
#include "proc/threads.h"
#include "x86/clock.h"

/* ns * part / whole without overflow. */
static uint64_t scale(uint64_t ns, uint64_t part, uint64_t whole)
{
    return ns / whole * part + ns % whole * part / whole;
}

/* How much of the run time was spent in the kernel. */
static uint64_t system_part(const struct thread_usage *u)
{
    uint64_t ticks = u->user_ticks + u->kernel_ticks;

    return ticks ? scale(u->run_ns, u->kernel_ticks, ticks) : 0;
}

/* The proportion of the ticks may fall, but neither time may go back. */
void process_times(struct process *p, uint64_t *user_ns, uint64_t *system_ns)
{
    spin_lock(&p->lock);
    struct thread_usage u = threads_usage_locked(p);
    uint64_t run = u.run_ns, system = system_part(&u);
    if (run > p->told_user_ns + p->told_system_ns) {
        system = MAX(system, p->told_system_ns);
        p->told_system_ns = MIN(system, run - p->told_user_ns);
        p->told_user_ns = run - p->told_system_ns;
    }
    *user_ns = p->told_user_ns;
    *system_ns = p->told_system_ns;
    spin_unlock(&p->lock);
}

static struct timeval timeval_of(uint64_t ns)
{
    return (struct timeval){
        .tv_sec = (long)(ns / NSEC_PER_SEC),
        .tv_usec = (long)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
    };
}

static uint64_t peak_pages(struct process *p)
{
    spin_lock(&p->lock);
    uint64_t peak =
        p->space ? MAX(p->peak_rss, as_peak_rss(p->space)) : p->peak_rss;
    spin_unlock(&p->lock);
    return peak;
}

static void fill_usage(struct rusage *out, const struct thread_usage *u,
                       uint64_t user_ns, uint64_t system_ns, uint64_t pages)
{
    memset(out, 0, sizeof(*out));
    out->ru_utime = timeval_of(user_ns);
    out->ru_stime = timeval_of(system_ns);
    out->ru_maxrss = (long)(pages * (PAGE_SIZE / 1024));
    out->ru_minflt = (long)u->min_faults;
    out->ru_majflt = (long)u->maj_faults;
    out->ru_nvcsw = (long)u->voluntary;
    out->ru_nivcsw = (long)u->involuntary;
}

void process_usage(struct process *p, struct rusage *out)
{
    uint64_t user_ns, system_ns;

    process_times(p, &user_ns, &system_ns);
    spin_lock(&p->lock);
    struct thread_usage u = threads_usage_locked(p);
    spin_unlock(&p->lock);
    fill_usage(out, &u, user_ns, system_ns, peak_pages(p));
}

void thread_usage(const struct thread *t, struct rusage *out)
{
    struct thread_usage u = threads_usage_of(t);
    uint64_t system_ns = system_part(&u);

    fill_usage(out, &u, u.run_ns - system_ns, system_ns,
               peak_pages(t->process));
}

void process_children_usage(struct process *p, struct rusage *out)
{
    spin_lock(&process_tree_lock);
    *out = p->children_usage;
    spin_unlock(&process_tree_lock);
}

static void timeval_add(struct timeval *sum, const struct timeval *more)
{
    sum->tv_sec += more->tv_sec;
    sum->tv_usec += more->tv_usec;
    if (sum->tv_usec >= 1000000) {
        sum->tv_usec -= 1000000;
        sum->tv_sec++;
    }
}

void usage_add(struct rusage *sum, const struct rusage *more)
{
    timeval_add(&sum->ru_utime, &more->ru_utime);
    timeval_add(&sum->ru_stime, &more->ru_stime);
    sum->ru_maxrss = MAX(sum->ru_maxrss, more->ru_maxrss);
    sum->ru_minflt += more->ru_minflt;
    sum->ru_majflt += more->ru_majflt;
    sum->ru_nvcsw += more->ru_nvcsw;
    sum->ru_nivcsw += more->ru_nivcsw;
}
