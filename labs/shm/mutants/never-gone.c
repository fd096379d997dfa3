/*
 * A removed segment stays when its last user goes.
 *
 * file: kernel/ipc/sysv_shm.c
 * of: drop_user@d4ebfea534bf
 * loses: removed-but-in-use nothing-leaks
 */
static void drop_user(struct segment *s)
{
    s->users--;
}
