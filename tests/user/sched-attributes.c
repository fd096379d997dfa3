/*
 * sched_setattr and sched_getattr: policy, nice value and priority in one
 * structure, whose size tells the versions of both sides apart.
 *
 * Bad input: sizes below the first version, beyond a page, with something
 * behind what the kernel knows (E2BIG, and the kernel's size is written back);
 * flags, policies, priorities that are none; pointers at the edge of memory.
 *
 * smp: 1 2 4
 */
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/scheduling.h"

enum { FIRST_SIZE = 48, SECOND_SIZE = 56 };

static long set(uint32_t policy, uint64_t flags, int32_t nice,
                uint32_t priority)
{
    const struct attributes a = { .size = sizeof(a),
                                  .policy = policy,
                                  .flags = flags,
                                  .nice = nice,
                                  .priority = priority };
    return set_attributes(0, &a, 0);
}

static struct attributes get(void)
{
    struct attributes a;
    memset(&a, 0x55, sizeof(a));
    NEED(get_attributes(0, &a, sizeof(a), 0) == 0);
    return a;
}

static bool are(uint32_t policy, uint64_t flags, int32_t nice,
                uint32_t priority)
{
    struct attributes a = get();
    bool same = a.policy == policy && a.flags == flags && a.nice == nice &&
                a.priority == priority;
    if (!same) {
        check_note("policy %u flags %lx nice %d priority %u", a.policy,
                   (unsigned long)a.flags, a.nice, a.priority);
    }
    return same;
}

static void check_values(void)
{
    static const int nices[] = { -20, -1, 0, 1, 19 };
    for (size_t i = 0; i < ARRAY_LENGTH(nices); i++) {
        CHECK_EQ(set(SCHED_OTHER, 0, nices[i], 0), 0, "nice %d", nices[i]);
        CHECK(are(SCHED_OTHER, 0, nices[i], 0), "it is set");
        CHECK_EQ(nice_of(0), nices[i], "getpriority agrees");
        CHECK_EQ(set(SCHED_BATCH, 0, nices[i], 0), 0, "BATCH, too");
        CHECK(are(SCHED_BATCH, 0, nices[i], 0), "it is set");
    }
    CHECK_EQ(set(SCHED_OTHER, 0, 100, 0), 0, "too nice is cut");
    CHECK(are(SCHED_OTHER, 0, 19, 0), "to 19");
    CHECK_EQ(set(SCHED_OTHER, 0, INT_MIN, 0), 0, "too little as well");
    CHECK(are(SCHED_OTHER, 0, -20, 0), "to -20");
    CHECK_EQ(set(SCHED_FIFO, 0, 7, 99), 0, "FIFO");
    CHECK(are(SCHED_FIFO, 0, 0, 99), "does not tell a nice value");
    CHECK_EQ(nice_of(0), -20, "but keeps the one there was");
    CHECK_EQ(set(SCHED_RR, 0, 7, 1), 0, "RR");
    CHECK(are(SCHED_RR, 0, 0, 1), "it is set");
    CHECK_EQ(set(SCHED_IDLE, 0, 7, 0), 0, "IDLE");
    CHECK(are(SCHED_IDLE, 0, -20, 0), "keeps the nice value");
    CHECK_EQ(set(SCHED_OTHER, 0, 3, 0), 0, "back");
    CHECK(are(SCHED_OTHER, 0, 3, 0), "with a nice value");
    set_normal();
}

