/*
 * puppet-threads - threads of a program's own that play what a plan says.
 *
 * Idea:  whoever starts it has written a plan into a file of memory, descriptor
 *        99: roles, each with a number and a row of steps. A thread plays a
 *        role; each step mixes what it gives into the role's number, so that a
 *        register that was lost, a value that came wrong or a turn out of order
 *        shows in the end. A test on the host draws the plan, knows what must
 *        come out, and looks at plan and kernel while the program runs.
 * Waits: a step can put the kernel thread to sleep at a cell of the plan, so
 *        that from outside one sees which kernel thread carries which role.
 * Next:  labs/README.md; user/puppet.c starts it and reads the plan.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../lib/uthread/uthread.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: puppet-threads\n"
                           "Plays the plan in the file of memory at descriptor "
                           "99; see the top of its\n"
                           "source.\n";

enum {
    PLAN_FD = 99,
    CELLS = 56,
    ROLES = 512,
    STEPS = 6144,
    NOTES = 4096,
    ROW = 24, /* bytes of a frame that must survive */
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1
};

/* A step: its kind in the low byte, an argument above. */
enum step {
    END,    /* return from the thread's function */
    QUIT,   /* uthread_exit() */
    YIELD,  /* with known values in the registers */
    CREATE, /* a thread for role ARG */
    JOIN,
    DETACH,
    NOTE,  /* who, on which kernel thread, and its number: into the notes */
    CHAIN, /* into the number that all roles share */
    DOWN,  /* a frame more on the stack, with a row of bytes */
    UP,    /* back from there */
    LOCK,  /* mutex ARG */
    UNLOCK,
    BLOCK,  /* the kernel thread sleeps until cell ARG is set */
    FREE,   /* set cell ARG */
    GATE,   /* yield until cell ARG % 64 is set, at most ARG / 64 times */
    SPIN,   /* compute for ARG turns */
    REPEAT, /* the steps up to AGAIN, ARG times */
    AGAIN,
    MODES, /* rounding modes of SSE and x87 */
    SEE,   /* the control words */
    NAP,   /* the kernel thread sleeps for ARG ns, and is urgent afterwards */
    CALM   /* no longer */
};

struct role {
    uint64_t number, first, result;
    struct uthread *thread;
    uint64_t running, spare[3];
};

struct plan {
    void *address; /* where to map it */
    uint64_t model, carriers;
    uint64_t chain, noted;
    uint64_t twice; /* a role was entered while it ran */
    uint64_t spare[2];
    uint64_t cells[CELLS];
    struct role roles[ROLES];
    uint64_t steps[STEPS];
    struct {
        uint32_t role, thread;
        uint64_t number;
    } notes[NOTES];
};

struct player {
    struct role *role;
    uint64_t number;
    const uint64_t *next, *loop;
    uint64_t turns; /* of the loop */
};

static struct plan *plan;
static struct uthread_mutex mutexes[8];

static void mix(struct player *p, uint64_t value)
{
    p->number = (p->number ^ value) * 0x9e3779b97f4a7c15ul;
    p->number ^= p->number >> 29;
}

/* Call it with number+1... in the registers that a function keeps, and return
 * what is in them afterwards, folded. */
__attribute__((naked)) static uint64_t call_with(uint64_t number,
                                                 void (*function)(void))
{
    __asm__("push %rbp\n\t"
            "push %rbx\n\t"
            "push %r12\n\t"
            "push %r13\n\t"
            "push %r14\n\t"
            "push %r15\n\t"
            "sub $8, %rsp\n\t"
            "lea 1(%rdi), %rbx\n\t"
            "lea 2(%rdi), %rbp\n\t"
            "lea 3(%rdi), %r12\n\t"
            "lea 4(%rdi), %r13\n\t"
            "lea 5(%rdi), %r14\n\t"
            "lea 6(%rdi), %r15\n\t"
            "call *%rsi\n\t"
            "mov %rbx, %rax\n\t"
            "rol $7, %rax\n\t"
            "xor %rbp, %rax\n\t"
            "rol $7, %rax\n\t"
            "xor %r12, %rax\n\t"
            "rol $7, %rax\n\t"
            "xor %r13, %rax\n\t"
            "rol $7, %rax\n\t"
            "xor %r14, %rax\n\t"
            "rol $7, %rax\n\t"
            "xor %r15, %rax\n\t"
            "add $8, %rsp\n\t"
            "pop %r15\n\t"
            "pop %r14\n\t"
            "pop %r13\n\t"
            "pop %r12\n\t"
            "pop %rbx\n\t"
            "pop %rbp\n\t"
            "ret");
}

/* ---- who runs ------------------------------------------------------------- */

static void enter(struct player *p)
{
    if (__atomic_exchange_n(&p->role->running, 1, __ATOMIC_SEQ_CST) != 0)
        __atomic_fetch_add(&plan->twice, 1, __ATOMIC_SEQ_CST);
}

static void leave(struct player *p)
{
    __atomic_store_n(&p->role->running, 0, __ATOMIC_SEQ_CST);
}

static void note(const struct player *p)
{
    uint64_t at = __atomic_fetch_add(&plan->noted, 1, __ATOMIC_SEQ_CST);

    if (at >= NOTES)
        return;
    plan->notes[at].role = (uint32_t)(p->role - plan->roles);
    plan->notes[at].thread = (uint32_t)syscall(SYS_gettid);
    plan->notes[at].number = p->number;
}

/* ---- cells ---------------------------------------------------------------- */

