/*
 * set_robust_list: locks of a process that ends, is killed or executes are
 * marked and one waiter wakes; lists that lie harm nobody.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/futex.h"
#include "common/raw.h"

/* A lock as a C library makes it: the link, and the word at some distance. */
struct lock {
    struct robust_list link;
    volatile uint32_t word;
};

enum { LOCKS = 3000, LIMIT = 2048, OFFSET = offsetof(struct lock, word) };

/* Shared with the children. */
static struct shared {
    struct robust_list_head head;
    volatile uint32_t ready, turn;
    struct lock locks[LOCKS];
} * s;

static uint32_t me(void)
{
    return (uint32_t)getpid();
}

static long set_list(const void *head, size_t bytes)
{
    return RAW2(SYS_set_robust_list, head, bytes);
}

/* Own locks[0 .. n), all in the list, which ends well. */
static void own(int n)
{
    struct robust_list *link = &s->head.list;
    s->head.futex_offset = OFFSET;
    s->head.list_op_pending = NULL;
    for (int i = 0; i < n; i++) {
        s->locks[i].word = me();
        link->next = &s->locks[i].link;
        link = link->next;
    }
    link->next = &s->head.list;
    NEED(set_list(&s->head, sizeof(s->head)) == 0);
}

static int count_marked(int n)
{
    int marked = 0;
    for (int i = 0; i < n; i++) {
        marked += s->locks[i].word == FUTEX_OWNER_DIED;
    }
    return marked;
}

static void reset(void)
{
    memset(s, 0, sizeof(*s));
}

static void check_arguments(void)
{
    struct robust_list_head *head = (void *)1;
    size_t length = 0;
    CHECK_EQ(set_list(&s->head, 23), -EINVAL, "set, 23 bytes");
    CHECK_EQ(set_list(&s->head, 0), -EINVAL, "set, 0 bytes");
    CHECK_EQ(set_list(badptr(0), 24), 0, "set looks at no address");
    CHECK_EQ(RAW3(SYS_get_robust_list, 0, &head, &length), 0, "get");
    CHECK(head == badptr(0) && length == 24, "what was set");
    CHECK_EQ(set_list(&s->head, 24), 0, "set");
    CHECK_EQ(RAW3(SYS_get_robust_list, getpid(), &head, &length), 0, "get");
    CHECK(head == &s->head, "by number");
    CHECK_EQ(RAW3(SYS_get_robust_list, 0x3ffffff0, &head, &length), -ESRCH,
             "of nobody");
    CHECK_EQ(RAW3(SYS_get_robust_list, -1, &head, &length), -ESRCH, "of -1");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW3(SYS_get_robust_list, 0, badptr(i), &length), -EFAULT,
                 "list to %s", badptr_name(i));
        CHECK_EQ(RAW3(SYS_get_robust_list, 0, &head, badptr(i)), -EFAULT,
                 "length to %s", badptr_name(i));
    }
    CHECK_EQ(set_list(NULL, 24), 0, "set to none");
}

/* Past the C library, which may set a list of its own in the child. */
static int fork_without_list(void)
{
    struct robust_list_head *head = (void *)1;
    size_t length;
    int status = -1;
    long pid = raw_call(SYS_fork, 0, 0, 0, 0, 0, 0);
    if (pid == 0) {
        bool none =
            RAW3(SYS_get_robust_list, 0, &head, &length) == 0 && head == NULL;
        raw_call(SYS_exit_group, none ? 0 : 1, 0, 0, 0, 0, 0);
    }
    waitpid((pid_t)pid, &status, 0);
    return status;
}

static int child_asks_for_init(void *unused)
{
    struct robust_list_head *head;
    size_t length;
    (void)unused;
    if (setgid(65534) != 0 || setuid(65534) != 0) {
        return 1;
    }
    return RAW3(SYS_get_robust_list, 1, &head, &length) == -EPERM ? 0 : 2;
}

static void check_whose(void)
{
    reset();
    own(0);
    CHECK_EQ(fork_without_list(), 0, "a child starts without a list");
    if (getuid() == 0) {
        CHECK_EXITS(child_asks_for_init, NULL, 0, "another user's list");
    }
    set_list(NULL, 24);
}

static int child_owns_three(void *how)
{
    own(3);
    s->locks[1].word |= FUTEX_WAITERS;
    if (how) {
        kill(getpid(), SIGKILL);
    }
    return 0;
}

static int child_waits(void *index)
{
    volatile uint32_t *word = &s->locks[(long)index].word;
    return futex(word, FUTEX_WAIT, *word, NULL, NULL, 0) == 0 ? 0 : 1;
}

