/*
 * A string may begin in the kernel's half.
 *
 * file: kernel/vm/usercopy.c
 * of: copy_string_from_user@26e92f9b88c2
 * loses: kernel-stays-closed
 */
int64_t copy_string_from_user(char *to, const char __user *from, size_t size)
{
    size_t room = size;

    assert_may_fault();
    int64_t n = userstring_raw(to, (const char *)(vaddr_t)from, room);
    if (n < 0)
        return -EFAULT;
    if ((size_t)n < room)
        return n;
    return room < size ? -EFAULT : -ENAMETOOLONG;
}
