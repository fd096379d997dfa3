/*
 * A segment goes with its last user, removed or not.
 *
 * file: kernel/ipc/sysv_shm.c
 * of: drop_user@d4ebfea534bf
 * loses: memory-outlives-its-users
 */
static void drop_user(struct segment *s)
{
    if (--s->users == 0)
        sysv_remove(&segments, &s->object);
}
