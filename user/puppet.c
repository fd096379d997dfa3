/*
 * puppet - processes and threads that do what they are told from outside.
 *
 * Idea:  the program makes a family of actors (processes, threads) one by one.
 *        Whoever runs it sends lines "ACTOR COMMAND..." to its standard input
 *        and reads lines "ACTOR ANSWER..." from its standard output, so that a
 *        test on the host decides at each step what happens next, with values
 *        nobody in the machine could know before.
 * Paths: actor 0, the first process, does nothing but pass lines on: each actor
 *        has one end of a socket pair made at the start. Answers go straight
 *        to standard output, one write each.
 * Next:  tools/labkit/actors.py speaks to it; labs/README.md tells why.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: puppet [KEY]\n"
    "Reads lines ACTOR COMMAND [ARGUMENT]... and prints KEY ACTOR ANSWER.\n"
    "Numbers are decimal, or 0x and hexadecimal.\n\n"
    "call NR [ARG]...    a system call: 'ok RESULT', negative for an error\n"
    "repeat COUNT NR [ARG]...   the same call so often: 'ok SUM'\n"
    "move NR FD ADDR LENGTH PIECE   read or write until LENGTH bytes went, at\n"
    "                    most PIECE with each call: 'ok BYTES'\n"
    "poke ADDR HEX       write bytes;       'ok', or 'fault SIGNAL CODE ADDR'\n"
    "peek ADDR LENGTH    read bytes:        'ok HEX'\n"
    "fill ADDR LENGTH SEED   write a row of bytes that follows from SEED\n"
    "sum ADDR LENGTH     'ok SUM' of the bytes, FNV-1a of 64 bits\n"
    "use ADDR PAGE,...   read a byte of each of these pages, in this order\n"
    "burn                compute for ever; no answer\n"
    "blink MICROS COUNT  compute for about COUNT turns of a loop, sleep for\n"
    "                    MICROS, and so on for ever; no answer\n"
    "spin WORD COMMAND...   read its place, set WORD[1], wait for WORD, go\n"
    "jump ADDR           call the code there: 'ok', or 'fault ...'\n"
    "swap ADDR OLD NEW   compare and swap of 32 bits: 'ok FOUND'\n"
    "fork NEW            a child as actor NEW: 'ok PID', 'NEW up PID TID'\n"
    "thread NEW          a thread as actor NEW: 'ok 0', 'NEW up PID TID'\n"
    "clone FLAGS STACK PTID CTID TLS CODE   it begins at CODE: 'ok TID'\n"
    "pass WORD ME NEXT ROUNDS FLAG   so often: futex() until the word is ME,\n"
    "                    make it NEXT and wake one; FLAG 128: private: 'ok'\n"
    "catch SIGNAL [FLAGS]    note this signal from now on: 'ok'\n"
    "took                'ok TICKS' of the time stamp, of the command before\n"
    "caught              'ok SIGNAL,CODE,PID,VALUE ...', and forget them\n"
    "masks               'ok MASK ...' in the handler of each noted signal\n"
    "exec PATH           a new program, which is given the actor's number\n"
    "leave               a thread ends: 'ok'\n"
    "brood ROUNDS N SEED     so often: N children that end with bytes out of "
    "SEED,\n                    and a wait for each: 'ok SUM'\n"
    "end STATUS          the process ends; no answer\n";

enum {
    ACTORS = 48,
    FIRST_FD = 100, /* actor n reads from FIRST_FD + n */
    LINE = 4096,
    WORDS = 8,
    NOTED = 64
};

struct actor {
    int number;
    sigjmp_buf fault; /* where a fault of a command goes on */
    volatile sig_atomic_t guarded;
    siginfo_t fault_info;
};

static _Thread_local struct actor self;
static siginfo_t noted[NOTED];
static uint64_t noted_mask[NOTED];
static volatile uint32_t noted_count;

static int feed_fd[ACTORS];   /* actor 0 writes here what actor n reads */
static const char *key = "-"; /* no other program knows it */
static __thread uint64_t began, took; /* the last command, time stamps */

