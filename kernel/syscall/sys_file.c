/*
 * syscall/sys_file.c - open, close, read, write and their kin.
 *
 * Idea:   each handler finds the file, describes the user's buffers with a
 *         uio, and calls fs/.  EPIPE and EFBIG of a write become signals here,
 *         since fs/ does not know processes.
 * Locks:  none held.  Next: fs/file.c, fs/open.c.
 */
#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/unistd.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/sched.h"
#include "syscall/path_args.h"
#include "syscall/syscalls.h"
#include "syscall/vector.h"
#include "vm/usercopy.h"

/* ---- open and close ---------------------------------------------------- */

int64_t sys_openat(int dir_fd, const char __user *path, int flags, mode_t mode)
{
    struct path_arg arg;
    struct file *file;
    int err = path_arg_get(&arg, dir_fd, path, PATH_NOT_EMPTY);

    if (err != 0)
        return err;
    err = vfs_open(arg.start, arg.path, flags, mode, &file);
    path_arg_put(&arg);
    if (err != 0)
        return err;
    int fd = fd_install(file, 0, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}

int64_t sys_open(const char __user *path, int flags, mode_t mode)
{
    return sys_openat(AT_FDCWD, path, flags, mode);
}

int64_t sys_creat(const char __user *path, mode_t mode)
{
    return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int64_t sys_close(int fd)
{
    return fd_close(fd);
}

int64_t sys_lseek(int fd, off_t offset, int whence)
{
    struct file *file = fd_get(fd);

    if (file == NULL)
        return -EBADF;
    int64_t result = file_seek(file, offset, whence);
    file_put(file);
    return result;
}

/* ---- one buffer -------------------------------------------------------- */

/* Every write ends here: what its error means for the process. */
static int64_t finish_write(int64_t result, const struct uio *uio)
{
    if (result == -EPIPE || uio->broken)
        signal_send_process(process_current(), SIGPIPE, NULL);
    else if (result == -EFBIG && uio->size_limit != RLIM_INFINITY)
        signal_send_process(process_current(), SIGXFSZ, NULL);
    return result;
}

static int64_t do_read(struct file *file, struct uio *uio, const off_t *offset)
{
    return offset != NULL ? file_pread(file, uio, *offset)
                          : file_read(file, uio);
}

static int64_t do_write(struct file *file, struct uio *uio, const off_t *offset)
{
    uio->size_limit = process_current()->limits[RLIMIT_FSIZE].rlim_cur;
    return finish_write(offset != NULL ? file_pwrite(file, uio, *offset)
                                       : file_write(file, uio),
                        uio);
}

/* Linux's order: descriptor, whether it has offsets, access mode, then the
 * buffer's range. */
static int64_t check_transfer(const struct file *file, const off_t *offset,
                              bool (*allowed)(const struct file *file))
{
    if (file == NULL || (file->flags & O_PATH))
        return -EBADF;
    if (offset != NULL && !file->ops->seekable)
        return -ESPIPE;
    return allowed(file) ? 0 : -EBADF;
}

static void put_if_any(struct file *file)
{
    if (file != NULL)
        file_put(file);
}

static int64_t read_buffer(int fd, void __user *buf, size_t count,
                           const off_t *offset)
{
    struct uio uio;
    struct file *file;

    if (offset != NULL && *offset < 0)
        return -EINVAL;
    file = fd_get(fd);
    int64_t result = check_transfer(file, offset, file_may_read);
    if (result == 0) {
        result = -EFAULT;
        if (user_range_ok(buf, count)) {
            uio_init_user(&uio, buf, MIN(count, (size_t)RW_MAX_BYTES));
            result = do_read(file, &uio, offset);
        }
    }
    put_if_any(file);
    return result;
}

static int64_t write_buffer(int fd, const void __user *buf, size_t count,
                            const off_t *offset)
{
    struct uio uio;
    struct file *file;

    if (offset != NULL && *offset < 0)
        return -EINVAL;
    file = fd_get(fd);
    int64_t result = check_transfer(file, offset, file_may_write);
    if (result == 0) {
        result = -EFAULT;
        if (user_range_ok(buf, count)) {
            uio_init_user(&uio, (void __user *)buf,
                          MIN(count, (size_t)RW_MAX_BYTES));
            result = do_write(file, &uio, offset);
        }
    }
    put_if_any(file);
    return result;
}

int64_t sys_read(int fd, void __user *buf, size_t count)
{
    return read_buffer(fd, buf, count, NULL);
}

int64_t sys_write(int fd, const void __user *buf, size_t count)
{
    return write_buffer(fd, buf, count, NULL);
}

int64_t sys_pread64(int fd, void __user *buf, size_t count, off_t offset)
{
    return read_buffer(fd, buf, count, &offset);
}

int64_t sys_pwrite64(int fd, const void __user *buf, size_t count, off_t offset)
{
    return write_buffer(fd, buf, count, &offset);
}

/* ---- scattered buffers ------------------------------------------------- */

typedef int64_t transfer(struct file *file, struct uio *uio,
                         const off_t *offset);

static int64_t transfer_vector(int fd, const struct iovec __user *vec,
                               unsigned long count, const off_t *offset,
                               transfer *move,
                               bool (*allowed)(const struct file *file))
{
    struct vector vector;
    struct uio uio;

    if (offset != NULL && *offset < 0)
        return -EINVAL;
    struct file *file = fd_get(fd);
    int64_t result = check_transfer(file, offset, allowed);
    if (result == 0)
        result = vector_get(&vector, vec, count);
    if (result == 0) {
        uio_init_vector(&uio, vector.all, (unsigned)count, vector.total);
        result = move(file, &uio, offset);
        vector_put(&vector);
    }
    put_if_any(file);
    return result;
}

int64_t sys_readv(int fd, const struct iovec __user *vec, unsigned long count)
{
    return transfer_vector(fd, vec, count, NULL, do_read, file_may_read);
}

int64_t sys_writev(int fd, const struct iovec __user *vec, unsigned long count)
{
    return transfer_vector(fd, vec, count, NULL, do_write, file_may_write);
}

/* offset_high is for 32-bit systems: the low word holds all of it here. */
int64_t sys_preadv(int fd, const struct iovec __user *vec, unsigned long count,
                   unsigned long offset_low, unsigned long offset_high)
{
    off_t offset = (off_t)offset_low;

    return transfer_vector(fd, vec, count, &offset, do_read, file_may_read);
}

int64_t sys_pwritev(int fd, const struct iovec __user *vec, unsigned long count,
                    unsigned long offset_low, unsigned long offset_high)
{
    off_t offset = (off_t)offset_low;

    return transfer_vector(fd, vec, count, &offset, do_write, file_may_write);
}

/* ---- sendfile ---------------------------------------------------------- */

enum { SENDFILE_BYTES = 4096 };

/* What sendfile asks of its two files, in Linux's order. */
static int check_sendfile(const struct file *in, const struct file *out,
                          bool has_offset, int64_t position, size_t count)
{
    if (in == NULL || !file_may_read(in))
        return -EBADF;
    if (has_offset && !in->ops->seekable)
        return -ESPIPE;
    if (position < 0 || (ssize_t)count < 0)
        return -EINVAL;
    if (out == NULL || !file_may_write(out))
        return -EBADF;
    if (!in->ops->seekable || in->ops->read == NULL || (out->flags & O_APPEND))
        return -EINVAL;
    return 0;
}

/* Copy through `buf` from *position on; bytes written or -errno. */
static int64_t send_bytes(struct file *out, struct file *in, char *buf,
                          int64_t *position, size_t count)
{
    int64_t total = 0, result = 0;
    struct uio uio;

    while (count > 0) {
        uio_init_kernel(&uio, buf, MIN(count, (size_t)SENDFILE_BYTES));
        int64_t got = result = file_pread(in, &uio, *position);
        if (got <= 0)
            break;
        uio_init_kernel(&uio, buf, (size_t)got);
        result = do_write(out, &uio, NULL);
        if (result <= 0)
            break;
        *position += result;
        total += result;
        count -= (size_t)result;
        if (result < got || thread_has_flag(thread_current(), THREAD_WORK))
            break;
        sched_point();
    }
    return total > 0 ? total : result;
}

static int64_t sendfile(int out_fd, int in_fd, bool has_offset,
                        int64_t *position, size_t count)
{
    struct file *in = fd_get(in_fd);
    struct file *out = fd_get(out_fd);
    char *buf = NULL;

    if (in != NULL && !has_offset)
        *position = (int64_t)in->offset;
    int64_t result = check_sendfile(in, out, has_offset, *position, count);
    if (result == 0) {
        buf = kmalloc(SENDFILE_BYTES);
        result = buf == NULL ? -ENOMEM : 0;
    }
    if (result == 0)
        result = send_bytes(out, in, buf, position,
                            MIN(count, (size_t)RW_MAX_BYTES));
    if (result > 0 && !has_offset)
        file_seek(in, *position, SEEK_SET);
    kfree(buf);
    if (in != NULL)
        file_put(in);
    if (out != NULL)
        file_put(out);
    return result;
}

int64_t sys_sendfile(int out_fd, int in_fd, off_t __user *offset, size_t count)
{
    int64_t position = 0;

    if (offset != NULL && get_user(position, offset) != 0)
        return -EFAULT;
    int64_t result = sendfile(out_fd, in_fd, offset != NULL, &position, count);
    if (offset != NULL && put_user(position, offset) != 0)
        return -EFAULT;
    return result;
}
