/*
 * fork: private memory is shared until written, in each direction, and each
 * process then sees only its own writes.  Minor faults tell that pages were
 * not copied by fork itself.
 *
 * Bad input: rows 87 (the kernel writes first), 88, 89 (rights change after
 * fork), 90 (generations, many sharers, one side unmaps).
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { PAGES = 64, SHARERS = 60 };

static char *memory;

static void fill(int value)
{
    for (int i = 0; i < PAGES; i++) {
        memset(memory + (size_t)i * PAGE, value + i, PAGE);
    }
}

static bool holds(int value)
{
    for (size_t i = 0; i < PAGES * PAGE; i++) {
        if (memory[i] != (char)(value + (int)(i / PAGE))) {
            return false;
        }
    }
    return true;
}

static long minor_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static int child_overwrites(void *unused)
{
    long before = minor_faults();
    fill(100);
    long faults = minor_faults() - before;
    return faults < PAGES / 2 ? 2 : !holds(100);
}

static int child_keeps_snapshot(void *gates)
{
    struct gate *gate = gates;
    gate_open(&gate[0]);
    gate_pass(&gate[1]); /* the parent has written meanwhile */
    return holds(1) ? 0 : 1;
}

static void check_both_directions(void)
{
    struct gate gates[2];
    fill(1);
    CHECK_EXITS(child_overwrites, NULL, 0, "child writes: faults, own copy");
    CHECK(holds(1), "the parent's bytes stand");
    gate_make(&gates[0]);
    gate_make(&gates[1]);
    pid_t pid = child_start(child_keeps_snapshot, gates);
    gate_pass(&gates[0]);
    fill(50);
    gate_open(&gates[1]);
    CHECK_EQ(child_wait(pid), 0, "parent writes: child's snapshot stands");
    CHECK(holds(50), "the parent sees its writes");
    gate_close(&gates[0]);
    gate_close(&gates[1]);
}

/* Row 87: bytes that arrive by read, wait4, pipe and clock_gettime. */
static int child_kernel_writes(void *unused)
{
    int ends[2];
    char *page = memory + 5 * PAGE;
    if (pipe((int *)(void *)page) < 0) {
        return 1;
    }
    memcpy(ends, page, sizeof(ends));
    if (write(ends[1], "hello", 5) != 5 ||
        read(ends[0], memory + 6 * PAGE, 5) != 5) {
        return 2;
    }
    if (fork() == 0) {
        _exit(9);
    }
    if (wait((int *)(void *)(memory + 7 * PAGE)) < 0) {
        return 3;
    }
    clock_gettime(CLOCK_REALTIME, (void *)(memory + 8 * PAGE));
    return memcmp(memory + 6 * PAGE, "hello", 5) ||
           *(int *)(void *)(memory + 7 * PAGE) != 9 << 8;
}

static int child_flips_rights(void *unused)
{
    if (mprotect(memory, PAGES * PAGE, PROT_READ) < 0 ||
        mprotect(memory, PAGES * PAGE, PROT_READ | PROT_WRITE) < 0) {
        return 1;
    }
    fill(30);
    return holds(30) ? 0 : 2;
}

static int child_writes_read_only(void *unused)
{
    mprotect(memory, PAGE, PROT_READ);
    *(volatile char *)memory = 9;
    return 0;
}

static int child_writes_text(void *unused)
{
    *(volatile char *)(uintptr_t)child_writes_text = 9;
    return 0;
}

/* Row 90: the middle generation ends before its child writes. */
static int child_middle(void *gates)
{
    struct gate *gate = gates;
    if (fork() == 0) {
        gate_pass(&gate[0]); /* our parent is gone */
        bool same = holds(50);
        fill(70);
        bool own = holds(70);
        NEED(write(gate[1].ends[1], same && own ? "y" : "n", 1) == 1);
        _exit(0);
    }
    return 0;
}

static void check_generations(void)
{
    struct gate gates[2];
    char verdict = '?';
    gate_make(&gates[0]);
    gate_make(&gates[1]);
    CHECK_EXITS(child_middle, gates, 0, "middle generation ends first");
    gate_open(&gates[0]);
    NEED(read(gates[1].ends[0], &verdict, 1) == 1);
    CHECK_EQ(verdict, 'y', "grandchild: snapshot, then own writes");
    CHECK(holds(50), "grandparent unharmed");
    gate_close(&gates[0]);
    gate_close(&gates[1]);
}

static int child_sharer(void *gate)
{
    gate_pass(gate);
    return holds(50) ? 0 : 1;
}

static void check_many_sharers(void)
{
    struct gate gate;
    pid_t pids[SHARERS];
    int bad = 0;
    gate_make(&gate);
    for (int i = 0; i < SHARERS; i++) {
        pids[i] = child_start(child_sharer, &gate);
    }
    fill(90);
    for (int i = 0; i < SHARERS; i++) {
        gate_open(&gate);
    }
    for (int i = 0; i < SHARERS; i++) {
        bad += child_wait(pids[i]) != 0;
    }
    CHECK_EQ(bad, 0, "%d sharers keep the bytes of the fork", SHARERS);
    CHECK(holds(90), "the writer has its own");
    gate_close(&gate);
    fill(50);
}

static int child_unmaps(void *unused)
{
    return munmap(memory, PAGES * PAGE);
}

int main(void)
{
    check_start();
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
    check_both_directions();
    CHECK_EXITS(child_kernel_writes, NULL, 0, "the kernel's writes copy too");
    CHECK(holds(50), "... and do not reach the parent");
    CHECK_EXITS(child_flips_rights, NULL, 0, "read-only and back: copies");
    CHECK(holds(50), "... the parent's bytes stand");
    CHECK_DIES(child_writes_read_only, NULL, SIGSEGV, "read-only after fork");
    CHECK_DIES(child_writes_text, NULL, SIGSEGV, "text stays read-only");
    check_generations();
    check_many_sharers();
    CHECK_EXITS(child_unmaps, NULL, 0, "one side unmaps");
    CHECK(holds(50), "... the other keeps its pages");
    fill(3);
    CHECK(holds(3), "... and may write them");
    return check_done();
}
