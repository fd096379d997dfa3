/*
 * Where the bytes come from is not looked at.
 *
 * file: kernel/vm/usercopy.c
 * of: copy_from_user_partial@9fc3aeac160b
 * loses: kernel-stays-closed
 */
size_t copy_from_user_partial(void *to, const void __user *from, size_t n)
{
    assert_may_fault();
    return usercopy_raw(to, (const void *)(vaddr_t)from, n);
}
