/*
 * proc/args.c - collect argv and envp, then lay them out on the new stack.
 *
 * Idea:  a list of chunks of one page each holds the strings without gaps; a
 *        string may run on into the next chunk.  So memory taken grows with
 *        what is passed, and is bounded by the limit before it is taken.
 * Locks: none; the list belongs to one execve.
 */
#include "proc/args.h"

#include "abi/errno.h"
#include "base/string.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

#define STRING_MAX  (128ul << 10) /* Linux's MAX_ARG_STRLEN */
#define TOTAL_FLOOR (128ul << 10) /* allowed whatever the stack limit */
#define TOTAL_CAP   (6ul << 20)

struct args_chunk {
    struct args_chunk *next;
    size_t used;
    char bytes[PAGE_SIZE - 16];
};
_Static_assert(sizeof(struct args_chunk) == PAGE_SIZE, "a chunk is a page");

void args_init(struct exec_args *args, uint64_t stack_limit)
{
    memset(args, 0, sizeof(*args));
    args->limit = MAX(MIN(stack_limit / 4, TOTAL_CAP), TOTAL_FLOOR);
}

void args_free(struct exec_args *args)
{
    struct args_chunk *next;

    for (struct args_chunk *c = args->first; c; c = next) {
        next = c->next;
        kfree(c);
    }
    args->first = args->last = NULL;
}

/* Room at the end of the list, in *out: bytes, or -ENOMEM. */
static int64_t room(struct exec_args *args, char **out)
{
    struct args_chunk *c = args->last;

    if (!c || c->used == sizeof(c->bytes)) {
        c = kmalloc(sizeof(*c));
        if (!c)
            return -ENOMEM;
        c->next = NULL;
        c->used = 0;
        if (args->last)
            args->last->next = c;
        else
            args->first = c;
        args->last = c;
    }
    *out = c->bytes + c->used;
    return (int64_t)(sizeof(c->bytes) - c->used);
}

/* `n` bytes have been put where room() said. */
static int use(struct exec_args *args, size_t n, size_t *length)
{
    uint64_t pointers = (args->argc + args->envc + 3ul) * sizeof(uint64_t);

    args->last->used += n;
    args->bytes += n;
    *length += n;
    if (*length > STRING_MAX || args->bytes + pointers > args->limit)
        return -E2BIG;
    return 0;
}

int args_add_kernel(struct exec_args *args, const char *string)
{
    size_t left = strlen(string) + 1, length = 0;

    while (left > 0) {
        char *to;
        int64_t space = room(args, &to);
        if (space < 0)
            return (int)space;
        size_t n = MIN(left, (size_t)space);
        memcpy(to, string, n);
        int err = use(args, n, &length);
        if (err)
            return err;
        string += n;
        left -= n;
    }
    return 0;
}

int args_add_user(struct exec_args *args, const char __user *string)
{
    size_t length = 0;

    for (;;) {
        char *to;
        int64_t space = room(args, &to);
        if (space < 0)
            return (int)space;
        int64_t n = copy_string_from_user(to, string, (size_t)space);
        if (n < 0 && n != -ENAMETOOLONG)
            return (int)n;
        bool complete = n >= 0;
        n = complete ? n + 1 : space; /* too long: the room is full */
        int err = use(args, (size_t)n, &length);
        if (err || complete)
            return err;
        string += n;
    }
}

int args_add_user_array(struct exec_args *args,
                        const char __user *const __user *array, unsigned skip,
                        unsigned *count)
{
    for (unsigned i = 0; array; i++) {
        const char __user *string;
        if (get_user(string, &array[i]) != 0)
            return -EFAULT;
        if (!string)
            break;
        if (i < skip)
            continue;
        ++*count;
        int err = args_add_user(args, string);
        if (err)
            return err;
        if (thread_has_flag(thread_current(), THREAD_KILLED))
            return -EINTR;
        sched_point();
    }
    return 0;
}

int args_write(const struct exec_args *args, struct address_space *space,
               vaddr_t start)
{
    for (const struct args_chunk *c = args->first; c; c = c->next) {
        int err = as_write(space, start, c->bytes, c->used);
        if (err)
            return err;
        start += c->used;
    }
    return 0;
}

int args_for_each(const struct exec_args *args,
                  int (*visit)(uint64_t offset, void *arg), void *arg)
{
    uint64_t done = 0; /* bytes in the chunks before */
    bool at_start = true;

    for (const struct args_chunk *c = args->first; c; c = c->next) {
        size_t i = 0;
        while (i < c->used) {
            if (at_start) {
                int err = visit(done + i, arg);
                if (err)
                    return err;
            }
            const char *end = memchr(c->bytes + i, 0, c->used - i);
            at_start = end != NULL;
            i = end ? (size_t)(end - c->bytes) + 1 : c->used;
        }
        done += c->used;
    }
    return 0;
}