static void check_ends(void)
{
    for (long how = 0; how < 2; how++) {
        reset();
        pid_t waiters[2];
        for (int i = 0; i < 2; i++) {
            waiters[i] = child_start(child_waits, (void *)1);
            NEED(futex_await(&s->locks[1].word, i + 1));
        }
        int status = child_run(child_owns_three, (void *)how);
        CHECK_EQ(status, how ? SIGKILL : 0, "ended");
        CHECK_EQ(s->locks[0].word, FUTEX_OWNER_DIED, "first");
        CHECK_EQ(s->locks[1].word, FUTEX_OWNER_DIED | FUTEX_WAITERS,
                 "second, with waiters");
        CHECK_EQ(s->locks[2].word, FUTEX_OWNER_DIED, "third");
        CHECK_EQ(futex_waiters(&s->locks[1].word), 1, "one has been woken");
        CHECK_EQ(child_wait(waiters[0]), 0, "the first");
        futex(&s->locks[1].word, FUTEX_WAKE, 1, NULL, NULL, 0);
        CHECK_EQ(child_wait(waiters[1]), 0, "then the other one");
    }
}

static int child_owns_some(void *unused)
{
    (void)unused;
    own(5);
    s->locks[1].word = me() + 1;             /* somebody else's */
    s->locks[2].word = 0;                    /* free */
    s->locks[3].word = FUTEX_OWNER_DIED | 1; /* somebody else's again */
    return 0;
}

static void check_others(void)
{
    reset();
    CHECK_EXITS(child_owns_some, NULL, 0, "ended");
    CHECK(s->locks[0].word == FUTEX_OWNER_DIED &&
              s->locks[4].word == FUTEX_OWNER_DIED,
          "what it owns is marked");
    CHECK(s->locks[1].word != FUTEX_OWNER_DIED && s->locks[2].word == 0 &&
              s->locks[3].word == (FUTEX_OWNER_DIED | 1),
          "what it does not own stays");
}

/* Pending: the lock is not in the list (yet, or any more). */
static int child_has_pending(void *index)
{
    own(2);
    s->locks[7].word = index ? me() : 0;
    s->head.list_op_pending = &s->locks[7].link;
    return 0;
}

static int child_has_pending_in_list(void *unused)
{
    (void)unused;
    own(3);
    s->head.list_op_pending = &s->locks[1].link;
    return 0;
}

static void check_pending(void)
{
    reset();
    CHECK_EXITS(child_has_pending, (void *)1, 0, "ended");
    CHECK_EQ(s->locks[7].word, FUTEX_OWNER_DIED, "pending and owned");
    CHECK_EQ(count_marked(2), 2, "the list too");
    reset();
    pid_t pid = child_start(child_waits, (void *)7);
    NEED(futex_await(&s->locks[7].word, 1));
    CHECK_EXITS(child_has_pending, NULL, 0, "ended");
    CHECK_EQ(child_wait(pid), 0, "pending and free: a waiter wakes");
    CHECK_EQ(s->locks[7].word, 0, "the word stays");
    reset();
    CHECK_EXITS(child_has_pending_in_list, NULL, 0, "ended");
    CHECK_EQ(count_marked(3), 3, "pending and in the list");
}

static void start_again(void)
{
    execl("/proc/self/exe", "futex-robust-lists", "-", NULL);
    _exit(9);
}

static int child_executes(void *unused)
{
    (void)unused;
    own(3);
    start_again();
    return 1;
}

static void check_exec(void)
{
    reset();
    pid_t pid = child_start(child_executes, NULL);
    for (int i = 0; i < 20000 && count_marked(3) < 3; i++) {
        usleep(1000);
    }
    CHECK_EQ(count_marked(3), 3, "exec gives locks up");
    CHECK_EQ(kill(pid, SIGTERM), 0, "the program runs");
    CHECK_EQ(child_wait(pid), SIGTERM, "on");
}

/* ---- lists that lie: how many of the first locks are still marked --------- */

static struct robust_list *at(const void *address)
{
    return (struct robust_list *)(unsigned long)address;
}

static void lie_head_bad(void)
{
    set_list(badptr(1), 24);
}

static void lie_head_at_hole(void)
{
    char *page = badptr_page_before_hole();
    struct robust_list_head *head = (void *)(page + PAGE - 8);
    head->list.next = &s->locks[0].link;
    set_list(head, 24);
}

static void lie_first_bad(void)
{
    s->head.list.next = at(badptr(0));
}

static void lie_next_bad(void)
{
    s->locks[2].link.next = at(badptr(2));
}

static void lie_next_in_page_zero(void)
{
    s->locks[2].link.next = NULL;
}

static void lie_next_odd(void)
{
    s->locks[2].link.next = at((char *)&s->locks[3] + 6);
}

static void lie_circle(void)
{
    s->locks[4].link.next = &s->locks[1].link;
}

static void lie_circle_of_one(void)
{
    s->locks[0].link.next = &s->locks[0].link;
}

