/*
 * loops.c - the references of two nested loops over a matrix, by rows or by
 * columns: computed, or recorded while the loops run.
 *
 * Recording: the matrix is made inaccessible, so that each access is a fault
 * whose handler notes the address, opens the matrix and sets the trap flag;
 * the access then succeeds, the trap after it closes the matrix again. So do
 * debuggers watch memory, and so a kernel can see each reference.
 * Read next: cache.c
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "common/files.h"
#include "common/report.h"
#include "input.h"
#include "models.h"

const char loops_help[] =
    "Usage: memmodel loops [OPTION]...\n"
    "Prints the trace of loops that add up a matrix, which is stored row by "
    "row:\n"
    "a line \"r HEX\" for each reference, its address.\n"
    "\n"
    "  -y, --by HOW      rows (default) or columns: what the inner loop does\n"
    "  -R, --rows N      (default 64)\n"
    "  -C, --columns N   (default 64)\n"
    "  -z, --size BYTES  of an element (default 8)\n"
    "  -B, --base BYTES  address of the matrix (default 16M)\n"
    "  -d, --record      run the loops and record what they refer to; the\n"
    "                    matrix is then where the system puts it\n"
    "  -q, --run         run the loops and print nothing: for vmtrace\n"
    "  -p, --pages       numbers of pages of 4096 bytes instead of addresses\n"
    "\n"
    "memmodel loops --by columns | memmodel tlb -\n";

enum { PAGE = 4096, MOST_REFERENCES = 1 << 20, TRAP_FLAG = 0x100 };

struct matrix {
    long rows, columns, size, base;
    int by_columns, pages;
};

static void show(const struct matrix *m, unsigned long address)
{
    printf("r %lx\n", m->pages ? address / PAGE : address);
}

/* The offset of the n-th element that the loops come to. */
static long offset_of(const struct matrix *m, long n)
{
    long row = m->by_columns ? n % m->rows : n / m->columns;
    long column = m->by_columns ? n / m->rows : n % m->columns;

    return (row * m->columns + column) * m->size;
}

static void compute(const struct matrix *m)
{
    for (long n = 0; n < m->rows * m->columns; n++)
        show(m, (unsigned long)(m->base + offset_of(m, n)));
}

/* ---- recording ------------------------------------------------------------ */

/* Handlers have no arguments of ours. */
static struct {
    char *memory;
    size_t length;
    unsigned long *addresses;
    size_t count, most;
} record;

static void on_access(int signal, siginfo_t *info, void *context)
{
    ucontext_t *registers = context;
    char *address = info->si_addr;

    (void)signal;
    if (address < record.memory || address >= record.memory + record.length ||
        record.count == record.most ||
        mprotect(record.memory, record.length, PROT_READ | PROT_WRITE))
        abort(); /* not ours: a bug */
    record.addresses[record.count++] = (unsigned long)address;
    registers->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void after_access(int signal, siginfo_t *info, void *context)
{
    ucontext_t *registers = context;

    (void)signal;
    (void)info;
    registers->uc_mcontext.gregs[REG_EFL] &= ~(long long)TRAP_FLAG;
    if (mprotect(record.memory, record.length, PROT_NONE))
        abort();
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_flags = SA_SIGINFO };

    action.sa_sigaction = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

/* The loops themselves, as a program has them. */
static void add_up(const struct matrix *m, const volatile char *memory)
{
    const long row_bytes = m->columns * m->size;
    long sum = 0;

    if (m->by_columns)
        for (long column = 0; column < m->columns; column++)
            for (long row = 0; row < m->rows; row++)
                sum += memory[row * row_bytes + column * m->size];
    else
        for (long row = 0; row < m->rows; row++)
            for (long column = 0; column < m->columns; column++)
                sum += memory[row * row_bytes + column * m->size];
    (void)sum;
}

/* Runs the loops on a real matrix and shows the record, if there is one. */
static int run(const struct matrix *m, int is_recorded)
{
    int rights = is_recorded ? PROT_NONE : PROT_READ | PROT_WRITE;

    record.most = (size_t)(m->rows * m->columns);
    record.length = record.most * (size_t)m->size;
    record.addresses = memory_get(record.most * sizeof *record.addresses);
    record.memory =
        mmap(NULL, record.length, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (record.memory == MAP_FAILED) {
        report_errno("no memory for the matrix");
        return 1;
    }
    if (is_recorded) {
        handle(SIGSEGV, on_access);
        handle(SIGTRAP, after_access);
    }
    add_up(m, record.memory);
    for (size_t i = 0; i < record.count; i++)
        show(m, record.addresses[i]);
    free(record.addresses);
    munmap(record.memory, record.length);
    return 0;
}

int loops_main(struct options *o)
{
    static const char *const ways[] = { "rows", "columns", NULL };
    struct matrix m = {
        .rows = 64, .columns = 64, .size = 8, .base = 16 << 20
    };
    int letter, is_recorded = 0, is_run = 0;

    while ((letter = options_next(o, "y:R:C:z:B:dqp")) != -1) {
        if (letter == 'y')
            m.by_columns = input_choice("--by", o->value, ways);
        else if (letter == 'R')
            m.rows = input_number("--rows", o->value, 1, MOST_REFERENCES);
        else if (letter == 'C')
            m.columns = input_number("--columns", o->value, 1, MOST_REFERENCES);
        else if (letter == 'z')
            m.size = input_number("--size", o->value, 1, 1 << 16);
        else if (letter == 'B')
            m.base =
                input_number("--base", o->value, 0, 1L << MEMORY_MOST_BITS);
        else if (letter == 'd')
            is_recorded = 1;
        else if (letter == 'q')
            is_run = 1;
        else
            m.pages = 1;
    }
    if (o->count)
        input_fail("'%.40s' is too many", o->operands[0]);
    if (m.rows * m.columns > MOST_REFERENCES)
        input_fail("a matrix of %ld * %ld has more than %d elements", m.rows,
                   m.columns, MOST_REFERENCES);
    if (is_recorded || is_run)
        return run(&m, is_recorded);
    compute(&m);
    return 0;
}
