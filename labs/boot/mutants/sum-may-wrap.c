/*
 * The end of the range is computed, and may come out small.
 *
 * file: kernel/vm/usercopy.c
 * of: user_range_ok@18fcc7113e7c
 * loses: ranges-that-wrap
 */
bool user_range_ok(const void __user *addr, size_t n)
{
    vaddr_t start = (vaddr_t)addr;

    return start + n <= USER_END;
}
