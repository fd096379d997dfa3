/*
 * proc/image.c - map the segments of an ELF file.
 *
 * Idea:  nothing is read but headers.  Each segment becomes a region of the
 *        file's mapping, so pages come by fault and are shared by all who run
 *        it; only a page that holds both data and bss is touched, to zero its
 *        tail.  Everything happens in a space that nobody runs in.
 * Locks: none held here; the as_*() functions take as->lock.
 * Next:  proc/stack.c puts the arguments there, proc/exec.c uses both.
 */
#include "proc/image.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "core/boot_info.h"
#include "dev/random.h"
#include "fs/vfs.h"
#include "mem/slab.h"
#include "proc/elf.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "vm/region.h"

/* Where programs that can lie anywhere go, as on Linux: two thirds up. */
#define MOVABLE_BASE  0x555555554000ul
#define RANDOM_PAGES  (1ul << 28) /* range of mmap base and movable base */
#define STACK_RANDOM  (1ul << 22) /* range of the stack's top, pages */
#define STACK_GAP_MIN (128ul << 20)
#define STACK_GAP_MAX (USER_END / 6 * 5)

/* A file being mapped: its header and checked segments. */
struct elf_file {
    struct inode *inode;
    const Elf64_Ehdr *header;
    Elf64_Phdr *segments; /* owned */
    struct elf_layout layout;
    vaddr_t bias;
};

/* Random bytes below `pages` pages, 0 without randomisation. */
static uint64_t random_offset(uint64_t pages)
{
    uint64_t r = 0;

    if (!boot_option("norandom"))
        random_bytes(&r, sizeof(r));
    return r % pages << PAGE_SHIFT;
}

/* Top of the stack and where mmap starts to look. */
static void choose_bases(struct address_space *as)
{
    uint64_t gap = MIN(MAX(as->limit_stack, STACK_GAP_MIN), STACK_GAP_MAX);

    as->stack_top = USER_END - random_offset(STACK_RANDOM);
    as->mmap_base = ALIGN_DOWN(as->stack_top - gap, PAGE_SIZE) -
                    STACK_GUARD_PAGES * PAGE_SIZE;
    uint64_t below = random_offset(RANDOM_PAGES);
    if (below < as->mmap_base / 2)
        as->mmap_base -= below;
}

static int read_segments(struct elf_file *file)
{
    size_t bytes = file->header->e_phnum * sizeof(Elf64_Phdr);

    file->segments = kmalloc(bytes);
    if (!file->segments)
        return -ENOMEM;
    int64_t n = mapping_read_kernel(
        &file->inode->mapping, file->header->e_phoff, file->segments, bytes);
    if (n < 0)
        return (int)n;
    if ((size_t)n != bytes)
        return -ENOEXEC;
    return elf_check_segments(file->header, file->segments, USER_END,
                              &file->layout);
}

/* Zero from `start` to the end of its page: bss behind data.  A segment that
 * may not be written keeps the file's bytes there, as on Linux. */
static int clear_tail(struct address_space *as, vaddr_t start, uint32_t prot)
{
    size_t n = ALIGN_UP(start, PAGE_SIZE) - start;

    if (n == 0 || !(prot & VM_WRITE))
        return 0;
    return as_write(as, start, frame_bytes(zero_frame), n);
}

static int map_segment(struct address_space *as, const struct elf_file *file,
                       const Elf64_Phdr *s)
{
    uint32_t prot = (s->p_flags & PF_R ? VM_READ : 0) |
                    (s->p_flags & PF_W ? VM_WRITE : 0) |
                    (s->p_flags & PF_X ? VM_EXEC : 0);
    vaddr_t start = ALIGN_DOWN(s->p_vaddr + file->bias, PAGE_SIZE);
    vaddr_t file_end = s->p_vaddr + file->bias + s->p_filesz;
    vaddr_t bss_start = s->p_filesz ? ALIGN_UP(file_end, PAGE_SIZE) : start;
    vaddr_t end = ALIGN_UP(s->p_vaddr + file->bias + s->p_memsz, PAGE_SIZE);
    int err;

    if (bss_start > start) {
        err = as_map_fixed(as, start, bss_start - start, prot, REGION_MAY_WRITE,
                           &file->inode->mapping, s->p_offset >> PAGE_SHIFT);
        if (err)
            return err;
        err = s->p_memsz > s->p_filesz ? clear_tail(as, file_end, prot) : 0;
        if (err)
            return err;
    }
    if (end > bss_start)
        return as_map_fixed(as, bss_start, end - bss_start, prot,
                            REGION_MAY_WRITE, NULL, 0);
    return 0;
}

/* What /proc and brk want to know of the main program. */
static void note_segment(struct address_space *as, const Elf64_Phdr *s,
                         vaddr_t bias)
{
    vaddr_t start = s->p_vaddr + bias, end = start + s->p_filesz;

    if (s->p_flags & PF_X) {
        as->code_start = as->code_start ? as->code_start : start;
        as->code_end = end;
    } else {
        as->data_start = start;
        as->data_end = end;
    }
}

