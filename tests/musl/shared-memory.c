/*
 * shm_open: an object that processes map, that grows with ftruncate, and that
 * lives on without its name until the last of them lets go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 4, STEPS = 5000, BYTES = 8192 };

/* A stranger: has only the name. */
static int child(const char *name)
{
    int fd = shm_open(name, O_RDWR, 0);
    atomic_int *counter =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counter == MAP_FAILED || close(fd))
        return 1;
    for (int i = 0; i < STEPS; i++)
        atomic_fetch_add(&counter[1024], 1); /* in the second page */
    return munmap(counter, BYTES);
}

int main(void)
{
    char name[40];
    struct stat st;
    int failed = 0, status;

    snprintf(name, sizeof name, "/shared-memory-%d", (int)getpid());
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, BYTES) || fstat(fd, &st))
        return 1;
    printf("size %ld mode %o cloexec %d, ", (long)st.st_size,
           (unsigned)st.st_mode & 0777, fcntl(fd, F_GETFD));
    printf("again %d, ", shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600) < 0 &&
                             errno == EEXIST);
    atomic_int *counter =
        mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counter == MAP_FAILED)
        return 2;
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            _exit(child(name));
    while (wait(&status) > 0)
        failed |= status;
    printf("counted %d failed %d, ", atomic_load(&counter[1024]), failed);

    int *copy = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (copy == MAP_FAILED)
        return 3;
    copy[1024] = -1;
    printf("private %d, ", counter[1024] == CHILDREN * STEPS);
    printf("unlink %d ", shm_unlink(name));
    printf("%d, ", shm_open(name, O_RDWR, 0) < 0 && errno == ENOENT);
    close(fd);
    atomic_fetch_add(counter, 7);
    if (fork() == 0) { /* also without name and descriptor */
        atomic_fetch_add(counter, 1);
        _exit(0);
    }
    wait(&status);
    printf("then %d\n", atomic_load(counter));
    return 0;
}
