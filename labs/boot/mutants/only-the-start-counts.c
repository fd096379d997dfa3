/*
 * Only the first address is looked at.
 *
 * file: kernel/vm/usercopy.c
 * of: user_range_ok@18fcc7113e7c
 * loses: ranges-that-wrap top-of-user-space
 */
bool user_range_ok(const void __user *addr, size_t n)
{
    vaddr_t start = (vaddr_t)addr;

    return start < USER_END && (n == n);
}
