/*
 * proc/procfs_ipc.c - /proc/sysvipc: the System V objects there are.
 *
 * Idea:   one line for each object of a kind, in Linux's columns.
 * Locks:  the kind's, while its objects are visited.
 * Next:   ipc/sysv.c.
 */
#include "ipc/sysv_msg.h"
#include "ipc/sysv_sem.h"
#include "ipc/sysv_shm.h"
#include "proc/procfs.h"

static void show_owner(struct text *out, const struct ipc_perm *perm)
{
    text_printf(out, " %5u %5u %5u %5u", perm->uid, perm->gid, perm->cuid,
                perm->cgid);
}

static void show_head(struct text *out, int id, const struct ipc_perm *perm)
{
    text_printf(out, "%10d %10d  %4o ", perm->__key, id, perm->mode);
}

static void show_segment(int id, const struct shmid_ds *facts,
                         uint64_t resident, void *arg)
{
    struct text *out = arg;

    show_head(out, id, &facts->shm_perm);
    text_printf(out, "%21lu %5u %5u  %5lu", facts->shm_segsz,
                (unsigned)facts->shm_cpid, (unsigned)facts->shm_lpid,
                facts->shm_nattch);
    show_owner(out, &facts->shm_perm);
    text_printf(out, " %10ld %10ld %10ld %21lu %21u\n", facts->shm_atime,
                facts->shm_dtime, facts->shm_ctime, resident << PAGE_SHIFT, 0);
}

static int show_shm(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "       key      shmid perms                  size  cpid  "
                     "lpid nattch   uid   gid  cuid  cgid      atime      "
                     "dtime      ctime                   rss"
                     "                  swap\n");
    sysv_shm_for_each(show_segment, out);
    return 0;
}

static void show_queue(int id, const struct msqid_ds *facts, void *arg)
{
    struct text *out = arg;

    show_head(out, id, &facts->msg_perm);
    text_printf(out, " %10lu %10lu %5u %5u", facts->__msg_cbytes,
                facts->msg_qnum, (unsigned)facts->msg_lspid,
                (unsigned)facts->msg_lrpid);
    show_owner(out, &facts->msg_perm);
    text_printf(out, " %10ld %10ld %10ld\n", facts->msg_stime, facts->msg_rtime,
                facts->msg_ctime);
}

static int show_msg(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "       key      msqid perms      cbytes       qnum lspid "
                     "lrpid   uid   gid  cuid  cgid      stime      rtime      "
                     "ctime\n");
    sysv_msg_for_each(show_queue, out);
    return 0;
}

static void show_set(int id, const struct semid_ds *facts, void *arg)
{
    struct text *out = arg;

    show_head(out, id, &facts->sem_perm);
    text_printf(out, "%10lu", facts->sem_nsems);
    show_owner(out, &facts->sem_perm);
    text_printf(out, " %10ld %10ld\n", facts->sem_otime, facts->sem_ctime);
}

static int show_sem(const struct proc_ref *ref, struct text *out)
{
    text_printf(out, "       key      semid perms      nsems   uid   gid  cuid "
                     " cgid      otime      ctime\n");
    sysv_sem_for_each(show_set, out);
    return 0;
}

// clang-format off
const struct proc_entry proc_ipc_entries[] = {
    { .name = "msg", .mode = S_IFREG | 0444, .show = show_msg },
    { .name = "sem", .mode = S_IFREG | 0444, .show = show_sem },
    { .name = "shm", .mode = S_IFREG | 0444, .show = show_shm },
    { .name = NULL },
};
// clang-format on