static void check_flags(void)
{
    CHECK_EQ(set(SCHED_RR, FLAG_RESET, 0, 4), 0, "RESET_ON_FORK");
    CHECK(are(SCHED_RR, FLAG_RESET, 0, 4), "is seen");
    CHECK_EQ(get_policy(0), SCHED_RR | SCHED_RESET_ON_FORK, "both ways");
    CHECK_EQ(set(SCHED_RR, 0, 0, 4), 0, "cleared");
    CHECK_EQ(get_policy(0), SCHED_RR, "both ways");
    CHECK_EQ(set(SCHED_OTHER, FLAG_KEEP_POLICY, 0, 5), 0, "KEEP_POLICY");
    CHECK(are(SCHED_RR, 0, 0, 5), "changes the priority");
    CHECK_EQ(set(SCHED_OTHER, FLAG_KEEP_POLICY, 0, 0), -EINVAL,
             "which must suit the policy");
    CHECK_EQ(set(SCHED_RR, FLAG_KEEP_PARAMS, 0, 77), 0, "KEEP_PARAMS");
    CHECK(are(SCHED_RR, 0, 0, 5), "changes no priority");
    CHECK_EQ(set(SCHED_RR, FLAG_KEEP_PARAMS | FLAG_RESET, 0, 77), 0,
             "but this flag");
    CHECK(are(SCHED_RR, FLAG_RESET, 0, 5), "is set");
    CHECK_EQ(set(100, FLAG_KEEP_POLICY | FLAG_KEEP_PARAMS, 9, 9), 0,
             "with both kept the policy is not looked at");
    CHECK(are(SCHED_RR, FLAG_RESET, 0, 5), "nothing changes");
    CHECK_EQ(set(SCHED_FIFO, FLAG_KEEP_PARAMS | FLAG_RESET, 0, 9), 0,
             "KEEP_PARAMS keeps the policy, too");
    CHECK(are(SCHED_RR, FLAG_RESET, 0, 5), "nothing changes");
    CHECK_EQ(set(SCHED_OTHER, FLAG_KEEP_PARAMS | FLAG_RESET, 0, 0), -EINVAL,
             "but policy and priority must suit");
    set_normal();
    CHECK_EQ(set(SCHED_FIFO, FLAG_KEEP_PARAMS, 0, 5), 0, "out of OTHER");
    CHECK_EQ(set(SCHED_FIFO, FLAG_KEEP_PARAMS, 0, 0), -EINVAL, "priority 0");
    CHECK_EQ(set(SCHED_OTHER, FLAG_KEEP_PARAMS, 9, 0), 0, "KEEP_PARAMS");
    CHECK(are(SCHED_OTHER, 0, 0, 0), "keeps the nice value");
    for (int bit = 7; bit < 64; bit++) {
        CHECK_EQ(set(SCHED_OTHER, 1ul << bit, 9, 0), -EINVAL, "flag %d", bit);
    }
    CHECK_EQ(set(SCHED_OTHER, 2 | 4, 0, 0), 0,
             "flags of SCHED_DEADLINE do no harm");
    CHECK(are(SCHED_OTHER, 0, 0, 0), "nothing has changed");
}

static void check_bad_values(void)
{
    static const uint32_t policies[] = { 4,       8,           100,
                                         INT_MAX, 0x80000000u, 0xffffffffu };
    static const uint32_t priorities[] = { 100, 1000, INT_MAX, 0x80000000u,
                                           0xffffffffu };
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        CHECK_EQ(set(policies[i], 0, 0, 0), -EINVAL, "policy %u", policies[i]);
    }
    CHECK_EQ(set(0xffffffffu, FLAG_KEEP_POLICY, 0, 0), -EINVAL,
             "a negative one also with KEEP_POLICY");
    CHECK_EQ(set(SCHED_RR | SCHED_RESET_ON_FORK, 0, 0, 1), -EINVAL,
             "the flag of the older call is no policy");
    for (size_t i = 0; i < ARRAY_LENGTH(priorities); i++) {
        CHECK_EQ(set(SCHED_RR, 0, 0, priorities[i]), -EINVAL, "priority %u",
                 priorities[i]);
        CHECK_EQ(set(SCHED_OTHER, 0, 0, priorities[i]), -EINVAL, "OTHER, too");
    }
    CHECK_EQ(set(SCHED_FIFO, 0, 0, 0), -EINVAL, "FIFO without priority");
    CHECK_EQ(set(SCHED_BATCH, 0, 0, 1), -EINVAL, "BATCH with one");
    CHECK_EQ(set(SCHED_IDLE, 0, 0, 1), -EINVAL, "IDLE with one");
    CHECK(are(SCHED_OTHER, 0, 0, 0), "nothing has changed");
}

/* -- sizes ------------------------------------------------------------------ */

static uint32_t room[2 * PAGE / 4] __attribute__((aligned(4096)));

static long set_size(uint32_t size, size_t dirty)
{
    struct attributes a = { .size = size, .policy = SCHED_OTHER, .nice = 2 };
    memset(room, 0, sizeof(room));
    memcpy(room, &a, sizeof(a));
    if (dirty != 0) {
        ((char *)room)[dirty] = 1;
    }
    set_normal();
    return set_attributes(0, room, 0);
}

static void check_sizes_in(void)
{
    static const uint32_t good[] = { 0,  FIRST_SIZE, SECOND_SIZE, 57,
                                     64, 4095,       PAGE };
    static const uint32_t bad[] = { 1,       4,           47,         PAGE + 1,
                                    INT_MAX, 0x80000000u, 0xffffffffu };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        CHECK_EQ(set_size(good[i], 0), 0, "size %u", good[i]);
        CHECK_EQ(nice_of(0), 2, "it is set");
        CHECK_EQ(room[0], good[i], "the size stays");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(set_size(bad[i], 0), -E2BIG, "size %u", bad[i]);
        CHECK_EQ(nice_of(0), 0, "nothing is set");
        CHECK_EQ(room[0], SECOND_SIZE, "the kernel tells its own");
    }
    CHECK_EQ(set_size(64, 56), -E2BIG, "something behind the kernel's");
    CHECK_EQ(room[0], SECOND_SIZE, "the kernel tells its own");
    CHECK_EQ(set_size(PAGE, PAGE - 1), -E2BIG, "at the end of the page");
    CHECK_EQ(set_size(64, 64), 0, "something behind the structure");
    CHECK_EQ(set_size(FIRST_SIZE, 50), 0, "clamps behind the first version");
    set_normal();
}

