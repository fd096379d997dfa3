/*
 * A segment that nobody uses is marked only, and stays.
 *
 * file: kernel/ipc/sysv_shm.c
 * of: mark_removed@1dd0a1b6e624
 * loses: removed-but-in-use
 */
static void mark_removed(struct segment *s)
{
    s->object.perm.mode |= SHM_DEST;
    s->object.perm.__key = IPC_PRIVATE;
}
