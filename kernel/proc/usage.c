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
#include "x86/clock.h"

/* ns * part / whole without overflow. */
static uint64_t scale(uint64_t ns, uint64_t part, uint64_t whole)
{
    return ns / whole * part + ns % whole * part / whole;
}

/* The proportion of the ticks may fall, but neither time may go back. */
void process_times(struct process *p, uint64_t *user_ns, uint64_t *system_ns)
{
    const struct thread *t = p->leader;
    uint64_t run = thread_run_ns(t);
    uint64_t ticks = t->user_ticks + t->kernel_ticks;
    uint64_t system = ticks ? scale(run, t->kernel_ticks, ticks) : 0;

    spin_lock(&p->lock);
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

void process_usage(struct process *p, struct rusage *out)
{
    const struct thread *t = p->leader;
    uint64_t user_ns, system_ns;

    memset(out, 0, sizeof(*out));
    process_times(p, &user_ns, &system_ns);
    out->ru_utime = timeval_of(user_ns);
    out->ru_stime = timeval_of(system_ns);
    out->ru_maxrss = (long)(peak_pages(p) * (PAGE_SIZE / 1024));
    out->ru_minflt = (long)t->min_faults;
    out->ru_majflt = (long)t->maj_faults;
    out->ru_nvcsw = (long)t->switches_voluntary;
    out->ru_nivcsw = (long)t->switches_involuntary;
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