static int map_segments(struct address_space *as, const struct elf_file *file,
                        bool is_program)
{
    for (unsigned i = 0; i < file->header->e_phnum; i++) {
        const Elf64_Phdr *s = &file->segments[i];
        if (!elf_is_loaded(s))
            continue;
        int err = map_segment(as, file, s);
        if (err)
            return err;
        if (is_program)
            note_segment(as, s, file->bias);
    }
    return 0;
}

/* Decide where the file goes: its bias.  Everything must stay clear of the
 * lowest pages and of the stack's room. */
static int place(struct address_space *as, struct elf_file *file,
                 bool is_program)
{
    const struct elf_layout *l = &file->layout;
    vaddr_t top = as->mmap_base + STACK_GUARD_PAGES * PAGE_SIZE;
    vaddr_t base = l->start;

    if (l->movable && is_program) {
        base = ALIGN_DOWN(MOVABLE_BASE + random_offset(RANDOM_PAGES),
                          l->bias_align) +
               l->start % l->bias_align;
    } else if (l->movable) {
        mutex_lock(&as->lock);
        base = region_find_room(as, l->end - l->start + l->bias_align);
        mutex_unlock(&as->lock);
        if (base == 0)
            return -ENOMEM;
        base = ALIGN_UP(base, l->bias_align) + l->start % l->bias_align;
    } else {
        /* Linux, too, lets a fixed program lie where mmap would look. */
        top = as->stack_top - MIN(as->limit_stack, STACK_GAP_MAX);
    }
    if (base < USER_MIN || base > top || l->end - l->start > top - base)
        return -ENOMEM;
    file->bias = base - l->start;
    if (l->entry + file->bias >= USER_END)
        return -EINVAL;
    return 0;
}

/* Check and map one file; its segments stay in file->segments. */
static int load_file(struct address_space *as, struct elf_file *file,
                     bool is_program)
{
    int err = read_segments(file);

    if (err == 0)
        err = place(as, file, is_program);
    if (err == 0)
        err = map_segments(as, file, is_program);
    return err;
}

/* The interpreter's path from PT_INTERP, as Linux checks it. */
static int read_interpreter_path(const struct elf_file *file, char **out)
{
    const Elf64_Phdr *s = file->layout.interpreter;

    *out = NULL;
    if (s->p_filesz < 2 || s->p_filesz > PATH_MAX || s->p_offset > INT64_MAX)
        return -ENOEXEC;
    char *path = kmalloc(s->p_filesz);
    if (!path)
        return -ENOMEM;
    int64_t n = mapping_read_kernel(&file->inode->mapping, s->p_offset, path,
                                    s->p_filesz);
    if (n < 0 || (size_t)n != s->p_filesz || path[n - 1] != 0) {
        kfree(path);
        return n < 0 ? (int)n : (size_t)n != s->p_filesz ? -EIO : -ENOEXEC;
    }
    *out = path;
    return 0;
}

static int load_interpreter_file(struct image *image, struct inode *inode)
{
    Elf64_Ehdr header;
    struct elf_file file = { .inode = inode, .header = &header };
    int64_t n =
        mapping_read_kernel(&inode->mapping, 0, &header, sizeof(header));

    if (n < 0)
        return (int)n;
    if (elf_check_header(&header, (size_t)n) != 0)
        return -ELIBBAD;
    int err = load_file(image->space, &file, false);
    image->interpreter_base = file.bias;
    image->start_ip = file.layout.entry + file.bias;
    kfree(file.segments);
    return err == -ENOEXEC || err == -EINVAL ? -ELIBBAD : err;
}

static int load_interpreter(struct image *image, const struct elf_file *file)
{
    struct inode *inode;
    char *path;
    int err = read_interpreter_path(file, &path);

    if (err)
        return err;
    err = vfs_open_exec(NULL, path, &inode);
    kfree(path);
    if (err)
        return err;
    err = load_interpreter_file(image, inode);
    vfs_exec_close(inode); /* its regions keep the mapping */
    return err;
}

int image_load(struct image *image, struct inode *inode, const void *head,
               size_t head_bytes)
{
    struct elf_file file = { .inode = inode, .header = head };
    struct address_space *as = image->space;
    int err = elf_check_header(head, head_bytes);

    if (err)
        return err;
    choose_bases(as);
    err = load_file(as, &file, true);
    if (err)
        goto out;
    image->entry = image->start_ip = file.layout.entry + file.bias;
    image->header_count = file.header->e_phnum;
    image->headers = file.layout.headers ? file.layout.headers + file.bias : 0;
    as->brk_start = as->brk = file.layout.end + file.bias;
    if (file.layout.interpreter)
        err = load_interpreter(image, &file);
out:
    kfree(file.segments);
    return err;
}
