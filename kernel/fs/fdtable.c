/*
 * fs/fdtable.c - descriptors: small numbers for open files.
 *
 * Idea:   an array of files and two bit maps (in use, close-on-exec).  A table
 *         begins with room for 64 in the structure itself and doubles up to
 *         FD_HARD_MAX; the lowest free number is the first zero bit.
 * Locks:  table->lock (a spinlock) for everything inside; files are released
 *         after it is dropped, since that may sleep.
 * Next:   fs/file.c, kernel/syscall/sys_fd.c.
 */
#include "fs/file.h"

#include "abi/errno.h"
#include "base/bitmap.h"
#include "base/string.h"
#include "core/panic.h"
#include "fs/file_lock.h"
#include "mem/slab.h"
#include "sched/sched.h"

enum { FD_INLINE = 64 };

/* Borrowers are counted apart, in the upper half: see fd_table_is_shared. */
#define FD_BORROWER (1ul << 32)

/* What grows together; one allocation.  Lock key: [L] table->lock */
struct fd_arrays {
    struct file **files; /* [L] */
    uint64_t *open;      /* [L] bits */
    uint64_t *cloexec;   /* [L] bits */
};

/* Lock key: [L] this->lock  [a] atomic */
struct fd_table {
    uint64_t refs; /* [a] processes, and FD_BORROWER for each borrower */
    struct spinlock lock;
    uint32_t capacity;      /* [L] multiple of 64 */
    struct fd_arrays array; /* [L] */
    struct file *inline_files[FD_INLINE];
    uint64_t inline_open, inline_cloexec;
};

struct fd_table *(*fd_current_table)(void);
uint64_t (*fd_current_limit)(void);

struct fd_table *fd_table_create(void)
{
    struct fd_table *table = kmalloc(sizeof(*table));

    if (table == NULL)
        return NULL;
    table->refs = 1;
    spinlock_init(&table->lock, "fd_table", RANK_FD_TABLE);
    table->capacity = FD_INLINE;
    table->array.files = table->inline_files;
    table->array.open = &table->inline_open;
    table->array.cloexec = &table->inline_cloexec;
    table->inline_open = table->inline_cloexec = 0;
    return table; /* files[] is read only where open has a bit */
}

/* Arrays for `capacity` descriptors. */
static bool arrays_create(struct fd_arrays *array, uint32_t capacity)
{
    size_t map_bytes = BITMAP_WORDS(capacity) * sizeof(uint64_t);
    char *block = kmalloc(capacity * sizeof(struct file *) + 2 * map_bytes);

    if (block == NULL)
        return false;
    array->files = (struct file **)block;
    array->open = (uint64_t *)(array->files + capacity);
    array->cloexec = array->open + BITMAP_WORDS(capacity);
    memset(array->open, 0, 2 * map_bytes);
    return true;
}

static void arrays_copy(struct fd_arrays *to, const struct fd_arrays *from,
                        uint32_t capacity)
{
    size_t map_bytes = BITMAP_WORDS(capacity) * sizeof(uint64_t);

    memcpy(to->files, from->files, capacity * sizeof(struct file *));
    memcpy(to->open, from->open, map_bytes);
    memcpy(to->cloexec, from->cloexec, map_bytes);
}

/* Make room for descriptor `fd`; 0 or -ENOMEM.  Called without the lock. */
static int table_grow(struct fd_table *table, uint32_t fd)
{
    uint32_t capacity = FD_INLINE;
    struct fd_arrays bigger;
    void *old = NULL;

    while (capacity <= fd)
        capacity *= 2;
    if (!arrays_create(&bigger, capacity))
        return -ENOMEM;
    spin_lock(&table->lock);
    if (table->capacity >= capacity) { /* RECHECK: another thread grew it */
        old = bigger.files;
    } else {
        arrays_copy(&bigger, &table->array, table->capacity);
        if (table->array.files != table->inline_files)
            old = table->array.files;
        table->array = bigger;
        table->capacity = capacity;
    }
    spin_unlock(&table->lock);
    kfree(old);
    return 0;
}

