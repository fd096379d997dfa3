/*
 * A page that is only read gets a frame of its own.
 *
 * file: kernel/vm/fault.c
 * of: map_zero@cdb42b69dbd7
 * loses: reading-costs-no-memory
 */
static enum fault_result map_zero(struct fault_place *at)
{
    return fill_zero(at);
}