static void check_sizes_out(void)
{
    struct attributes a;
    static const unsigned bad[] = { 0, 1, 47, PAGE + 1, INT_MAX, 0xffffffffu };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(get_attributes(0, room, bad[i], 0), -EINVAL, "size %u",
                 bad[i]);
    }
    memset(&a, 0x55, sizeof(a));
    CHECK_EQ(get_attributes(0, &a, FIRST_SIZE, 0), 0, "first version");
    CHECK_EQ(a.size, FIRST_SIZE, "it says its size");
    CHECK_EQ(a.least, 0x55555555, "and writes no more");
    memset(room, 0x55, sizeof(room));
    CHECK_EQ(get_attributes(0, room, PAGE, 0), 0, "a later version");
    CHECK_EQ(room[0], SECOND_SIZE, "the kernel tells its own");
    CHECK_EQ(room[PAGE / 4], 0x55555555, "and writes no more than is asked");
    CHECK_EQ(get_attributes(0, room, sizeof(a), 1), -EINVAL, "flags");
    CHECK_EQ(set_attributes(0, &a, 1), -EINVAL, "flags of the other");
    CHECK_EQ(set_attributes(0, &a, 0x80000000u), -EINVAL, "the last flag");
}

static void check_pointers(void)
{
    CHECK_EQ(set_attributes(0, NULL, 0), -EINVAL, "setattr, no pointer");
    CHECK_EQ(get_attributes(0, NULL, 56, 0), -EINVAL, "getattr");
    for (size_t i = 0; i < badptr_count(); i++) {
        const char *name = badptr_name(i);
        CHECK_EQ(set_attributes(0, badptr(i), 0), -EFAULT, "setattr with %s",
                 name);
        CHECK_EQ(get_attributes(0, badptr(i), 56, 0), -EFAULT,
                 "getattr with %s", name);
    }
    char *end = badptr_page_before_hole() + PAGE;
    memset(end - 64, 0, 64);
    CHECK_EQ(set_attributes(0, end - 48, 0), 0, "size 0 means the first");
    *(uint32_t *)(void *)(end - 48) = SECOND_SIZE;
    CHECK_EQ(set_attributes(0, end - 48, 0), -EFAULT, "beyond the page");
    *(uint32_t *)(void *)(end - 56) = 64;
    CHECK_EQ(set_attributes(0, end - 56, 0), -EFAULT,
             "what should be zero cannot be read");
    CHECK_EQ(get_attributes(0, end - 48, 48, 0), 0, "the last bytes");
    CHECK_EQ(get_attributes(0, end - 47, 48, 0), -EFAULT, "beyond");
    uint32_t *word = (void *)badptr_read_only_page(0);
    CHECK_EQ(set_attributes(0, word, 0), 0, "setattr may read");
    CHECK_EQ(get_attributes(0, word, 48, 0), -EFAULT, "getattr must write");
    word = (void *)badptr_read_only_page(1);
    CHECK_EQ(set_attributes(0, word, 0), -E2BIG,
             "the size need not be written back");
}

static void check_numbers(void)
{
    struct attributes a = { .size = sizeof(a), .policy = 100, .flags = ~0ul };
    CHECK_EQ(set_attributes(-1, &a, 0), -EINVAL, "setattr of -1");
    CHECK_EQ(get_attributes(-1, &a, 56, 0), -EINVAL, "getattr of -1");
    CHECK_EQ(set_attributes(NO_SUCH_TID, &a, 0), -ESRCH,
             "setattr of nobody, before policy and flags");
    CHECK_EQ(get_attributes(NO_SUCH_TID, badptr(0), 56, 0), -ESRCH,
             "getattr of nobody, before the address");
    pid_t pid = start_sleeper(0);
    a = (struct attributes){ .size = 56, .policy = SCHED_RR, .priority = 8 };
    CHECK_EQ(set_attributes(pid, &a, 0), 0, "of another process");
    CHECK_EQ(get_attributes(pid, &a, 56, 0), 0, "ask for it");
    CHECK(a.policy == SCHED_RR && a.priority == 8, "it is set");
    CHECK(are(SCHED_OTHER, 0, 0, 0), "not of this one");
    end_sleeper(pid);
}

int main(void)
{
    check_start();
    set_normal();
    check_values();
    check_flags();
    check_bad_values();
    check_sizes_in();
    check_sizes_out();
    check_pointers();
    check_numbers();
    return check_done();
}