static void answer(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
static void answer(const char *format, ...)
{
    char line[2 * LINE + 64];
    va_list args;

    took = __builtin_ia32_rdtsc() - began;
    int length = snprintf(line, sizeof(line), "%s %d ", key, self.number);
    va_start(args, format);
    length += vsnprintf(line + length, sizeof(line) - (size_t)length - 1,
                        format, args);
    va_end(args);
    line[length++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(2);
}

/* -- faults and signals ----------------------------------------------------- */

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (!self.guarded) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    self.guarded = 0;
    self.fault_info = *info;
    siglongjmp(self.fault, 1);
}

static void on_noted(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    uint32_t at = __atomic_fetch_add(&noted_count, 1, __ATOMIC_RELAXED);
    if (at >= NOTED)
        return;
    noted[at] = *info;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &noted_mask[at], 8);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *),
                   int flags)
{
    struct sigaction action = { .sa_sigaction = handler,
                                .sa_flags = SA_SIGINFO | flags };

    sigemptyset(&action.sa_mask);
    if (sigaction(number, &action, NULL))
        answer("error %d", errno);
}

static void catch_faults(void)
{
    const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        handle(faults[i], on_fault, SA_NODEFER);
}

static void tell_fault(void)
{
    answer("fault %d %d %#lx", self.fault_info.si_signo,
           self.fault_info.si_code, (unsigned long)self.fault_info.si_addr);
}

static void tell_caught(void)
{
    char text[LINE] = "";
    size_t length = 0;
    uint32_t count = noted_count;

    for (uint32_t i = 0; i < count && i < NOTED; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   " %d,%d,%d,%d", noted[i].si_signo,
                                   noted[i].si_code, (int)noted[i].si_pid,
                                   noted[i].si_value.sival_int);
    noted_count = 0;
    answer("ok%s", text);
}

static void tell_masks(void)
{
    char text[LINE] = "";
    size_t length = 0;

    for (uint32_t i = 0; i < noted_count && i < NOTED; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   " %#lx", (unsigned long)noted_mask[i]);
    answer("ok%s", text);
}

/* -- commands --------------------------------------------------------------- */

static unsigned long number_of(const char *text)
{
    return strtoul(text, NULL, 0);
}

static unsigned long argument(char **words, int at)
{
    return number_of(words[at] ? words[at] : "0");
}

/* The next of a row of bytes; the host makes the same ones (xorshift64*). */
static uint8_t next_byte(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint8_t)(*state * 0x2545f4914f6cdd1dul >> 56);
}

static void fill(uint8_t *at, size_t length, uint64_t seed)
{
    for (size_t i = 0; i < length; i++)
        at[i] = next_byte(&seed);
    answer("ok");
}

static void sum(const volatile uint8_t *at, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325ul;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 0x100000001b3ul;
    answer("ok %#lx", (unsigned long)hash);
}

/* One access for each, and none else to memory that is not locked. */
static void use(const volatile uint8_t *start, const char *pages)
{
    char *rest;

    while (*pages) {
        (void)start[strtoul(pages, &rest, 10) * 4096];
        pages = *rest ? rest + 1 : rest;
    }
    answer("ok");
}

static void burn(unsigned long turns)
{
    for (volatile unsigned long i = 0; turns == 0 || i < turns; i++)
        ;
}

static void blink(unsigned long micros, unsigned long turns)
{
    for (;;) {
        burn(turns);
        usleep((useconds_t)micros);
    }
}

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static void poke(volatile uint8_t *at, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2)
        *at++ = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
    answer("ok");
}

