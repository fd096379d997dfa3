/*
 * The longest string that has room is refused.
 *
 * file: kernel/vm/usercopy.c
 * of: copy_string_from_user@26e92f9b88c2
 * loses: strings
 */
int64_t copy_string_from_user(char *to, const char __user *from, size_t size)
{
    size_t room = size - 1;

    assert_may_fault();
    if (!user_range_ok(from, 1))
        return -EFAULT;
    room = MIN(room, USER_END - (vaddr_t)from);
    int64_t n = userstring_raw(to, (const char *)(vaddr_t)from, room);
    if (n < 0)
        return -EFAULT;
    if ((size_t)n < room)
        return n;
    return room < size ? -EFAULT : -ENAMETOOLONG;
}
