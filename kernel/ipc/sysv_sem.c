/*
 * ipc/sysv_sem.c - System V semaphores: sets of counters changed together.
 *
 * 1 Idea      A call's operations are tried one after the other on the real
 *             values; if one cannot be done, those before it are taken back and
 *             the caller sleeps until the set changes.  All this happens under
 *             one lock, so that others see all or nothing.
 * 2 States    0 <= value <= SEMVMX.  For each process that used SEM_UNDO on a set
 *             there is an undo record with the sum to add when it ends.  Setting
 *             a value forgets the adjustments of that semaphore.
 * 3 Locking   sets.lock for everything.
 * 4 Failure   A record that cannot be made: ENOMEM, before anything was done.
 * 5 Elsewhere Linux keeps queues per semaphore and does the operations of
 *             sleepers on their behalf, in order of arrival; here every change
 *             wakes all, and the first to get the lock goes first.
 */
#include "ipc/sysv_sem.h"

#include "abi/errno.h"
#include "core/trace.h"
#include "mem/slab.h"
#include "sched/wait.h"

struct semaphore {
    uint16_t value; /* [L] */
    int32_t pid;    /* [L] who changed it last */
};

/* What process `pid` owes to a set. */
struct undo {
    struct list_node link; /* [L] in set->undos */
    int32_t pid;           /* [I] */
    int16_t adjust[];      /* [L] one per semaphore */
};

/* One who sleeps, and the operation that did not go. */
struct sleeper {
    struct list_node link; /* [L] in set->sleepers */
    struct sembuf op;      /* [L] */
};

/* Lock key: [I] set at creation  [L] sets.lock */
struct set {
    struct sysv_object object;
    uint32_t count;             /* [I] */
    time_t otime, ctime;        /* [L] */
    struct list_node undos;     /* [L] */
    struct list_node sleepers;  /* [L] */
    struct wait_queue changed;  /* who waits for other values */
    struct semaphore members[]; /* [L] */
};

/* A call on its way. */
struct request {
    struct set *set;
    const struct sembuf *ops;
    unsigned count;
    struct undo *undo; /* NULL: none of ops has SEM_UNDO */
    struct sleeper sleeper;
};

enum { BLOCKED = 1 };

static struct sysv_ids sets;
static uint32_t all_semaphores; /* [L] of all sets */
static uint32_t all_undos;      /* [L] to write; undo records of all sets */

static struct set *set_of(struct sysv_object *object)
{
    return container_of(object, struct set, object);
}

static void free_undo(struct undo *undo)
{
    list_remove(&undo->link);
    kfree(undo);
    __atomic_fetch_sub(&all_undos, 1, __ATOMIC_RELAXED);
}

static void free_undos(struct set *s)
{
    struct undo *undo, *next;

    list_for_each_safe (undo, next, &s->undos, link)
        free_undo(undo);
}

static void destroy(struct sysv_object *object)
{
    free_undos(set_of(object));
    all_semaphores -= set_of(object)->count;
    kfree(set_of(object));
}

/* ---- semget ------------------------------------------------------------ */

static int64_t create(key_t key, int count, int flags) MUST_HOLD(sets.lock);
static int64_t create(key_t key, int count, int flags)
{
    if (count < 1 || count > SEMMSL)
        return -EINVAL;
    if ((uint32_t)count > SEMMNS - all_semaphores)
        return -ENOSPC;
    struct set *s =
        kmalloc_zeroed(sizeof(*s) + (size_t)count * sizeof(s->members[0]));
    if (!s)
        return -ENOMEM;
    s->count = (uint32_t)count;
    s->ctime = sysv_now();
    list_init(&s->undos);
    list_init(&s->sleepers);
    wait_queue_init(&s->changed);
    int id = sysv_add(&sets, &s->object, key, flags);
    if (id < 0)
        kfree(s);
    else
        all_semaphores += s->count;
    return id;
}

int64_t sysv_sem_get(key_t key, int count, int flags)
{
    struct sysv_object *object;

    if (count < 0 || count > SEMMSL)
        return -EINVAL;
    mutex_lock(&sets.lock);
    int64_t result = sysv_get(&sets, key, flags, &object);
    if (result == 0 && !object)
        result = create(key, count, flags);
    else if (result == 0)
        result = (uint32_t)count > set_of(object)->count ? -EINVAL : object->id;
    mutex_unlock(&sets.lock);
    return result;
}

