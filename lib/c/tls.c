/*
 * lib/c/tls.c - thread-local storage, and the thread pointer of the first
 * thread.
 *
 * Idea:  the linker collects all __thread variables of a program in one
 *        segment, PT_TLS: their initial bytes and the size with the zeros that
 *        follow.  Each thread gets a copy.  Programs find theirs relative to
 *        the thread pointer, which on x86-64 is the base of FS: the copy ends
 *        where the thread pointer points ("variant II"), so the linker knows
 *        the offset of each variable, a negative one, and a use is one
 *        instruction: mov %fs:-4, %eax.  At the pointer itself its own address
 *        is stored, for code that needs the address of a variable.
 *        The size is rounded up to the alignment before the linker counts down
 *        from it; doing the same here makes the two agree.
 * Limits: no dynamic linking, so there are no further modules and no table
 *        (DTV) of them.
 * Read next: thread.c
 */
#include <asm/prctl.h>
#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call.h"
#include "start.h"
#include "thread.h"

enum {
    THREAD_ALIGN = 64, /* a cache line */
    FIRST_ROOM = 512,  /* of the first thread without asking for memory */
};

/* PT_TLS of the program. */
static struct {
    const void *bytes;
    size_t filled; /* length of bytes */
    size_t size;   /* with the zeros, rounded up to the alignment */
    size_t align;
} image = { .align = THREAD_ALIGN };

static char first_area[sizeof(struct pthread) + FIRST_ROOM + THREAD_ALIGN]
    __attribute__((aligned(THREAD_ALIGN)));

static void find_image(void)
{
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);
    unsigned long count = header != NULL ? getauxval(AT_PHNUM) : 0;

    for (; count > 0; count--, header++) {
        if (header->p_type != PT_TLS)
            continue;
        if (header->p_align > image.align)
            image.align = header->p_align;
        image.bytes = (const void *)header->p_vaddr;
        image.filled = header->p_filesz;
        /* Of its own alignment: that is what the linker reckons with. */
        image.size = (header->p_memsz + header->p_align - 1) & -header->p_align;
    }
}

size_t libc_tls_room(void)
{
    return image.size + sizeof(struct pthread) + 2 * image.align;
}

struct pthread *libc_tls_place(void *end, void **stack_top)
{
    uintptr_t place = (uintptr_t)end - sizeof(struct pthread);
    struct pthread *thread = (struct pthread *)(place & -image.align);
    char *variables = (char *)thread - image.size;

    memset(thread, 0, sizeof(*thread));
    memset(variables, 0, image.size);
    if (image.filled > 0)
        memcpy(variables, image.bytes, image.filled);
    thread->self = thread;
    thread->running = 1;
    *stack_top = variables;
    return thread;
}

/* errno does not exist before the end of this function. */
void libc_tls_start(void)
{
    char *area = first_area;
    size_t size = sizeof(first_area);
    void *unused;

    find_image();
    if (libc_tls_room() > size) {
        size = libc_tls_room();
        area = (char *)RAW_CALL(mmap, NULL, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if ((unsigned long)area > -4096ul)
            _exit(127);
    }
    struct pthread *first = libc_tls_place(area + size, &unused);

    first->is_first = true;
    if (RAW_CALL(arch_prctl, ARCH_SET_FS, first) != 0)
        _exit(127);
}
