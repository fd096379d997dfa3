/*
 * Signals of faults wait for lower numbers.
 *
 * file: kernel/proc/signal.c
 * of: first_of@257a74fb468c
 * loses: faults-come-first
 */
static int first_of(uint64_t set)
{
    uint64_t faults = set & SIGNALS_OF_FAULTS;

    return __builtin_ctzl(set) + 1;
}
