/*
 * What each of the 64 signals does to a process that says nothing about it;
 * which si_code and si_addr faults give; and who may signal whom.
 *
 * smp: 1 4
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

enum { LAST_SIGNAL = 64, LIVES = 42 };

/* ---- default actions ----------------------------------------------------- */

/* Some C libraries keep two signals for themselves: they let nobody set them,
 * and ignore them in what they spawn. */
static int child_signals_itself(void *number)
{
    const unsigned long none[4] = { 0 }; /* SIG_DFL, no flags, no mask */
    RAW4(SYS_rt_sigaction, (int)(long)number, none, NULL, 8);
    setpgid(0, 0); /* with its parent outside: no orphaned group, so it stops */
    kill(getpid(), (int)(long)number);
    return LIVES;
}

static bool is_ignored(int number)
{
    return number == SIGCHLD || number == SIGCONT || number == SIGURG ||
           number == SIGWINCH;
}

static bool does_stop(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN ||
           number == SIGTTOU;
}

static void check_default(int number)
{
    int status;
    pid_t pid = child_start(child_signals_itself, (void *)(long)number);
    NEED(waitpid(pid, &status, WUNTRACED) == pid);
    if (does_stop(number)) {
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == number,
              "signal %d stops", number);
        kill(pid, SIGCONT);
        NEED(waitpid(pid, &status, 0) == pid);
        CHECK_EQ(status, LIVES << 8, "signal %d: it goes on", number);
    } else if (is_ignored(number)) {
        CHECK_EQ(status, LIVES << 8, "signal %d is ignored", number);
    } else {
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == number,
              "signal %d ends it", number);
    }
}

/* ---- codes of faults ----------------------------------------------------- */

static sigjmp_buf out;
static siginfo_t seen;
static char *page;
extern char step_end[], divide_end[];

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    seen = *info;
    siglongjmp(out, 1);
}

/* int3 is through when it traps: no address, only "the kernel says so". */
static void do_breakpoint(void)
{
    __asm__ volatile("int3");
}

/* Traps after the instruction that follows popf; the address is the next. */
static void do_step(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
                     "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n"
                     ".globl step_end\nstep_end:\n\tnop\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

/* An x87 exception waits for the next x87 instruction. */
static void do_float_division(void)
{
    unsigned short control = 0x037b; /* division by zero not masked */
    __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n"
                     ".globl divide_end\ndivide_end:\n\tfwait"
                     :
                     : "m"(control));
}

static void do_beyond_file(void)
{
    page[PAGE + 5] = 1;
}

static void do_protected(void)
{
    *(volatile char *)(uintptr_t)do_protected = 1;
}

static void do_unmapped(void)
{
    *(volatile char *)0x1234 = 1;
}

static int code_of(int number, void (*run)(void))
{
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO };
    memset(&seen, 0, sizeof(seen));
    sigaction(number, &action, NULL);
    if (sigsetjmp(out, 1) == 0) {
        run();
    }
    signal(number, SIG_DFL);
    __asm__ volatile("fninit");
    return seen.si_signo == number ? seen.si_code : -1;
}

static void check_codes(void)
{
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    NEED(ftruncate(fd, 1) == 0);
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    NEED(page != MAP_FAILED);
    CHECK_EQ(code_of(SIGTRAP, do_breakpoint), SI_KERNEL, "int3");
    CHECK_EQ(code_of(SIGTRAP, do_step), TRAP_TRACE, "trap flag: TRAP_TRACE");
    CHECK(seen.si_addr == step_end, "the address of the next instruction");
    CHECK_EQ(code_of(SIGFPE, do_float_division), FPE_FLTDIV, "FPE_FLTDIV");
    CHECK(seen.si_addr == divide_end, "the address of the one that waited");
    CHECK_EQ(code_of(SIGBUS, do_beyond_file), BUS_ADRERR, "BUS_ADRERR");
    CHECK(seen.si_addr == page + PAGE + 5, "the address touched");
    CHECK_EQ(code_of(SIGSEGV, do_protected), SEGV_ACCERR, "SEGV_ACCERR");
    CHECK(seen.si_addr == (void *)(uintptr_t)do_protected, "the address");
    CHECK_EQ(code_of(SIGSEGV, do_unmapped), SEGV_MAPERR, "SEGV_MAPERR");
    CHECK(seen.si_addr == (void *)0x1234, "the address");
}

/* ---- rights -------------------------------------------------------------- */

struct victims {
    pid_t same, other, elsewhere;
};

static int child_waits_as(void *user)
{
    if (setuid((uid_t)(long)user) != 0) {
        return 1;
    }
    pause();
    return 0;
}

static int child_waits_in_session(void *user)
{
    setsid();
    return child_waits_as(user);
}

/* A user's process: its own may be signalled, nobody else's. */
static int child_signals(void *argument)
{
    const struct victims *v = argument;
    union sigval value = { .sival_int = 1 };
    check_subtest();
    NEED(setuid(1000) == 0);
    CHECK_ERRNO(kill(getppid(), 0), EPERM, "the superuser's");
    CHECK_ERRNO(kill(v->other, 0), EPERM, "another user's");
    CHECK_ERRNO(kill(v->other, SIGKILL), EPERM, "SIGKILL");
    CHECK_ERRNO(sigqueue(v->other, SIGUSR1, value), EPERM, "sigqueue");
    CHECK_EQ(kill(v->other, SIGCONT), 0, "SIGCONT within the session");
    CHECK_ERRNO(kill(v->elsewhere, SIGCONT), EPERM, "not beyond it");
    CHECK_ERRNO(kill(-v->elsewhere, SIGTERM), EPERM, "a group of others");
    CHECK_EQ(kill(v->same, SIGTERM), 0, "a process of the same user");
    return check_done();
}

/* Until it sleeps in pause(), as the user it is to be. */
static void wait_asleep(pid_t pid)
{
    char path[40], text[400];
    const char *end;
    do {
        usleep(1000);
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        NEED(check_read_file(path, text, sizeof(text)) > 0);
        end = strrchr(text, ')');
    } while (end && end[2] != 'S');
}

static void check_rights(void)
{
    struct victims v;
    if (getuid() != 0) {
        check_skip("rights", "only the superuser can become another user");
        return;
    }
    v.same = child_start(child_waits_as, (void *)1000);
    v.other = child_start(child_waits_as, (void *)2000);
    v.elsewhere = child_start(child_waits_in_session, (void *)2000);
    wait_asleep(v.same);
    wait_asleep(v.other);
    wait_asleep(v.elsewhere);
    CHECK_EXITS(child_signals, &v, 0, "a user's process");
    CHECK_EQ(child_wait(v.same), SIGTERM, "it has ended");
    CHECK_EQ(kill(v.other, SIGTERM), 0, "the superuser may");
    CHECK_EQ(child_wait(v.other), SIGTERM, "and it ends");
    kill(v.elsewhere, SIGKILL);
    child_wait(v.elsewhere);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    for (int number = 1; number <= LAST_SIGNAL; number++) {
        check_default(number);
    }
    check_codes();
    check_rights();
    return check_done();
}
