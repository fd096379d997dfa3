/*
 * Whoever reads first may write into everybody's zeroes.
 *
 * file: kernel/vm/fault.c
 * of: map_zero@cdb42b69dbd7
 * loses: reading-costs-no-memory
 */
static enum fault_result map_zero(struct fault_place *at)
{
    if (!make_pte(at))
        return FAULT_NOMEM;
    *at->pte = frame_phys(zero_frame) | pte_user_bits(at->region->prot) |
               (at->region->prot & VM_WRITE ? PTE_WRITE : 0);
    return FAULT_OK;
}