static void peek(const volatile uint8_t *at, size_t length)
{
    char hex[LINE + 1] = "";

    for (size_t i = 0; i < length && i < LINE / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", at[i]);
    answer("ok %s", hex);
}

static void compare_and_swap(uint32_t *at, uint32_t old, uint32_t new)
{
    __atomic_compare_exchange_n(at, &old, new, 0, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    answer("ok %u", old);
}

static void call(char **w)
{
    long result =
        syscall((long)argument(w, 0), argument(w, 1), argument(w, 2),
                argument(w, 3), argument(w, 4), argument(w, 5), argument(w, 6));

    answer("ok %ld", result < 0 ? -(long)errno : result);
}

static void repeat(unsigned long count, char **w)
{
    unsigned long sum = 0;

    while (count-- > 0)
        sum += (unsigned long)syscall((long)argument(w, 0), argument(w, 1),
                                      argument(w, 2), argument(w, 3));
    answer("ok %lu", sum);
}

/* Ends early at the end of file and at an error; which one, the next call of
 * the same kind tells. */
static void move(char **w)
{
    unsigned long at = argument(w, 2), length = argument(w, 3);
    unsigned long piece = argument(w, 4), done = 0;

    while (done < length) {
        unsigned long n = length - done < piece ? length - done : piece;
        long got = syscall((long)argument(w, 0), argument(w, 1), at + done, n);
        if (got <= 0)
            break;
        done += (unsigned long)got;
    }
    answer("ok %lu", done);
}

static void serve(void);

static void appear(int number)
{
    self.number = number;
    answer("up %d %ld", (int)getpid(), syscall(SYS_gettid));
}

static void do_fork(int number)
{
    pid_t pid = fork();

    if (pid == 0) {
        noted_count = 0;
        appear(number);
        return;
    }
    answer("ok %d", pid < 0 ? -errno : (int)pid);
}

static void *thread_main(void *number)
{
    appear((int)(intptr_t)number);
    serve();
    return NULL;
}

static void do_thread(int number)
{
    pthread_t thread;
    int err =
        pthread_create(&thread, NULL, thread_main, (void *)(intptr_t)number);

    if (err == 0)
        pthread_detach(thread);
    answer("ok %d", -err);
}

static void do_clone(char **w)
{
    unsigned long a[6];
    long result;

    for (int i = 0; i < 6; i++)
        a[i] = argument(w, i);
    register unsigned long child_tid __asm__("r10") = a[3];
    register unsigned long tls __asm__("r8") = a[4];
    register unsigned long code __asm__("r9") = a[5];
    __asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; jmp *%%r9; 1:"
                     : "=a"(result)
                     : "a"(SYS_clone), "D"(a[0]), "S"(a[1]), "d"(a[2]),
                       "r"(child_tid), "r"(tls), "r"(code)
                     : "rcx", "r11", "memory");
    answer("ok %ld", result);
}

/* The word is a ball that goes round. */
static void pass(uint32_t *word, uint32_t me, uint32_t next,
                 unsigned long rounds, int flag)
{
    uint32_t seen;

    while (rounds-- > 0) {
        while ((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != me)
            syscall(SYS_futex, word, 0 | flag, seen, NULL, NULL, 0);
        __atomic_store_n(word, next, __ATOMIC_RELEASE);
        syscall(SYS_futex, word, 1 | flag, 1, NULL, NULL, 0);
    }
    answer("ok");
}

/* Ends after a moment that may be just when its parent begins to wait. */
static void end_soon(uint8_t status)
{
    for (volatile unsigned i = 0; i < 20u * status; i++)
        ;
    _exit(status);
}

static void brood(unsigned long rounds, unsigned long children, uint64_t seed)
{
    unsigned long sum = 0;

    while (rounds-- > 0) {
        for (unsigned long i = 0; i < children; i++) {
            uint8_t status = next_byte(&seed);
            pid_t pid = fork();
            if (pid == 0)
                end_soon(status);
            if (pid < 0) {
                answer("error %d", errno);
                return;
            }
        }
        for (unsigned long i = 0; i < children; i++) {
            int status;
            if (wait(&status) < 0 || !WIFEXITED(status)) {
                answer("error %d", errno);
                return;
            }
            sum += (unsigned long)WEXITSTATUS(status);
        }
    }
    answer("ok %lu", sum);
}

static void do_exec(const char *path)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", self.number);
    execl(path, path, "-a", number, key, (char *)NULL);
    answer("ok %d", -errno);
}

/* Commands that may fault. */
static int try_memory(char **w)
{
    if (strcmp(w[0], "spin") == 0) {
        volatile uint32_t *word = (void *)argument(w, 1);
        word[1] = 1u + *(volatile uint8_t *)argument(w, 3);
        while (!word[0])
            ;
        w += 2;
    }
    void *at = (void *)argument(w, 1);

    if (strcmp(w[0], "poke") == 0 && w[2])
        poke(at, w[2]);
    else if (strcmp(w[0], "peek") == 0)
        peek(at, argument(w, 2));
    else if (strcmp(w[0], "fill") == 0)
        fill(at, argument(w, 2), argument(w, 3));
    else if (strcmp(w[0], "sum") == 0)
        sum(at, argument(w, 2));
    else if (strcmp(w[0], "use") == 0 && w[2])
        use(at, w[2]);
    else if (strcmp(w[0], "swap") == 0)
        compare_and_swap(at, (uint32_t)argument(w, 2),
                         (uint32_t)argument(w, 3));
    else if (strcmp(w[0], "jump") == 0) {
        ((void (*)(void))at)();
        answer("ok");
    } else
        return 0;
    return 1;
}

/* False: this actor has left. */
static int obey(char **w)
{
    if (sigsetjmp(self.fault, 1)) {
        tell_fault();
        return 1;
    }
    self.guarded = 1;
    int done = try_memory(w);
    self.guarded = 0;
    if (done)
        return 1;
    if (strcmp(w[0], "call") == 0)
        call(w + 1);
    else if (strcmp(w[0], "repeat") == 0)
        repeat(argument(w, 1), w + 2);
    else if (strcmp(w[0], "move") == 0)
        move(w + 1);
    else if (strcmp(w[0], "fork") == 0)
        do_fork((int)argument(w, 1));
    else if (strcmp(w[0], "thread") == 0)
        do_thread((int)argument(w, 1));
    else if (strcmp(w[0], "clone") == 0)
        do_clone(w + 1);
    else if (strcmp(w[0], "pass") == 0)
        pass((uint32_t *)argument(w, 1), (uint32_t)argument(w, 2),
             (uint32_t)argument(w, 3), argument(w, 4), (int)argument(w, 5));
    else if (strcmp(w[0], "exec") == 0 && w[1])
        do_exec(w[1]);
    else if (strcmp(w[0], "catch") == 0) {
        handle((int)argument(w, 1), on_noted, (int)argument(w, 2));
        answer("ok");
    } else if (strcmp(w[0], "caught") == 0)
        tell_caught();
    else if (strcmp(w[0], "took") == 0)
        answer("ok %lu", took); /* what it was before this answer */
    else if (strcmp(w[0], "burn") == 0)
        burn(0);
    else if (strcmp(w[0], "blink") == 0)
        blink(argument(w, 1), argument(w, 2) | 1);
    else if (strcmp(w[0], "masks") == 0)
        tell_masks();
    else if (strcmp(w[0], "brood") == 0)
        brood(argument(w, 1), argument(w, 2), argument(w, 3));
    else if (strcmp(w[0], "end") == 0)
        _exit((int)argument(w, 1));
    else if (strcmp(w[0], "leave") == 0) {
        answer("ok");
        return 0;
    } else
        answer("error no such command");
    return 1;
}

static void split(char *line, char **words)
{
    char *rest;

    for (int i = 0; i < WORDS; i++)
        words[i] = strtok_r(i ? NULL : line, " \n", &rest);
}

/* Read and obey; each datagram of the socket is a line. */
static void serve(void)
{
    char line[LINE + 1], *words[WORDS]; /* NULL behind the last */
    int fd = FIRST_FD + self.number;

    for (;;) {
        ssize_t length = read(fd, line, LINE);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            _exit(0); /* actor 0 has ended */
        line[length] = '\0';
        split(line, words);
        began = __builtin_ia32_rdtsc();
        if (words[0] && !obey(words))
            return;
        fd = FIRST_FD + self.number; /* fork made somebody else of us */
    }
}

/* -- actor 0 ---------------------------------------------------------------- */

static int open_sockets(void)
{
    for (int i = 1; i < ACTORS; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
            return -1;
        if (dup2(pair[1], FIRST_FD + i) < 0)
            return -1;
        close(pair[1]);
        feed_fd[i] = pair[0];
    }
    return 0;
}

__attribute__((noreturn)) static void pass_lines_on(void)
{
    static char line[LINE];

    while (fgets(line, sizeof(line), stdin)) {
        char *rest;
        long number = strtol(line, &rest, 10);
        if (number < 1 || number >= ACTORS || *rest != ' ')
            continue;
        rest++;
        send(feed_fd[number], rest, strlen(rest), MSG_NOSIGNAL);
    }
    exit(0);
}

int main(int argc, char **argv)
{
    struct options o;
    int number = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "a:") != -1)
        number = atoi(o.value);
    if (o.count > 0)
        key = o.operands[0];
    catch_faults();
    if (number == 0) { /* not after exec */
        pid_t pid = open_sockets() ? -1 : fork();
        if (pid < 0) {
            report_errno("actor 1");
            return 1;
        }
        if (pid > 0)
            pass_lines_on();
        for (int i = 1; i < ACTORS; i++)
            close(feed_fd[i]);
        number = 1;
    }
    appear(number);
    serve();
    return 0;
}
