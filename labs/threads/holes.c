/*
 * labs/threads/holes.c - what the student starts from: one thread for each
 * process, and locks that spin.
 *
 * futex() never lets anybody sleep, and nobody is told of a thread's end; all
 * words with the same address are one.
 */

static int64_t clone_thread(const struct clone_request *r)
{
    return -ENOSYS;
}

void exit_tell_user(struct thread *t)
{
    t->clear_child_tid = 0;
}

int futex_get_key(vaddr_t address, bool is_shared, uint32_t access,
                  struct futex_key *key)
{
    *key = (struct futex_key){ .place = address };
    return 0;
}

int futex_begin_wait(const struct futex_wait *request,
                     struct futex_waiter *w) NO_LOCK_ANALYSIS
{
    return -EAGAIN;
}

int64_t futex_wake_locked(struct futex_bucket *b, const struct futex_key *key,
                          int count, uint32_t bitset)
{
    return 0;
}