/* ---- semop ------------------------------------------------------------- */

/* The caller's undo record for the set, made if need be; NULL: no memory. */
static struct undo *get_undo(struct set *s) MUST_HOLD(sets.lock);
static struct undo *get_undo(struct set *s)
{
    int32_t pid = sysv_pid();
    struct undo *undo;

    list_for_each (undo, &s->undos, link)
        if (undo->pid == pid)
            return undo;
    undo = kmalloc_zeroed(sizeof(*undo) + s->count * sizeof(undo->adjust[0]));
    if (!undo)
        return NULL;
    undo->pid = pid;
    list_add_tail(&s->undos, &undo->link);
    __atomic_fetch_add(&all_undos, 1, __ATOMIC_RELAXED);
    return undo;
}

/* One operation: 0, BLOCKED, -ERANGE. */
static int apply(struct request *r, const struct sembuf *op)
    MUST_HOLD(sets.lock);
static int apply(struct request *r, const struct sembuf *op)
{
    struct semaphore *member = &r->set->members[op->sem_num];
    int value = member->value + op->sem_op;

    if (op->sem_op == 0 ? member->value != 0 : value < 0)
        return BLOCKED;
    if (value > SEMVMX)
        return -ERANGE;
    if (op->sem_flg & SEM_UNDO) {
        int adjust = r->undo->adjust[op->sem_num] - op->sem_op;
        if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
            return -ERANGE;
        r->undo->adjust[op->sem_num] = (int16_t)adjust;
    }
    member->value = (uint16_t)value;
    return 0;
}

static void take_back(struct request *r, const struct sembuf *op)
    MUST_HOLD(sets.lock);
static void take_back(struct request *r, const struct sembuf *op)
{
    struct semaphore *member = &r->set->members[op->sem_num];

    member->value = (uint16_t)(member->value - op->sem_op);
    if (op->sem_flg & SEM_UNDO)
        r->undo->adjust[op->sem_num] =
            (int16_t)(r->undo->adjust[op->sem_num] + op->sem_op);
}

/* All operations or none: 0, BLOCKED (by sleeper.op), -EAGAIN, -ERANGE. */
static int try_all(struct request *r) MUST_HOLD(sets.lock);
static int try_all(struct request *r)
{
    int result = 0;
    unsigned done = 0;

    while (done < r->count && (result = apply(r, &r->ops[done])) == 0)
        done++;
    if (result == 0)
        return 0;
    r->sleeper.op = r->ops[done];
    while (done-- > 0)
        take_back(r, &r->ops[done]);
    return result == BLOCKED && (r->sleeper.op.sem_flg & IPC_NOWAIT) ? -EAGAIN
                                                                     : result;
}

/* Note who changed what, and wake the others. */
static void finish(struct request *r) MUST_HOLD(sets.lock);
static void finish(struct request *r)
{
    bool changed = false;

    for (unsigned i = 0; i < r->count; i++) {
        struct semaphore *member = &r->set->members[r->ops[i].sem_num];
        trace(SEMAPHORE, r->set, r->ops[i].sem_num, r->ops[i].sem_op,
              member->value);
        member->pid = sysv_pid();
        changed |= r->ops[i].sem_op != 0;
    }
    r->set->otime = sysv_now();
    if (changed)
        wake_up_all(&r->set->changed);
}

static int operate(struct request *r, uint64_t deadline) MUST_HOLD(sets.lock);
static int operate(struct request *r, uint64_t deadline)
{
    int result = try_all(r);

    if (result == BLOCKED) {
        list_add_tail(&r->set->sleepers, &r->sleeper.link);
        int err = wait_event(&r->set->changed,
                             r->set->object.removed ||
                                 (result = try_all(r)) != BLOCKED,
                             &sets.lock, WAIT_INTERRUPTIBLE, deadline);
        list_remove(&r->sleeper.link);
        if (err != 0)
            result = err == -ETIMEDOUT ? -EAGAIN : -EINTR;
        else if (r->set->object.removed)
            return -EIDRM;
    }
    if (result == 0)
        finish(r);
    return result;
}

/* Do the numbers exist, is an undo record there?  0, -EFBIG, -ENOMEM. */
static int prepare(struct request *r) MUST_HOLD(sets.lock);
static int prepare(struct request *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        if (r->ops[i].sem_num >= r->set->count)
            return -EFBIG;
        if ((r->ops[i].sem_flg & SEM_UNDO) && !r->undo)
            r->undo = get_undo(r->set);
        else
            continue;
        if (!r->undo)
            return -ENOMEM;
    }
    return 0;
}

