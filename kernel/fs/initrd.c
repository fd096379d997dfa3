/*
 * fs/initrd.c - unpack the initrd into the root file system.
 *
 * Idea:   cpio.c finds the members.  A page of file data that lies on a page
 *         boundary is not copied: its frame moves into the file's mapping.
 *         The last page of a file also holds the next member's header, so it
 *         is copied.  Afterwards all frames that nobody took are freed.
 *         A damaged member ends the unpacking with a line in the log; what
 *         came before it stays.
 * Locks:  none needed, boot only.
 * Next:   fs/cpio.c, vm/mapping.c (mapping_adopt_frame).
 */
#include "fs/initrd.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "base/list.h"
#include "base/string.h"
#include "core/boot_info.h"
#include "core/printk.h"
#include "fs/cpio.h"
#include "fs/names.h"
#include "mem/frame.h"
#include "mem/slab.h"

/* A file with several names, of which the archive may still bring more. */
struct linked_file {
    struct list_node link;
    uint32_t dev_major, dev_minor, ino;
    struct inode *inode; /* with reference */
};

static struct list_node linked_files = LIST_INIT(linked_files);

static struct linked_file *linked_find(const struct cpio_member *member)
{
    struct linked_file *file;

    list_for_each (file, &linked_files, link) {
        if (file->ino == member->ino && file->dev_major == member->dev_major &&
            file->dev_minor == member->dev_minor)
            return file;
    }
    return NULL;
}

static int linked_add(const struct cpio_member *member, struct inode *inode)
{
    struct linked_file *file = kmalloc(sizeof(*file));

    if (file == NULL)
        return -ENOMEM;
    file->dev_major = member->dev_major;
    file->dev_minor = member->dev_minor;
    file->ino = member->ino;
    file->inode = inode_get(inode);
    list_add_tail(&linked_files, &file->link);
    return 0;
}

/* Inode numbers mean something within one archive only. */
static void linked_forget(void)
{
    struct linked_file *file, *next;

    list_for_each_safe (file, next, &linked_files, link) {
        list_remove(&file->link);
        inode_put(file->inode);
        kfree(file);
    }
}

/* Make the directories above `path`. */
static int make_parents(const char *path)
{
    char *copy = kmalloc(strlen(path) + 1);
    int err = copy == NULL ? -ENOMEM : 0;

    if (copy != NULL)
        strlcpy(copy, path, strlen(path) + 1);
    for (char *p = copy; err == 0 && (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        err = vfs_mkdir(vfs_root, copy, 0755);
        if (err == -EEXIST)
            err = 0;
        *p = '/';
    }
    kfree(copy);
    return err;
}

/* Move or copy the data of one member into its file. */
static int fill_file(struct inode *inode, const unsigned char *data,
                     size_t size)
{
    struct mapping *mapping = &inode->mapping;

    mapping_resize(mapping, 0);
    mapping_resize(mapping, size);
    for (size_t done = 0; done < size; done += PAGE_SIZE) {
        const unsigned char *from = data + done;
        size_t part = MIN(size - done, PAGE_SIZE);
        struct frame *frame = frame_of_phys(virt_to_phys(from));
        int64_t result;
        if (part == PAGE_SIZE && (vaddr_t)from % PAGE_SIZE == 0 &&
            frame->kind == FRAME_RESERVED)
            result = mapping_adopt_frame(mapping, done / PAGE_SIZE, frame);
        else
            result = mapping_write_kernel(mapping, done, from, part);
        if (result < 0)
            return (int)result;
    }
    return 0;
}

static int unpack_file(const struct cpio_member *member, const char *path)
{
    struct linked_file *linked = member->nlink > 1 ? linked_find(member) : NULL;
    struct inode *inode;
    int err;

    if (linked != NULL)
        err = vfs_link(linked->inode, vfs_root, path);
    else
        err = vfs_mknod(vfs_root, path, S_IFREG, 0);
    if (err == 0)
        err = vfs_lookup(vfs_root, path, WALK_NOFOLLOW, &inode);
    if (err != 0)
        return err;
    if (linked == NULL && member->nlink > 1)
        err = linked_add(member, inode);
    /* Of several names only one brings the data. */
    if (err == 0 && member->size > 0)
        err = fill_file(inode, member->data, member->size);
    inode_put(inode);
    return err;
}

static int unpack_link(const struct cpio_member *member, const char *path)
{
    if (member->size == 0 || member->size >= PATH_MAX)
        return -EINVAL;
    char *target = kmalloc(member->size + 1);
    if (target == NULL)
        return -ENOMEM;
    memcpy(target, member->data, member->size);
    target[member->size] = '\0';
    int err = vfs_symlink(target, vfs_root, path);
    kfree(target);
    return err;
}

/* Make the node itself; -EEXIST and -ENOENT tell what is in the way. */
static int unpack_node(const struct cpio_member *member, const char *path)
{
    if (S_ISDIR(member->mode))
        return vfs_mkdir(vfs_root, path, 0755);
    if (S_ISREG(member->mode))
        return unpack_file(member, path);
    if (S_ISLNK(member->mode))
        return unpack_link(member, path);
    return vfs_mknod(vfs_root, path, member->mode,
                     makedev(member->rdev_major, member->rdev_minor));
}

static int set_attributes(const struct cpio_member *member, const char *path)
{
    struct inode *inode;
    int err = vfs_lookup(vfs_root, path, WALK_NOFOLLOW, &inode);

    if (err != 0)
        return err;
    rwlock_write_lock(&inode->lock);
    inode->mode = (inode->mode & S_IFMT) | (member->mode & 07777);
    inode->uid = member->uid;
    inode->gid = member->gid;
    inode->mtime = (struct timespec){ .tv_sec = member->mtime };
    inode->atime = inode->mtime;
    rwlock_write_unlock(&inode->lock);
    inode_put(inode);
    return 0;
}

/* Later members replace earlier ones of the same name, but a directory is
 * only given new attributes. */
static int unpack_member(const struct cpio_member *member)
{
    const char *path = *member->name != '\0' ? member->name : ".";
    int err = unpack_node(member, path);

    if (err == -ENOENT) {
        err = make_parents(path);
        if (err == 0)
            err = unpack_node(member, path);
    }
    if (err == -EEXIST && S_ISDIR(member->mode)) {
        err = 0;
    } else if (err == -EEXIST) {
        err = vfs_unlink(vfs_root, path);
        if (err == 0)
            err = unpack_node(member, path);
    }
    return err != 0 ? err : set_attributes(member, path);
}

void initrd_unpack(void)
{
    paddr_t start = boot_info.initrd_start;
    paddr_t end = boot_info.initrd_end;
    struct cpio_reader reader;
    struct cpio_member member;
    enum cpio_result result;

    if (start == end) {
        printk("initrd: none\n");
        return;
    }
    cpio_begin(&reader, phys_to_virt(start), end - start);
    while ((result = cpio_next(&reader, &member)) == CPIO_MEMBER ||
           result == CPIO_TRAILER) {
        if (result == CPIO_TRAILER) {
            linked_forget();
            continue;
        }
        int err = unpack_member(&member);
        if (err != 0)
            printk("initrd: %s: error %d\n", member.name, -err);
    }
    linked_forget();
    if (result == CPIO_BAD)
        printk("initrd: %s at offset %zu\n", reader.error, reader.offset);
    frame_release_reserved(start, end);
}
