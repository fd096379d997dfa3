/*
 * The last byte of the user's half may not be used.
 *
 * file: kernel/vm/usercopy.c
 * of: user_range_ok@18fcc7113e7c
 * loses: top-of-user-space
 */
bool user_range_ok(const void __user *addr, size_t n)
{
    vaddr_t start = (vaddr_t)addr;

    return start <= USER_END && n < USER_END - start;
}
