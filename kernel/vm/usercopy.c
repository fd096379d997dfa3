/*
 * vm/usercopy.c - checks around the copies of usercopy_asm.S.
 *
 * A user address is trusted for nothing but lying in the user half; whether it
 * is mapped is found out by touching it.  The page-fault handler repairs what
 * it can (demand paging, copy-on-write); otherwise trap.c resumes at the fixup
 * that usercopy_fixup() names, and the copy comes back short.
 */
#include "vm/usercopy.h"

#include "abi/errno.h"
#include "core/panic.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "x86/pte.h"

/* Exception table, sorted by the linker in the order of usercopy_asm.S. */
struct extable_entry {
    vaddr_t ip, fixup;
};
extern const struct extable_entry __extable_start[], __extable_end[];

size_t usercopy_raw(void *to, const void *from, size_t n);
size_t userclear_raw(void *to, size_t n);
size_t userload_raw(uint32_t *value, const uint32_t *from);
size_t userswap_raw(uint32_t *word, uint32_t *expected, uint32_t value);
int64_t userstring_raw(char *to, const char *from, size_t n);

vaddr_t usercopy_fixup(vaddr_t ip)
{
    for (const struct extable_entry *e = __extable_start; e < __extable_end;
         e++)
        if (e->ip == ip)
            return e->fixup;
    return 0;
}

bool user_range_ok(const void __user *addr, size_t n)
{
    vaddr_t start = (vaddr_t)addr;

    return start <= USER_END && n <= USER_END - start;
}

/* Page faults may come: nothing may be held that they need. */
static void assert_may_fault(void)
{
    if (CONFIG_LOCKCHECK)
        lockcheck_might_sleep();
    assert(this_cpu->spin_depth == 0);
}

size_t copy_from_user_partial(void *to, const void __user *from, size_t n)
{
    assert_may_fault();
    if (!user_range_ok(from, n))
        return n;
    return usercopy_raw(to, (const void *)(vaddr_t)from, n);
}

size_t copy_to_user_partial(void __user *to, const void *from, size_t n)
{
    assert_may_fault();
    if (!user_range_ok(to, n))
        return n;
    return usercopy_raw((void *)(vaddr_t)to, from, n);
}

int copy_from_user(void *to, const void __user *from, size_t n)
{
    return copy_from_user_partial(to, from, n) == 0 ? 0 : -EFAULT;
}

int copy_to_user(void __user *to, const void *from, size_t n)
{
    return copy_to_user_partial(to, from, n) == 0 ? 0 : -EFAULT;
}

size_t copy_from_user_nofault(void *to, const void __user *from, size_t n)
{
    struct thread *t = thread_current();

    if (!user_range_ok(from, n))
        return n;
    t->faults_disabled = true;
    size_t left = usercopy_raw(to, (const void *)(vaddr_t)from, n);
    t->faults_disabled = false;
    return left;
}

size_t copy_to_user_nofault(void __user *to, const void *from, size_t n)
{
    struct thread *t = thread_current();

    if (!user_range_ok(to, n))
        return n;
    t->faults_disabled = true;
    size_t left = usercopy_raw((void *)(vaddr_t)to, from, n);
    t->faults_disabled = false;
    return left;
}

int user_load_nofault(uint32_t *value, const uint32_t __user *word)
{
    struct thread *t = thread_current();

    if (!user_range_ok(word, sizeof(*word)))
        return -EFAULT;
    t->faults_disabled = true;
    size_t left = userload_raw(value, (const uint32_t *)(vaddr_t)word);
    t->faults_disabled = false;
    return left == 0 ? 0 : -EFAULT;
}

int user_swap_nofault(uint32_t __user *word, uint32_t *expected, uint32_t value)
{
    struct thread *t = thread_current();

    if (!user_range_ok(word, sizeof(*word)))
        return -EFAULT;
    t->faults_disabled = true;
    size_t left = userswap_raw((uint32_t *)(vaddr_t)word, expected, value);
    t->faults_disabled = false;
    return left == 0 ? 0 : -EFAULT;
}

int user_fault_in(const void __user *addr, size_t n, uint32_t access)
{
    struct address_space *as = thread_current()->space;
    vaddr_t va = (vaddr_t)addr;

    if (n == 0)
        return 0;
    if (!user_range_ok(addr, n))
        return -EFAULT;
    for (vaddr_t page = ALIGN_DOWN(va, PAGE_SIZE); page < va + n;
         page += PAGE_SIZE) {
        uint64_t error = PF_USER | (access == VM_WRITE ? PF_WRITE : 0);
        enum fault_result result;
        do
            result = vm_fault(as, page, error, 0, false);
        while (result == FAULT_NOMEM && vm_out_of_memory());
        if (result != FAULT_OK)
            return page <= va ? -EFAULT : 0;
        if (thread_has_flag(thread_current(), THREAD_KILLED))
            return 0;
        sched_point();
    }
    return 0;
}

int64_t copy_string_from_user(char *to, const char __user *from, size_t size)
{
    size_t room = size;

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

int clear_user(void __user *to, size_t n)
{
    assert_may_fault();
    if (!user_range_ok(to, n))
        return -EFAULT;
    return userclear_raw((void *)(vaddr_t)to, n) == 0 ? 0 : -EFAULT;
}
