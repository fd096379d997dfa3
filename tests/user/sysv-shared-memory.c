/*
 * shmget, shmat, shmdt, shmctl: keys, rights, sizes and addresses; attachments
 * counted through fork, exec, exit, munmap and mremap; life until the last one
 * ends after IPC_RMID.
 *
 * smp: 1 2 4
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { PAGES = 5, SIZE = PAGES * 4096 - 100, ROUNDS = 1000 };

static char *program;
static int id;
static volatile char *memory;

static struct shmid_ds facts(void)
{
    struct shmid_ds ds;
    NEED(shmctl(id, IPC_STAT, &ds) == 0);
    return ds;
}

static long attachments(void)
{
    return (long)facts().shm_nattch;
}

static void *attach(int flags)
{
    void *address = shmat(id, NULL, flags);
    NEED(address != (void *)-1);
    return address;
}

static void check_get(void)
{
    key_t key = 0x68000000 | getpid();
    CHECK_ERRNO(shmget(key, SIZE, 0600), ENOENT, "no such key");
    id = shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(id >= 0, "a new segment");
    CHECK_EQ(shmget(key, SIZE, 0600), id, "found by its key");
    CHECK_EQ(shmget(key, 0, 0), id, "whatever its size");
    CHECK_EQ(shmget(key, SIZE, IPC_CREAT | 0600), id, "IPC_CREAT finds it");
    CHECK_ERRNO(shmget(key, SIZE + 1, 0600), EINVAL, "not larger");
    CHECK_ERRNO(shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0600), EEXIST,
                "IPC_EXCL");
    CHECK_ERRNO(shmget(IPC_PRIVATE, 0, 0600), EINVAL, "no empty segment");
    struct shmid_ds ds = facts();
    CHECK_EQ(ds.shm_segsz, SIZE, "shm_segsz");
    CHECK_EQ(ds.shm_perm.mode, 0640, "mode");
    CHECK_EQ(ds.shm_perm.__key, key, "key");
    CHECK(ds.shm_perm.uid == geteuid() && ds.shm_perm.cgid == getegid(),
          "owner");
    CHECK(ds.shm_cpid == getpid() && ds.shm_lpid == 0, "pids");
    CHECK(ds.shm_atime == 0 && ds.shm_dtime == 0 && ds.shm_ctime > 0, "times");
    ds.shm_perm.mode = 0604;
    CHECK_EQ(shmctl(id, IPC_SET, &ds), 0, "IPC_SET");
    CHECK_EQ(facts().shm_perm.mode, 0604, "the new mode");
    CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0, "IPC_RMID");
    CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL, "it is gone at once");
    CHECK_ERRNO(shmat(id, NULL, 0), EINVAL, "for shmat, too");
    CHECK_ERRNO(shmget(key, SIZE, 0), ENOENT, "and its key");
    int private = shmget(IPC_PRIVATE, 1, 0600);
    int other = shmget(IPC_PRIVATE, 1, 0600);
    CHECK(private >= 0 && other >= 0 && private != other && private != id,
          "IPC_PRIVATE makes new ones");
    CHECK_ERRNO(shmctl(private, 99, &ds), EINVAL, "an unknown command");
    CHECK_ERRNO(shmctl(-1, IPC_RMID, NULL), EINVAL, "a negative id");
    NEED(shmctl(private, IPC_RMID, NULL) == 0);
    NEED(shmctl(other, IPC_RMID, NULL) == 0);
}

static int child_writes_read_only(void *unused)
{
    (void)unused;
    memory[0] = 1;
    return 0;
}

static void check_addresses(void)
{
    memory = attach(0);
    CHECK((uintptr_t)memory % SHMLBA == 0, "aligned");
    memory[0] = 'a';
    memory[PAGES * PAGE - 1] = 'z';
    volatile char *twin = attach(0);
    CHECK(twin != memory && twin[0] == 'a', "twice in one process");
    CHECK_EQ(attachments(), 2, "2 attachments");
    volatile char *fixed =
        mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(fixed != MAP_FAILED && munmap((void *)fixed, PAGES * PAGE) == 0);
    CHECK(shmat(id, (void *)(fixed + 5), SHM_RND) == fixed, "SHM_RND");
    CHECK_ERRNO(shmat(id, (void *)(fixed + 5), 0), EINVAL, "not aligned");
    CHECK_ERRNO(shmat(id, (void *)fixed, 0), EINVAL, "the place is taken");
    CHECK(shmat(id, (void *)fixed, SHM_REMAP) == fixed, "SHM_REMAP");
    CHECK_ERRNO(shmat(id, NULL, SHM_REMAP), EINVAL, "SHM_REMAP of NULL");
    CHECK_EQ(attachments(), 3, "3 attachments");
    CHECK_ERRNO(shmdt((void *)(fixed + PAGE)), EINVAL, "shmdt of the middle");
    CHECK_ERRNO(shmdt((void *)(fixed + 1)), EINVAL, "shmdt not aligned");
    CHECK_EQ(shmdt((void *)fixed), 0, "shmdt");
    CHECK_ERRNO(shmdt((void *)fixed), EINVAL, "once only");
    CHECK_EQ(shmdt((void *)twin), 0, "shmdt");
    CHECK_EQ(attachments(), 1, "1 attachment");
    volatile char *mine = memory;
    memory = attach(SHM_RDONLY);
    CHECK(memory[0] == 'a', "read-only");
    CHECK_DIES(child_writes_read_only, NULL, SIGSEGV, "and not to be written");
    CHECK_ERRNO(mprotect((void *)memory, PAGE, PROT_READ | PROT_WRITE), EACCES,
                "not even by mprotect");
    CHECK_EQ(shmdt((void *)memory), 0, "shmdt");
    memory = mine;
}

static void check_partial(void)
{
    char *part = attach(0);
    CHECK_EQ(munmap(part + PAGE, PAGE), 0, "unmap a page");
    CHECK_EQ(attachments(), 3, "the parts count");
    CHECK_EQ(munmap(part, PAGE), 0, "unmap the first");
    CHECK_EQ(attachments(), 2, "one part is gone");
    CHECK_EQ(shmdt(part), 0, "shmdt finds the rest");
    CHECK_EQ(attachments(), 1, "and takes it away");
    part = attach(0);
    NEED(munmap(part, PAGES * PAGE) == 0);
    CHECK_EQ(attachments(), 1, "munmap of all");
    CHECK_ERRNO(shmdt(part), EINVAL, "leaves nothing to shmdt");
}

static int child_looks(void *unused)
{
    (void)unused;
    CHECK(memory[0] == 'a', "inherited by fork");
    memory[0] = 'b';
    return attachments() == 2 ? 0 : 1;
}

static int child_executes(void *unused)
{
    (void)unused;
    char number[12];
    char *const arguments[] = { program, (char *)"exec", number, NULL };
    char *digit = number + 11;
    int rest = id;
    *digit = 0;
    do {
        *--digit = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    memmove(number, digit, strlen(digit) + 1);
    execv(program, arguments);
    return 99;
}

static int child_waits(void *unused)
{
    (void)unused;
    pause();
    return 0;
}

static void check_processes(void)
{
    CHECK_EQ(child_run(child_looks, NULL), 0, "2 attachments after fork");
    CHECK(memory[0] == 'b', "the child's write is here");
    CHECK_EQ(attachments(), 1, "its end is a shmdt");
    struct shmid_ds ds = facts();
    CHECK(ds.shm_lpid != getpid() && ds.shm_dtime >= ds.shm_ctime,
          "shm_lpid and shm_dtime tell so");
    CHECK_EQ(child_run(child_executes, NULL), 1 << 8, "exec detaches");
    pid_t pid = child_start(child_waits, NULL);
    CHECK_EQ(attachments(), 2, "a child that waits");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "is killed");
    CHECK_EQ(attachments(), 1, "and detached");
}

static int child_keeps(void *gate)
{
    gate_pass(gate);
    return memory[1] == 'k' && attachments() == 1 && shmdt((void *)memory) == 0
               ? 0
               : 1;
}

static void check_end(void)
{
    struct shmid_ds ds;
    struct gate gate;
    gate_make(&gate);
    memory[1] = 'k';
    pid_t pid = child_start(child_keeps, &gate);
    CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0, "IPC_RMID while attached");
    ds = facts();
    CHECK(ds.shm_perm.mode & SHM_DEST, "SHM_DEST");
    CHECK_EQ(ds.shm_perm.__key, IPC_PRIVATE, "the key is gone");
    void *late = shmat(id, NULL, 0);
    CHECK(late != (void *)-1, "its id still works");
    CHECK_EQ(shmdt(late), 0, "shmdt");
    CHECK_EQ(shmdt((void *)memory), 0, "the parent's shmdt");
    gate_open(&gate);
    CHECK_EQ(child_wait(pid), 0, "the child was the last");
    CHECK_ERRNO(shmctl(id, IPC_STAT, &ds), EINVAL, "now it is gone");
    gate_close(&gate);
}

static int child_is_nobody(void *unused)
{
    (void)unused;
    struct shmid_ds ds;
    if (setgid(65534) != 0 || setuid(65534) != 0) {
        return 1;
    }
    CHECK_ERRNO(shmat(id, NULL, 0), EACCES, "no right to write");
    void *address = shmat(id, NULL, SHM_RDONLY);
    CHECK(address != (void *)-1, "a right to read");
    CHECK_EQ(shmctl(id, IPC_STAT, &ds), 0, "and look");
    CHECK_ERRNO(shmctl(id, IPC_SET, &ds), EPERM, "not the owner");
    CHECK_ERRNO(shmctl(id, IPC_RMID, NULL), EPERM, "so no IPC_RMID");
    return 0;
}

static void check_rights(void)
{
    if (geteuid() != 0) {
        check_skip("rights", "only the superuser can become another user");
        return;
    }
    id = shmget(IPC_PRIVATE, SIZE, 0604);
    NEED(id >= 0);
    CHECK_EQ(child_run(child_is_nobody, NULL), 0, "another user");
    NEED(shmctl(id, IPC_RMID, NULL) == 0);
}

static void check_bad_pointers(void)
{
    id = shmget(IPC_PRIVATE, SIZE, 0600);
    NEED(id >= 0);
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW3(SYS_shmctl, id, IPC_STAT, badptr(i)), -EFAULT,
                 "IPC_STAT: %s", badptr_name(i));
        CHECK_EQ(RAW3(SYS_shmctl, id, IPC_SET, badptr(i)), -EFAULT,
                 "IPC_SET: %s", badptr_name(i));
    }
    NEED(shmctl(id, IPC_RMID, NULL) == 0);
}

/* Both count up in turns: each sees what the other wrote. */
static int child_takes_turns(void *unused)
{
    volatile long *counter = (volatile long *)memory;
    (void)unused;
    for (long i = 0; i < ROUNDS; i++) {
        while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) != 2 * i + 1) {
            sched_yield();
        }
        __atomic_store_n(counter, 2 * i + 2, __ATOMIC_RELEASE);
    }
    return 0;
}

static void check_turns(void)
{
    id = shmget(IPC_PRIVATE, SIZE, 0600);
    NEED(id >= 0);
    memory = attach(0);
    volatile long *counter = (volatile long *)memory;
    pid_t pid = child_start(child_takes_turns, NULL);
    for (long i = 0; i < ROUNDS; i++) {
        __atomic_store_n(counter, 2 * i + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) != 2 * i + 2) {
            sched_yield();
        }
    }
    CHECK_EQ(child_wait(pid), 0, "%d turns", ROUNDS);
    NEED(shmctl(id, IPC_RMID, NULL) == 0 && shmdt((void *)memory) == 0);
}

int main(int argc, char **argv)
{
    if (argc == 3) { /* child_executes: exit with the number of attachments */
        id = 0;
        for (char *digit = argv[2]; *digit; digit++) {
            id = 10 * id + *digit - '0';
        }
        return (int)attachments();
    }
    program = argv[0];
    check_start();
    check_get();
    id = shmget(IPC_PRIVATE, SIZE, 0600);
    NEED(id >= 0);
    check_addresses();
    check_partial();
    check_processes();
    check_end();
    check_rights();
    check_bad_pointers();
    check_turns();
    return check_done();
}
