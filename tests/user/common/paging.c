/*
 * paging.c - calls that lock, advise and look at memory, and patterns in it.
 */
#include "common/paging.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"
#include "common/numbers.h"
#include "common/raw.h"
#include "common/thread.h"

enum { USER = 1234, MOST_PAGES = 1024 };

long paging_lock(const void *at, size_t bytes)
{
    return RAW2(NUMBER_mlock, at, bytes);
}

long paging_lock_on_fault(const void *at, size_t bytes)
{
    return RAW3(NUMBER_mlock2, at, bytes, ONFAULT);
}

long paging_unlock(const void *at, size_t bytes)
{
    return RAW2(NUMBER_munlock, at, bytes);
}

long paging_lock_all(int flags)
{
    return RAW1(NUMBER_mlockall, flags);
}

long paging_unlock_all(void)
{
    return RAW1(NUMBER_munlockall, 0);
}

long paging_advise(const void *at, size_t bytes, int advice)
{
    return RAW3(SYS_madvise, at, bytes, advice);
}

long paging_mincore(const void *at, size_t bytes, unsigned char *vector)
{
    return RAW3(NUMBER_mincore, at, bytes, vector);
}

static char *map(size_t pages, int flags)
{
    char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                        flags | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
    paging_advise(memory, pages * PAGE, ADVICE_NOHUGEPAGE);
    return memory;
}

char *paging_map(size_t pages)
{
    return map(pages, MAP_PRIVATE);
}

char *paging_map_shared(size_t pages)
{
    return map(pages, MAP_SHARED);
}

long paging_resident(const void *at, size_t pages)
{
    unsigned char vector[MOST_PAGES];
    long count = 0;

    NEED(pages <= MOST_PAGES);
    NEED(paging_mincore(at, pages * PAGE, vector) == 0);
    for (size_t i = 0; i < pages; i++)
        count += vector[i] & 1;
    return count;
}

long paging_locked_kb(void)
{
    return thread_status_number(getpid(), getpid(), "VmLck");
}

void paging_mark(char *at, size_t pages, int mark)
{
    for (size_t i = 0; i < pages; i++)
        memset(at + i * PAGE, (int)(mark + i) & 0xff, PAGE);
}

long paging_differ(const char *at, size_t pages, int mark)
{
    long wrong = 0;

    for (size_t i = 0; i < pages * PAGE; i++)
        wrong += at[i] != (char)(mark + i / PAGE);
    return wrong;
}

bool paging_has_swap(void)
{
    char text[1000];

    if (check_read_file("/proc/swaps", text, sizeof(text)) <= 0)
        return false;
    const char *second = strchr(text, '\n');
    return second && second[1];
}

int paging_become_user(size_t pages)
{
    struct rlimit limit = { pages * PAGE, pages * PAGE };

    return setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setgid(USER) != 0 ||
           setuid(USER) != 0;
}

long paging_faults(void)
{
    struct rusage usage;

    NEED(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_minflt + usage.ru_majflt;
}

void paging_warm_up(void)
{
    char *memory = paging_map(1);

    paging_mark(memory, 1, 0);
    NEED(paging_faults() > 0 && paging_differ(memory, 1, 0) == 0);
    munmap(memory, PAGE);
}