static uint64_t block(uint64_t *cell)
{
    while (__atomic_load_n(cell, __ATOMIC_SEQ_CST) == 0)
        syscall(SYS_futex, cell, FUTEX_WAIT, 0, NULL, NULL, 0);
    return __atomic_exchange_n(cell, 0, __ATOMIC_SEQ_CST);
}

static void set(uint64_t *cell, uint64_t value)
{
    __atomic_store_n(cell, value | 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, cell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static bool wait_at_gate(const uint64_t *cell, uint64_t turns)
{
    while (__atomic_load_n(cell, __ATOMIC_SEQ_CST) == 0 && turns-- > 0)
        uthread_yield();
    return __atomic_load_n(cell, __ATOMIC_SEQ_CST) != 0;
}

/* ---- steps ---------------------------------------------------------------- */

static void *start(void *role);

static void create(struct player *p, struct role *role)
{
    role->thread = uthread_create(start, role);
    mix(p, role->thread != NULL);
}

static void set_modes(unsigned which)
{
    unsigned mxcsr = 0x1f80u | which << 13;
    unsigned short x87 = (unsigned short)(0x37fu | which << 10);

    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fldcw %0" : : "m"(x87));
}

static uint64_t modes(void)
{
    unsigned mxcsr;
    unsigned short x87;

    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return (mxcsr & 0xffc0u) | (uint64_t)x87 << 32;
}

static void spin(uint64_t turns)
{
    for (volatile uint64_t i = 0; i < turns; i++)
        ;
}

static void set_urgent(bool on)
{
    struct sched_param p = { .sched_priority = on };

    sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &p);
}

static void nap(uint64_t ns)
{
    struct timespec time = { .tv_nsec = (long)ns };

    set_urgent(true);
    nanosleep(&time, NULL);
}

static void play(struct player *p);

static __attribute__((noinline)) void play_below(struct player *p)
{
    volatile uint8_t row[ROW];

    for (int i = 0; i < ROW; i++)
        row[i] = (uint8_t)((p->number >> (i % 8 * 8)) + (unsigned)i);
    play(p);
    for (int i = 0; i < ROW; i++)
        mix(p, row[i]);
}

/* Steps in which others may run. */
static void wait_step(struct player *p, enum step kind, uint64_t argument)
{
    uint64_t value = 0;

    leave(p);
    if (kind == YIELD)
        value = call_with(p->number, uthread_yield);
    else if (kind == JOIN)
        value = (uint64_t)uthread_join(plan->roles[argument].thread);
    else if (kind == LOCK)
        uthread_mutex_lock(&mutexes[argument]);
    else
        value = wait_at_gate(&plan->cells[argument % 64], argument / 64);
    enter(p);
    mix(p, value);
}

static void loop_step(struct player *p, enum step kind, uint64_t argument)
{
    if (kind == REPEAT) {
        p->loop = p->next;
        p->turns = argument;
    } else if (p->loop && --p->turns > 0) {
        p->next = p->loop;
    }
}

static void single_step(struct player *p, enum step kind, uint64_t argument)
{
    if (kind == CREATE)
        create(p, &plan->roles[argument]);
    else if (kind == DETACH)
        uthread_detach(plan->roles[argument].thread);
    else if (kind == NOTE)
        note(p);
    else if (kind == CHAIN)
        plan->chain = (plan->chain ^ p->number) * 0x9e3779b97f4a7c15ul;
    else if (kind == DOWN)
        play_below(p);
    else if (kind == UNLOCK)
        uthread_mutex_unlock(&mutexes[argument]);
    else if (kind == BLOCK)
        mix(p, block(&plan->cells[argument]));
    else if (kind == FREE)
        set(&plan->cells[argument], p->number);
    else if (kind == SPIN)
        spin(argument);
    else if (kind == MODES)
        set_modes((unsigned)argument);
    else if (kind == SEE)
        mix(p, modes());
    else if (kind == NAP)
        nap(argument);
    else if (kind == CALM)
        set_urgent(false);
    else
        loop_step(p, kind, argument);
}

static void play(struct player *p)
{
    for (;;) {
        uint64_t step = *p->next++;
        enum step kind = (enum step)(step & 0xff);
        if (kind == END || kind == UP)
            return;
        if (kind == QUIT) {
            p->role->result = p->number;
            leave(p);
            uthread_exit((void *)p->number);
        }
        if (kind == YIELD || kind == JOIN || kind == LOCK || kind == GATE)
            wait_step(p, kind, step >> 8);
        else
            single_step(p, kind, step >> 8);
    }
}

static void *start(void *argument)
{
    struct role *role = argument;
    struct player p = { .role = role,
                        .number = role->number,
                        .next = plan->steps + role->first };

    enter(&p);
    mix(&p, (uint64_t)__builtin_frame_address(0) % 16);
    play(&p);
    role->result = p.number;
    leave(&p);
    return (void *)p.number;
}

int main(int argc, char **argv)
{
    struct options o;
    void *address;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "a:") != -1)
        ; /* puppet's number for it */
    if (pread(PLAN_FD, &address, sizeof(address), 0) != sizeof(address)) {
        report_errno("plan");
        return 1;
    }
    plan = mmap(address, sizeof(*plan), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_FIXED, PLAN_FD, 0);
    if (plan == MAP_FAILED) {
        report_errno("plan");
        return 1;
    }
    struct uthread_options options = { .model = (enum uthread_model)plan->model,
                                       .carriers = (unsigned)plan->carriers };
    if (uthread_run(&options, start, &plan->roles[0])) {
        report_errno("uthread_run");
        return 1;
    }
    return 0;
}