struct fd_table *fd_table_get(struct fd_table *table)
{
    __atomic_fetch_add(&table->refs, 1, __ATOMIC_RELAXED);
    return table;
}

struct fd_table *fd_table_borrow(struct fd_table *table)
{
    __atomic_fetch_add(&table->refs, FD_BORROWER, __ATOMIC_RELAXED);
    return table;
}

bool fd_table_is_shared(const struct fd_table *table)
{
    return (uint32_t)__atomic_load_n(&table->refs, __ATOMIC_RELAXED) > 1;
}

static struct file *file_at(const struct fd_table *table, int fd)
    MUST_HOLD(table->lock)
{
    if ((unsigned)fd >= table->capacity ||
        !bitmap_test(table->array.open, (unsigned)fd))
        return NULL;
    return table->array.files[fd];
}

/* The next descriptor >= from in `map`, or -1. */
static int next_bit(const uint64_t *map, uint32_t capacity, int from)
{
    size_t fd = (unsigned)from < capacity
                    ? bitmap_find_first_set_from(map, capacity, (size_t)from)
                    : capacity;

    return fd < capacity ? (int)fd : -1;
}

/* Copy what is open; false if `to` is too small by now. */
static bool copy_open(struct fd_table *to, struct fd_table *from)
{
    spin_lock(&from->lock);
    uint32_t capacity = from->capacity;
    bool fits = capacity <= to->capacity;
    if (fits) {
        size_t map_bytes = BITMAP_WORDS(capacity) * sizeof(uint64_t);
        memcpy(to->array.open, from->array.open, map_bytes);
        memcpy(to->array.cloexec, from->array.cloexec, map_bytes);
        for (int fd = next_bit(to->array.open, capacity, 0); fd >= 0;
             fd = next_bit(to->array.open, capacity, fd + 1))
            to->array.files[fd] = file_get(from->array.files[fd]);
    }
    spin_unlock(&from->lock);
    return fits;
}

struct fd_table *fd_table_copy(struct fd_table *from)
{
    struct fd_table *to = fd_table_create();

    if (to == NULL)
        return NULL;
    while (!copy_open(to, from)) {
        if (table_grow(to, from->capacity - 1) != 0) {
            fd_table_put(to);
            return NULL;
        }
    }
    return to;
}

/* Take `fd` out of the table; its file and reference, or NULL. */
static struct file *take_out(struct fd_table *table, int fd)
{
    spin_lock(&table->lock);
    struct file *file = file_at(table, fd);
    if (file != NULL) {
        bitmap_clear(table->array.open, (unsigned)fd);
        bitmap_clear(table->array.cloexec, (unsigned)fd);
    }
    spin_unlock(&table->lock);
    return file;
}

/* A descriptor of `table` was closed: its reference goes, and before it what
 * the process had locked. */
static void close_file(struct fd_table *table, struct file *file)
{
    file_lock_closed(file, table);
    file_put(file);
}

static void drop_references(struct fd_table *table, uint64_t count)
{
    if (__atomic_sub_fetch(&table->refs, count, __ATOMIC_ACQ_REL) != 0)
        return;
    for (int fd = next_bit(table->array.open, table->capacity, 0); fd >= 0;
         fd = next_bit(table->array.open, table->capacity, fd + 1)) {
        close_file(table, table->array.files[fd]);
        sched_point();
    }
    if (table->array.files != table->inline_files)
        kfree(table->array.files);
    kfree(table);
}

void fd_table_put(struct fd_table *table)
{
    drop_references(table, 1);
}

void fd_table_return(struct fd_table *table)
{
    drop_references(table, FD_BORROWER);
}

