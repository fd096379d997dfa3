/*
 * sched/policy.c - the list of policies, and the choice at boot.
 */
#include "sched/policy.h"

#include "base/string.h"
#include "core/boot_info.h"
#include "core/printk.h"

const struct sched_policy *sched_policy = &policy_eevdf;

const struct sched_policy *const sched_policies[] = {
    &policy_eevdf,   &policy_rr,       &policy_fcfs,
    &policy_sjf,     &policy_priority, &policy_mlfq,
    &policy_lottery, &policy_stride,   NULL,
};

void sched_policy_init(void)
{
    char name[16];

    if (!boot_option_value("sched=", name, sizeof(name)))
        return;
    for (unsigned i = 0; sched_policies[i]; i++) {
        if (strcmp(sched_policies[i]->name, name) == 0) {
            sched_policy = sched_policies[i];
            return;
        }
    }
    printk("sched: there is no policy \"%s\", taking %s\n", name,
           sched_policy->name);
}