/* Waiting for 0 needs the right to read, changing that to write. */
static unsigned rights_for(const struct sembuf *ops, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (ops[i].sem_op != 0)
            return SYSV_WRITE;
    return SYSV_READ;
}

int64_t sysv_sem_operate(int id, const struct sembuf *ops, unsigned count,
                         uint64_t deadline)
{
    struct request r = { .ops = ops, .count = count };
    struct sysv_object *object;

    mutex_lock(&sets.lock);
    int err = sysv_find(&sets, id, rights_for(ops, count), &object);
    if (err == 0) {
        r.set = set_of(object);
        err = prepare(&r);
    }
    if (err == 0) {
        object->refs++;
        err = operate(&r, deadline);
        sysv_put(&sets, object);
    }
    mutex_unlock(&sets.lock);
    return err;
}

/* ---- the end of a process ---------------------------------------------- */

static void undo_for(struct sysv_object *object, void *arg)
    MUST_HOLD(sets.lock);
static void undo_for(struct sysv_object *object, void *arg)
{
    struct set *s = set_of(object);
    struct undo *undo, *next;
    int32_t pid = *(int32_t *)arg;

    list_for_each_safe (undo, next, &s->undos, link) {
        if (undo->pid != pid)
            continue;
        for (uint32_t i = 0; i < s->count; i++) {
            int value = s->members[i].value + undo->adjust[i];
            if (undo->adjust[i] == 0)
                continue;
            s->members[i].value = (uint16_t)MIN(MAX(value, 0), SEMVMX);
            s->members[i].pid = pid;
        }
        free_undo(undo);
        s->otime = sysv_now();
        wake_up_all(&s->changed);
    }
}

void sysv_sem_exit(int32_t pid)
{
    if (__atomic_load_n(&all_undos, __ATOMIC_RELAXED) != 0)
        sysv_for_each(&sets, undo_for, &pid);
}

/* ---- semctl ------------------------------------------------------------ */

static void fill_facts(const struct set *s, struct semid_ds *out)
{
    *out = (struct semid_ds){
        .sem_perm = s->object.perm,
        .sem_otime = s->otime,
        .sem_ctime = s->ctime,
        .sem_nsems = s->count,
    };
}

int64_t sysv_sem_stat(int id, int command, struct semid_ds *out)
{
    struct sysv_object *object;
    int64_t result;

    mutex_lock(&sets.lock);
    if (command == IPC_STAT)
        result = sysv_find(&sets, id, SYSV_READ, &object);
    else
        result = sysv_find_slot(&sets, id, command == SEM_STAT ? SYSV_READ : 0,
                                &object);
    if (result == 0) {
        fill_facts(set_of(object), out);
        result = command == IPC_STAT ? 0 : object->id;
    }
    mutex_unlock(&sets.lock);
    return result;
}

int64_t sysv_sem_change(int id, const struct semid_ds *from)
{
    struct sysv_object *object;

    mutex_lock(&sets.lock);
    int err = sysv_find_owned(&sets, id, &object);
    if (err == 0 && from) {
        sysv_set(object, &from->sem_perm);
        set_of(object)->ctime = sysv_now();
    } else if (err == 0) {
        object->refs++; /* the set outlives the wake-up */
        free_undos(set_of(object));
        sysv_remove(&sets, object);
        wake_up_all(&set_of(object)->changed);
        sysv_put(&sets, object);
    }
    mutex_unlock(&sets.lock);
    return err;
}

/* How many sleep until the semaphore rises (or, `for_zero`, becomes 0)? */
static int count_sleepers(const struct set *s, int number, bool for_zero)
{
    const struct sleeper *sleeper;
    int n = 0;

    list_for_each (sleeper, &s->sleepers, link)
        n += sleeper->op.sem_num == number &&
             (sleeper->op.sem_op == 0) == for_zero;
    return n;
}

static int64_t read_member(const struct set *s, int number, int command)
{
    if (number < 0 || (uint32_t)number >= s->count)
        return -EINVAL;
    switch (command) {
    case GETVAL:
        return s->members[number].value;
    case GETPID:
        return s->members[number].pid;
    default:
        return count_sleepers(s, number, command == GETZCNT);
    }
}