static void lie_offset_odd(void)
{
    s->head.futex_offset = OFFSET + 1;
}

static void lie_offset_large(void)
{
    s->head.futex_offset = INT64_MIN;
}

static void lie_offset_to_kernel(void)
{
    s->head.futex_offset = (long)(0xffff800000000000ul - (unsigned long)s);
}

static void lie_pending_bad(void)
{
    s->head.list_op_pending = (void *)badptr(0);
}

static void lie_pending_address_bad(void)
{
    struct robust_list_head *head =
        (void *)(badptr_page_before_hole() + PAGE - 16);
    head->list.next = &s->locks[0].link;
    head->futex_offset = OFFSET;
    set_list(head, 24);
}

static void lie_word_read_only(void)
{
    struct lock *lock = (void *)badptr_read_only_page(0);
    NEED(mprotect(lock, PAGE, PROT_READ | PROT_WRITE) == 0);
    lock->link.next = &s->locks[3].link;
    lock->word = me();
    NEED(mprotect(lock, PAGE, PROT_READ) == 0);
    s->locks[2].link.next = &lock->link;
}

static void lie_long(void)
{
    own(LOCKS);
}

static const struct lie {
    const char *name;
    void (*tell)(void);
    int marked; /* of the locks at the beginning; the others are not */
} lies[] = {
    { "head at a bad address", lie_head_bad, 0 },
    { "head at the end of a page", lie_head_at_hole, 0 },
    { "pending beyond the end of a page", lie_pending_address_bad, 0 },
    { "first link bad", lie_first_bad, 0 },
    { "third link bad", lie_next_bad, 3 },
    { "third link NULL", lie_next_in_page_zero, 3 },
    { "third link not aligned", lie_next_odd, 3 },
    { "circle", lie_circle, 5 },
    { "circle of one", lie_circle_of_one, 1 },
    { "offset not aligned", lie_offset_odd, 0 },
    { "offset too large", lie_offset_large, 0 },
    { "offset to the kernel", lie_offset_to_kernel, 0 },
    { "pending bad", lie_pending_bad, 5 },
    { "word that can only be read", lie_word_read_only, 3 },
    { "more than 2048 locks", lie_long, LIMIT },
};

static int child_lies(void *argument)
{
    const struct lie *lie = argument;
    own(5);
    lie->tell();
    return 0;
}

static void check_lies(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
        reset();
        CHECK_EXITS(child_lies, (void *)&lies[i], 0, "%s: ended", lies[i].name);
        CHECK_EQ(count_marked(lies[i].marked), lies[i].marked, "%s: marked",
                 lies[i].name);
        CHECK_EQ(count_marked(LOCKS), lies[i].marked, "%s: not marked",
                 lies[i].name);
    }
}

/* ---- robust locks that pass priorities on ---------------------------------- */

static int child_holds_pi(void *unused)
{
    (void)unused;
    own(0);
    if (futex(&s->locks[0].word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) != 0) {
        return 1;
    }
    s->locks[0].link.next = &s->head.list;
    s->head.list.next = at((char *)&s->locks[0].link + 1);
    s->ready = 1;
    while (s->turn == 0) {
        usleep(1000);
    }
    return 0;
}

static int child_takes_pi(void *unused)
{
    volatile uint32_t *word = &s->locks[0].word;
    (void)unused;
    if (futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) != 0) {
        return 1;
    }
    if (*word != (FUTEX_WAITERS | FUTEX_OWNER_DIED | me())) {
        return 2;
    }
    return futex(word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0 ? 0 : 3;
}

static void check_owners(void)
{
    volatile uint32_t *word = &s->locks[0].word;
    reset();
    pid_t holder = child_start(child_holds_pi, NULL);
    NEED(futex_await_bits(&s->ready, 1));
    pid_t waiter = child_start(child_takes_pi, NULL);
    NEED(futex_await_bits(word, FUTEX_WAITERS));
    NEED(futex_await_sleep(waiter));
    s->turn = 1;
    CHECK_EQ(child_wait(holder), 0, "the owner ends");
    CHECK_EQ(child_wait(waiter), 0, "the waiter owns the lock");
    CHECK_EQ(*word, 0, "and gave it back");
    CHECK_EXITS(child_holds_pi, NULL, 0, "owned, nobody waits");
    CHECK_EQ(*word, FUTEX_OWNER_DIED, "marked");
    CHECK_EQ(futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0, "taken");
    CHECK_EQ(*word, FUTEX_OWNER_DIED | me(), "with the mark");
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        pause();
        return 0;
    }
    check_start();
    s = shared_memory(sizeof(*s));
    check_arguments();
    check_whose();
    check_ends();
    check_others();
    check_pending();
    check_exec();
    check_lies();
    check_owners();
    return check_done();
}
