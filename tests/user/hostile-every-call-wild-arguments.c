/*
 * Every call number from 0 to 449 with the same wild value in all arguments:
 * it returns, or its process can be killed; nothing else happens.
 *
 * Bad input: row 35.  Left out: reboot, what makes processes, what signals
 * others.  Runs without privileges.
 */
#include <sched.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/numbers.h"
#include "common/raw.h"

enum { CALLS = 450, STUCK_MS = 50, NOBODY = 65534 };

struct progress {
    volatile long number, value;
};

static struct progress *progress;

static bool left_out(long number)
{
    static const short list[] = {
        SYS_reboot,    SYS_fork,
        SYS_vfork,     SYS_clone,
        SYS_kill,      SYS_tkill,
        SYS_tgkill,    NUMBER_rt_sigqueueinfo,
        NUMBER_clone3, NUMBER_rt_tgsigqueueinfo,
        NUMBER_ptrace,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(list); i++) {
        if (list[i] == number) {
            return true;
        }
    }
    return false;
}

static int child_calls(void *unused)
{
    long value = progress->value;
    if (setgid(NOBODY) || setuid(NOBODY)) {
        return 1;
    }
    while (progress->number < CALLS) {
        long number = progress->number;
        if (!left_out(number)) {
            raw_call(number, value, value, value, value, value, value);
        }
        progress->number = number + 1;
    }
    return 0;
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for the child; kill it when it makes no progress. */
static void watch(pid_t pid)
{
    long seen = -1, since = now_ms();
    int status;
    for (int spins = 0;; spins++) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid && !WIFSTOPPED(status)) {
            return;
        }
        if (progress->number != seen) {
            seen = progress->number;
            since = now_ms();
        } else if (now_ms() - since > STUCK_MS) {
            kill(pid, SIGKILL);
        }
        if (spins < 200) {
            sched_yield();
        } else {
            usleep(500);
        }
    }
}

static void check_value(unsigned long value, const char *name)
{
    int deaths = 0;
    progress->number = 0;
    progress->value = (long)value;
    while (progress->number < CALLS) {
        long before = progress->number;
        watch(child_start(child_calls, NULL));
        if (progress->number < CALLS) {
            progress->number++; /* go on behind the call that ended it */
        }
        deaths++;
        NEED(progress->number > before);
    }
    CHECK(getpid() > 0, "all calls with %s (%d processes)", name, deaths);
}

/* msgget(0, 0) and the like make objects that outlive who made them. */
static void remove_ipc_objects(void)
{
    struct msqid_ds queue;
    struct semid_ds set;
    struct shmid_ds segment;
    for (int i = msgctl(0, MSG_INFO, (void *)&(struct msginfo){ 0 }); i >= 0;
         i--) {
        int id = msgctl(i, MSG_STAT, &queue);
        if (id >= 0 && queue.msg_perm.cuid == NOBODY) {
            NEED(msgctl(id, IPC_RMID, NULL) == 0);
        }
    }
    for (int i = semctl(0, 0, SEM_INFO, &(struct seminfo){ 0 }); i >= 0; i--) {
        int id = semctl(i, 0, SEM_STAT, &set);
        if (id >= 0 && set.sem_perm.cuid == NOBODY) {
            NEED(semctl(id, 0, IPC_RMID) == 0);
        }
    }
    for (int i = shmctl(0, SHM_INFO, (void *)&(struct shm_info){ 0 }); i >= 0;
         i--) {
        int id = shmctl(i, SHM_STAT, &segment);
        if (id >= 0 && segment.shm_perm.cuid == NOBODY) {
            NEED(shmctl(id, IPC_RMID, NULL) == 0);
        }
    }
}

int main(void)
{
    static const unsigned long values[] = {
        0, 1, 3, 8, 0x7fffffff, 0x80000000, 1ul << 63, 0x7ffffffff000,
    };
    static char page[4096];
    check_start();
    progress = shared_memory(PAGE);
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        char name[20] = "value 0";
        name[6] = (char)('0' + (int)i);
        check_value(values[i], name);
    }
    for (size_t i = 0; i < badptr_count(); i += 3) {
        check_value((unsigned long)(uintptr_t)badptr(i), badptr_name(i));
    }
    check_value((uintptr_t)page, "a good pointer");
    remove_ipc_objects();
    return check_done();
}
