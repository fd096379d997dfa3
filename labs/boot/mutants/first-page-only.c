/*
 * What lies on the next page is not copied.
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
    size_t here = MIN(n, PAGE_SIZE - (vaddr_t)from % PAGE_SIZE);

    return usercopy_raw(to, (const void *)(vaddr_t)from, here);
}