int64_t sysv_sem_read(int id, int number, int command)
{
    struct sysv_object *object;

    mutex_lock(&sets.lock);
    int64_t result = sysv_find(&sets, id, SYSV_READ, &object);
    if (result == 0)
        result = read_member(set_of(object), number, command);
    mutex_unlock(&sets.lock);
    return result;
}

/* SETVAL of one member: nobody has to undo it any more. */
static void write_member(struct set *s, uint32_t number, uint16_t value)
    MUST_HOLD(sets.lock);
static void write_member(struct set *s, uint32_t number, uint16_t value)
{
    struct undo *undo;

    list_for_each (undo, &s->undos, link)
        undo->adjust[number] = 0;
    s->members[number].value = value;
    s->members[number].pid = sysv_pid();
    s->ctime = sysv_now();
}

int64_t sysv_sem_write(int id, int number, int value)
{
    struct sysv_object *object;

    if (value < 0 || value > SEMVMX)
        return -ERANGE;
    mutex_lock(&sets.lock);
    int err = sysv_find(&sets, id, SYSV_WRITE, &object);
    if (err == 0 && (number < 0 || (uint32_t)number >= set_of(object)->count))
        err = -EINVAL;
    if (err == 0) {
        write_member(set_of(object), (uint32_t)number, (uint16_t)value);
        wake_up_all(&set_of(object)->changed);
    }
    mutex_unlock(&sets.lock);
    return err;
}

int64_t sysv_sem_count(int id, unsigned rights)
{
    struct sysv_object *object;

    mutex_lock(&sets.lock);
    int64_t result = sysv_find(&sets, id, rights, &object);
    if (result == 0)
        result = set_of(object)->count;
    mutex_unlock(&sets.lock);
    return result;
}

int64_t sysv_sem_read_all(int id, uint16_t *values, unsigned count)
{
    struct sysv_object *object;

    mutex_lock(&sets.lock);
    int err = sysv_find(&sets, id, SYSV_READ, &object);
    if (err == 0 && set_of(object)->count != count)
        err = -EIDRM;
    for (unsigned i = 0; err == 0 && i < count; i++)
        values[i] = set_of(object)->members[i].value;
    mutex_unlock(&sets.lock);
    return err;
}

int64_t sysv_sem_write_all(int id, const uint16_t *values, unsigned count)
{
    struct sysv_object *object;

    for (unsigned i = 0; i < count; i++)
        if (values[i] > SEMVMX)
            return -ERANGE;
    mutex_lock(&sets.lock);
    int err = sysv_find(&sets, id, SYSV_WRITE, &object);
    if (err == 0 && set_of(object)->count != count)
        err = -EIDRM;
    if (err == 0) {
        for (unsigned i = 0; i < count; i++)
            write_member(set_of(object), i, values[i]);
        wake_up_all(&set_of(object)->changed);
    }
    mutex_unlock(&sets.lock);
    return err;
}

int64_t sysv_sem_info(int command, struct seminfo *out)
{
    *out = (struct seminfo){
        .semmap = SEMMNS,
        .semmni = SEMMNI,
        .semmns = SEMMNS,
        .semmnu = SEMMNS,
        .semmsl = SEMMSL,
        .semopm = SEMOPM,
        .semume = SEMOPM,
        .semusz = 20,
        .semvmx = SEMVMX,
        .semaem = SEMAEM,
    };
    mutex_lock(&sets.lock);
    if (command == SEM_INFO) {
        out->semusz = (int)sets.used;
        out->semaem = (int)all_semaphores;
    }
    int highest = sysv_highest(&sets);
    mutex_unlock(&sets.lock);
    return highest;
}

struct visit {
    void (*show)(int id, const struct semid_ds *facts, void *arg);
    void *arg;
};

static void visit_set(struct sysv_object *object, void *arg)
{
    const struct visit *v = arg;
    struct semid_ds facts;

    fill_facts(set_of(object), &facts);
    v->show(object->id, &facts, v->arg);
}

void sysv_sem_for_each(void (*show)(int id, const struct semid_ds *facts,
                                    void *arg),
                       void *arg)
{
    struct visit v = { show, arg };

    sysv_for_each(&sets, visit_set, &v);
}

void sysv_sem_init(void)
{
    sysv_ids_init(&sets, "semaphores", SEMMNI, destroy);
}
