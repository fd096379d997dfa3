/*
 * memfd_create: an empty file that no folder names: written, grown, mapped,
 * shared by fork, gone with its last user.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static char *shared;

static int child_writes(void *unused)
{
    (void)unused;
    strcpy(shared + PAGE, "from the child");
    return 0;
}

static void check_file(int fd)
{
    struct stat status;
    char bytes[20] = "";
    CHECK_EQ(fstat(fd, &status), 0, "fstat");
    CHECK(S_ISREG(status.st_mode) && status.st_size == 0, "an empty file");
    CHECK_EQ(status.st_nlink, 0, "without a name");
    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR, "to read and write");
    CHECK_EQ(write(fd, "hello", 5), 5, "write");
    CHECK_EQ(pread(fd, bytes, 20, 0), 5, "read");
    CHECK(!memcmp(bytes, "hello", 5), "the same bytes");
    CHECK_EQ(ftruncate(fd, 2 * PAGE), 0, "grow");
}

static void check_mapping(int fd)
{
    char bytes[20] = "";
    shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *copy =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    NEED(shared != MAP_FAILED && copy != MAP_FAILED);
    CHECK(!memcmp(shared, "hello", 6), "mapped");
    copy[0] = 'j';
    CHECK(shared[0] == 'h', "a private copy is private");
    CHECK_EQ(child_run(child_writes, NULL), 0, "a child writes");
    CHECK(!strcmp(shared + PAGE, "from the child"), "the parent sees it");
    CHECK_EQ(pread(fd, bytes, 14, (long)PAGE), 14, "so does read");
    close(fd);
    CHECK(!strcmp(shared + PAGE, "from the child"), "the mapping keeps it");
    munmap(shared, 2 * PAGE);
    munmap(copy, 2 * PAGE);
}

int main(void)
{
    static char name[300];
    check_start();
    int fd = memfd_create("test", MFD_CLOEXEC);
    CHECK(fd >= 0, "memfd_create");
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC, "MFD_CLOEXEC");
    check_file(fd);
    check_mapping(fd);
    memset(name, 'x', 249);
    fd = memfd_create(name, 0);
    CHECK(fd >= 0, "a name of 249 bytes");
    CHECK_EQ(fcntl(fd, F_GETFD), 0, "no MFD_CLOEXEC");
    close(fd);
    name[249] = 'x';
    CHECK_ERRNO(memfd_create(name, 0), EINVAL, "one of 250");
    CHECK_ERRNO(memfd_create("x", 0x8000), EINVAL, "an unknown flag");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW2(SYS_memfd_create, badptr(i), 0), -EFAULT, "name: %s",
                 badptr_name(i));
    }
    return check_done();
}
