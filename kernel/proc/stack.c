/*
 * proc/stack.c - the first stack of a program. [SysV ABI "Process
 * Initialization"]
 *
 *   stack_top   8 zero bytes
 *               file name (AT_EXECFN), platform name, 16 random bytes
 *               environment strings above argument strings
 *               padding to 16 bytes
 *               auxiliary vector, ends with AT_NULL
 *               NULL, environment pointers
 *               NULL, argument pointers
 *   rsp ->      argc
 *
 * Idea:  sizes are known before anything is written, so the addresses are laid
 *        out first; then strings and words go up in pieces of a small buffer.
 */
#include "proc/image.h"

#include "abi/auxv.h"
#include "abi/errno.h"
#include "abi/signal.h"
#include "base/string.h"
#include "dev/random.h"
#include "proc/args.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "vm/address_space.h"
#include "x86/features.h"

#define STACK_INITIAL_SPARE (128ul << 10) /* mapped below the arguments */
#define USER_HZ             100

static const char platform[] = "x86_64";

enum { AUX_WORDS_MAX = 48, RANDOM_BYTES = 16, WORD_BUFFER = 48 };

/* Words on their way to the stack, in order of rising addresses. */
struct word_stream {
    struct address_space *space;
    vaddr_t next; /* where buffer[0] goes */
    unsigned count;
    uint64_t buffer[WORD_BUFFER];
};

static int stream_flush(struct word_stream *s)
{
    int err = as_write(s->space, s->next, s->buffer, s->count * 8ul);

    s->next += s->count * 8ul;
    s->count = 0;
    return err;
}

static int stream_put(struct word_stream *s, uint64_t word)
{
    if (s->count == WORD_BUFFER) {
        int err = stream_flush(s);
        if (err)
            return err;
    }
    s->buffer[s->count++] = word;
    return 0;
}

/* Addresses on the new stack. */
struct stack_plan {
    vaddr_t file_name, platform, random, strings;
};

static unsigned make_auxv(uint64_t *v, const struct image *image,
                          const struct stack_plan *plan,
                          const struct credentials *c, bool secure)
{
    unsigned n = 0;

#define AUX(type, value) (v[n++] = (type), v[n++] = (uint64_t)(value))
    AUX(AT_MINSIGSTKSZ, sigframe_max_bytes());
    AUX(AT_HWCAP, cpu_features.capabilities);
    AUX(AT_PAGESZ, PAGE_SIZE);
    AUX(AT_CLKTCK, USER_HZ);
    AUX(AT_PHDR, image->headers);
    AUX(AT_PHENT, sizeof(Elf64_Phdr));
    AUX(AT_PHNUM, image->header_count);
    AUX(AT_BASE, image->interpreter_base);
    AUX(AT_FLAGS, 0);
    AUX(AT_ENTRY, image->entry);
    AUX(AT_UID, c->uid);
    AUX(AT_EUID, c->euid);
    AUX(AT_GID, c->gid);
    AUX(AT_EGID, c->egid);
    AUX(AT_SECURE, secure);
    AUX(AT_RANDOM, plan->random);
    AUX(AT_HWCAP2, cpu_features.fsgsbase ? 2 : 0);
    AUX(AT_EXECFN, plan->file_name);
    AUX(AT_PLATFORM, plan->platform);
    AUX(AT_NULL, 0);
#undef AUX
    return n;
}

/* One step of writing the pointers: argv, NULL behind it, then envp. */
struct pointer_walk {
    struct word_stream *stream;
    vaddr_t strings;
    unsigned index, argc;
    uint64_t env_offset; /* of envp's strings behind argv's */
};

static int put_pointer(uint64_t offset, void *arg)
{
    struct pointer_walk *w = arg;

    if (w->index++ == w->argc) {
        w->env_offset = offset;
        int err = stream_put(w->stream, 0);
        if (err)
            return err;
    }
    return stream_put(w->stream, w->strings + offset);
}

/* argc, pointers, auxiliary vector, from image->stack_pointer up. */
static int write_words(struct image *image, const struct exec_args *args,
                       const struct stack_plan *plan, const uint64_t *aux,
                       unsigned aux_words)
{
    struct word_stream s = { .space = image->space,
                             .next = image->stack_pointer };
    struct pointer_walk walk = { .stream = &s,
                                 .strings = plan->strings,
                                 .argc = args->argc,
                                 .env_offset = args->bytes };
    int err = stream_put(&s, args->argc);

    if (err == 0)
        err = args_for_each(args, put_pointer, &walk);
    if (err == 0 && args->envc == 0) /* argv's NULL is still missing */
        err = stream_put(&s, 0);
    if (err == 0)
        err = stream_put(&s, 0);
    for (unsigned i = 0; err == 0 && i < aux_words; i++)
        err = stream_put(&s, aux[i]);
    image->space->arg_start = plan->strings;
    image->space->arg_end = plan->strings + walk.env_offset;
    image->space->env_start = image->space->arg_end;
    image->space->env_end = plan->strings + args->bytes;
    return err ? err : stream_flush(&s);
}

/* The bytes above the strings, in one piece. */
static int write_names(struct image *image, const struct stack_plan *plan,
                       const char *file_name)
{
    char tail[RANDOM_BYTES + sizeof(platform)];

    random_bytes(tail, RANDOM_BYTES);
    memcpy(tail + RANDOM_BYTES, platform, sizeof(platform));
    int err = as_write(image->space, plan->random, tail, sizeof(tail));
    if (err)
        return err;
    return as_write(image->space, plan->file_name, file_name,
                    strlen(file_name) + 1);
}

static int map_stack(struct address_space *as, vaddr_t bottom)
{
    uint64_t used = as->stack_top - ALIGN_DOWN(bottom, PAGE_SIZE);
    uint64_t limit = ALIGN_DOWN(as->limit_stack, PAGE_SIZE);

    if (used > limit)
        return -E2BIG;
    uint64_t bytes = MIN(used + STACK_INITIAL_SPARE, limit);
    return as_map_fixed(as, as->stack_top - bytes, bytes, VM_READ | VM_WRITE,
                        REGION_STACK | REGION_STACK_TOP | REGION_MAY_WRITE,
                        NULL, 0);
}

int image_push_args(struct image *image, const struct exec_args *args,
                    const char *file_name, const struct credentials *creds,
                    bool secure)
{
    struct address_space *as = image->space;
    struct stack_plan plan;
    uint64_t aux[AUX_WORDS_MAX];

    plan.file_name = as->stack_top - 8 - (strlen(file_name) + 1);
    plan.platform = plan.file_name - sizeof(platform);
    plan.random = plan.platform - RANDOM_BYTES;
    plan.strings = plan.random - args->bytes;
    unsigned aux_words = make_auxv(aux, image, &plan, creds, secure);
    uint64_t words = 1 + args->argc + 1 + args->envc + 1 + aux_words;
    image->stack_pointer = ALIGN_DOWN(plan.strings - words * 8, 16ul);

    int err = map_stack(as, image->stack_pointer);
    if (err == 0)
        err = write_names(image, &plan, file_name);
    if (err == 0)
        err = args_write(args, as, plan.strings);
    if (err == 0)
        err = write_words(image, args, &plan, aux, aux_words);
    return err;
}