void fd_table_close_on_exec(struct fd_table *table)
{
    for (int fd = -1;;) {
        spin_lock(&table->lock);
        fd = next_bit(table->array.cloexec, table->capacity, fd + 1);
        spin_unlock(&table->lock);
        if (fd < 0)
            return;
        struct file *file = take_out(table, fd);
        if (file != NULL)
            close_file(table, file);
        sched_point();
    }
}

struct file *fd_table_lookup(struct fd_table *table, int fd)
{
    spin_lock(&table->lock);
    struct file *file = file_at(table, fd);
    if (file != NULL)
        file_get(file);
    spin_unlock(&table->lock);
    return file;
}

int fd_table_next(struct fd_table *table, int from)
{
    spin_lock(&table->lock);
    int fd = next_bit(table->array.open, table->capacity, from);
    spin_unlock(&table->lock);
    return fd;
}

/* ---- the running process' table ---------------------------------------- */

uint64_t fd_limit(void)
{
    return MIN(fd_current_limit(), (uint64_t)FD_HARD_MAX);
}

struct file *fd_get(int fd)
{
    return fd_table_lookup(fd_current_table(), fd);
}

static void put_in(struct fd_table *table, int fd, struct file *file,
                   bool cloexec) MUST_HOLD(table->lock)
{
    table->array.files[fd] = file;
    bitmap_set(table->array.open, (unsigned)fd);
    if (cloexec)
        bitmap_set(table->array.cloexec, (unsigned)fd);
    else
        bitmap_clear(table->array.cloexec, (unsigned)fd);
}

int fd_install(struct file *file, int min, bool cloexec)
{
    struct fd_table *table = fd_current_table();
    uint64_t limit = fd_limit();

    if (min < 0 || (uint64_t)min >= limit)
        return min == 0 ? -EMFILE : -EINVAL;
    for (;;) {
        spin_lock(&table->lock);
        uint32_t capacity = table->capacity;
        size_t fd = (unsigned)min < capacity
                        ? bitmap_find_first_zero_from(table->array.open,
                                                      capacity, (size_t)min)
                        : (size_t)min;
        if (fd < capacity && fd < limit)
            put_in(table, (int)fd, file, cloexec);
        spin_unlock(&table->lock);
        if (fd >= limit)
            return -EMFILE;
        if (fd < capacity)
            return (int)fd;
        if (table_grow(table, (uint32_t)fd) != 0)
            return -ENOMEM;
    }
}

int fd_install_at(struct file *file, int fd, bool cloexec)
{
    struct fd_table *table = fd_current_table();
    int err = 0;

    if (fd < 0 || (uint64_t)fd >= fd_limit())
        return -EBADF;
    if ((unsigned)fd >= __atomic_load_n(&table->capacity, __ATOMIC_RELAXED))
        err = table_grow(table, (uint32_t)fd); /* tables never shrink */
    if (err != 0)
        return err;
    spin_lock(&table->lock);
    struct file *old = file_at(table, fd);
    put_in(table, fd, file, cloexec);
    spin_unlock(&table->lock);
    if (old != NULL)
        close_file(table, old);
    return 0;
}

int fd_close(int fd)
{
    struct fd_table *table = fd_current_table();
    struct file *file = take_out(table, fd);

    if (file == NULL)
        return -EBADF;
    close_file(table, file);
    return 0;
}

int fd_get_cloexec(int fd)
{
    struct fd_table *table = fd_current_table();

    spin_lock(&table->lock);
    int result = file_at(table, fd) == NULL
                     ? -EBADF
                     : bitmap_test(table->array.cloexec, (unsigned)fd);
    spin_unlock(&table->lock);
    return result;
}

int fd_set_cloexec(int fd, bool cloexec)
{
    struct fd_table *table = fd_current_table();
    int err = 0;

    spin_lock(&table->lock);
    if (file_at(table, fd) == NULL)
        err = -EBADF;
    else if (cloexec)
        bitmap_set(table->array.cloexec, (unsigned)fd);
    else
        bitmap_clear(table->array.cloexec, (unsigned)fd);
    spin_unlock(&table->lock);
    return err;
}
