/*
 * The last bytes, fewer than eight, stay behind.
 *
 * file: kernel/vm/usercopy.c
 * of: copy_from_user_partial@9fc3aeac160b
 * loses: copy-in
 */
size_t copy_from_user_partial(void *to, const void __user *from, size_t n)
{
    assert_may_fault();
    if (!user_range_ok(from, n))
        return n;
    usercopy_raw(to, (const void *)(vaddr_t)from, n < 8 ? n : n & ~7ul);
    return 0;
}
