/*
 * Wrapping is refused, the kernel's half is not.
 *
 * file: kernel/vm/usercopy.c
 * of: user_range_ok@18fcc7113e7c
 * loses: kernel-stays-closed
 */
bool user_range_ok(const void __user *addr, size_t n)
{
    vaddr_t start = (vaddr_t)addr;

    return start + n >= start;
}
