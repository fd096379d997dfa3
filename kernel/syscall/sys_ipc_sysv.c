/*
 * syscall/sys_ipc_sysv.c - System V shared memory, messages and semaphores:
 * copies arguments in and results out.
 *
 * Locks:  none held.  Next: ipc/sysv_shm.c, ipc/sysv_msg.c, ipc/sysv_sem.c.
 */
#include "abi/errno.h"
#include "ipc/sysv_msg.h"
#include "ipc/sysv_sem.h"
#include "ipc/sysv_shm.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

/* Copy `object` out unless `result` is an error. */
#define put_result(result, object, pointer)                                    \
    ({                                                                         \
        int64_t result_ = (result);                                            \
        if (result_ >= 0 && put_user(object, pointer) != 0)                    \
            result_ = -EFAULT;                                                 \
        result_;                                                               \
    })

/* ---- shared memory ------------------------------------------------------- */

int64_t sys_shmget(int key, size_t bytes, int flags)
{
    return sysv_shm_get(key, bytes, flags);
}

int64_t sys_shmat(int id, unsigned long address, int flags)
{
    return sysv_shm_attach(process_current()->space, id, address, flags);
}

int64_t sys_shmdt(unsigned long address)
{
    return sysv_shm_detach(process_current()->space, address);
}

static int64_t shm_usage(struct shm_info __user *out)
{
    struct shm_info usage;
    int64_t result = sysv_shm_usage(&usage);

    return put_result(result, usage, out);
}

static int64_t shm_limits(struct shminfo __user *out)
{
    struct shminfo limits;
    int64_t result = sysv_shm_limits(&limits);

    return put_result(result, limits, out);
}

int64_t sys_shmctl(int id, int command, struct shmid_ds __user *buf)
{
    struct shmid_ds facts = { 0 };
    int64_t result;

    switch (command) {
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY:
        result = sysv_shm_stat(id, command, &facts);
        return put_result(result, facts, buf);
    case IPC_SET:
        if (get_user(facts, buf) != 0)
            return -EFAULT;
        return sysv_shm_change(id, command, &facts);
    case IPC_RMID:
    case SHM_LOCK:
    case SHM_UNLOCK:
        return sysv_shm_change(id, command, NULL);
    case IPC_INFO:
        return shm_limits((struct shminfo __user *)buf);
    case SHM_INFO:
        return shm_usage((struct shm_info __user *)buf);
    default:
        return -EINVAL;
    }
}

/* ---- messages ------------------------------------------------------------ */

int64_t sys_msgget(int key, int flags)
{
    return sysv_msg_get(key, flags);
}

int64_t sys_msgsnd(int id, const struct msgbuf __user *message, size_t bytes,
                   int flags)
{
    long type;

    if (get_user(type, &message->mtype) != 0)
        return -EFAULT;
    return sysv_msg_send(id, type, message->mtext, bytes, flags);
}

int64_t sys_msgrcv(int id, struct msgbuf __user *message, size_t bytes,
                   long wanted, int flags)
{
    long type = 0;
    int64_t result =
        sysv_msg_receive(id, message->mtext, bytes, wanted, flags, &type);

    return put_result(result, type, &message->mtype);
}

int64_t sys_msgctl(int id, int command, struct msqid_ds __user *buf)
{
    struct msqid_ds facts;
    struct msginfo info;
    int64_t result;

    switch (command) {
    case IPC_STAT:
    case MSG_STAT:
    case MSG_STAT_ANY:
        result = sysv_msg_stat(id, command, &facts);
        return put_result(result, facts, buf);
    case IPC_SET:
        if (get_user(facts, buf) != 0)
            return -EFAULT;
        return sysv_msg_change(id, &facts);
    case IPC_RMID:
        return sysv_msg_change(id, NULL);
    case IPC_INFO:
    case MSG_INFO:
        result = sysv_msg_info(command, &info);
        return put_result(result, info, (struct msginfo __user *)buf);
    default:
        return -EINVAL;
    }
}

/* ---- semaphores ---------------------------------------------------------- */

int64_t sys_semget(int key, int count, int flags)
{
    return sysv_sem_get(key, count, flags);
}

/* Point in time after an optional time-out: 0, -EFAULT, -EINVAL. */
static int get_deadline(const struct timespec __user *timeout, uint64_t *out)
{
    struct timespec t;
    uint64_t ns;

    *out = WAIT_FOREVER;
    if (!timeout)
        return 0;
    if (get_user(t, timeout) != 0)
        return -EFAULT;
    if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    if (__builtin_mul_overflow((uint64_t)t.tv_sec, NSEC_PER_SEC, &ns) ||
        __builtin_add_overflow(ns, (uint64_t)t.tv_nsec + clock_now_ns(), out))
        *out = WAIT_FOREVER;
    return 0;
}

int64_t sys_semtimedop(int id, const struct sembuf __user *ops, size_t count,
                       const struct timespec __user *timeout)
{
    uint64_t deadline;

    if (count < 1 || id < 0)
        return -EINVAL;
    if (count > SEMOPM)
        return -E2BIG;
    int64_t err = get_deadline(timeout, &deadline);
    if (err != 0)
        return err;
    struct sembuf *copy = kmalloc(count * sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    err = copy_from_user(copy, ops, count * sizeof(*copy));
    if (err == 0)
        err = sysv_sem_operate(id, copy, (unsigned)count, deadline);
    kfree(copy);
    return err;
}

int64_t sys_semop(int id, const struct sembuf __user *ops, size_t count)
{
    return sys_semtimedop(id, ops, count, NULL);
}

static int64_t sem_all(int id, int command, uint16_t __user *values)
{
    int64_t count =
        sysv_sem_count(id, command == GETALL ? SYSV_READ : SYSV_WRITE);

    if (count < 0)
        return count;
    size_t bytes = (size_t)count * sizeof(*values);
    uint16_t *copy = kmalloc(bytes);
    if (!copy)
        return -ENOMEM;
    int64_t err = 0;
    if (command == SETALL) {
        err = copy_from_user(copy, values, bytes);
        if (err == 0)
            err = sysv_sem_write_all(id, copy, (unsigned)count);
    } else {
        err = sysv_sem_read_all(id, copy, (unsigned)count);
        if (err == 0)
            err = copy_to_user(values, copy, bytes);
    }
    kfree(copy);
    return err;
}

static int64_t sem_info(int command, struct seminfo __user *out)
{
    struct seminfo info;
    int64_t result = sysv_sem_info(command, &info);

    return put_result(result, info, out);
}

static int64_t sem_stat(int id, int command, struct semid_ds __user *out)
{
    struct semid_ds facts;
    int64_t result = sysv_sem_stat(id, command, &facts);

    return put_result(result, facts, out);
}

int64_t sys_semctl(int id, int number, int command, unsigned long argument)
{
    struct semid_ds facts;

    switch (command) {
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
        return sem_stat(id, command, (struct semid_ds __user *)argument);
    case IPC_SET:
        if (get_user(facts, (struct semid_ds __user *)argument) != 0)
            return -EFAULT;
        return sysv_sem_change(id, &facts);
    case IPC_RMID:
        return sysv_sem_change(id, NULL);
    case IPC_INFO:
    case SEM_INFO:
        return sem_info(command, (struct seminfo __user *)argument);
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
        return sysv_sem_read(id, number, command);
    case SETVAL:
        return sysv_sem_write(id, number, (int)argument);
    case GETALL:
    case SETALL:
        return sem_all(id, command, (uint16_t __user *)argument);
    default:
        return -EINVAL;
    }
}
