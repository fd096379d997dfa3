/*
 * What the system and a process say of themselves: uname, sysinfo, ids, the
 * name, affinity, umask, priority.
 */
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "common/child.h"
#include "common/numbers.h"
#include "common/raw.h"

static void check_system(void)
{
    struct utsname name;
    struct sysinfo info;
    CHECK_EQ(uname(&name), 0, "uname");
    CHECK(!strcmp(name.machine, "x86_64"), "machine %s", name.machine);
    CHECK(name.sysname[0] && name.release[0] && name.version[0], "named");
    memset(&info, 0xff, sizeof(info));
    CHECK_EQ(sysinfo(&info), 0, "sysinfo");
    CHECK(info.totalram > 0 && info.freeram < info.totalram, "memory");
    CHECK(info.procs > 0, "%d processes", info.procs);
    CHECK(info.uptime >= 0 && info.mem_unit > 0, "uptime and unit");
}

static void check_name(void)
{
    char name[17] = "", long_name[] = "a-name-that-is-too-long";
    CHECK_EQ(RAW2(SYS_prctl, PR_GET_NAME, name), 0, "PR_GET_NAME");
    CHECK(!strncmp(name, "system-informat", 15), "the file's name: %s", name);
    CHECK_EQ(RAW2(SYS_prctl, PR_SET_NAME, long_name), 0, "PR_SET_NAME");
    RAW2(SYS_prctl, PR_GET_NAME, name);
    CHECK(!strcmp(name, "a-name-that-is-"), "cut to 15 bytes: %s", name);
    CHECK_EQ(RAW2(SYS_prctl, 0x77777777, 0), -EINVAL, "unknown option");
}

static void check_processors(void)
{
    unsigned char set[128] = { 0 };
    int count = 0;
    long bytes = RAW3(SYS_sched_getaffinity, 0, sizeof(set), set);
    CHECK(bytes > 0 && bytes % 8 == 0, "sched_getaffinity: %ld bytes", bytes);
    for (size_t i = 0; i < 8 * sizeof(set); i++) {
        count += set[i / 8] >> (i % 8) & 1;
    }
    CHECK(count >= 1, "%d processors", count);
    CHECK_EQ(RAW3(SYS_sched_getaffinity, 0, 3, set), -EINVAL, "3 bytes");
    CHECK_EQ(RAW3(SYS_sched_getaffinity, 0x3fffffff, 128, set), -ESRCH,
             "of nobody");
}

static int child_gives_up_privileges(void *unused)
{
    if (setgid(1234) || setuid(1234)) {
        return 1;
    }
    if (getuid() != 1234 || geteuid() != 1234 || getgid() != 1234 ||
        getegid() != 1234) {
        return 2;
    }
    return setuid(0) == -1 && errno == EPERM ? 0 : 3;
}

static void check_ids(void)
{
    CHECK_EQ(getpid(), syscall(SYS_gettid), "the first thread's id");
    CHECK(getppid() >= 0, "a parent");
    CHECK_EQ(umask(027), 022, "umask gives the old one");
    CHECK_EQ(umask(07777), 027, "again");
    CHECK_EQ(umask(022), 0777, "only permission bits are kept");
    if (getuid() == 0) {
        CHECK_EXITS(child_gives_up_privileges, NULL, 0, "setuid is final");
    }
}

/* The call itself tells 20 less the nice value. */
static void check_priority(void)
{
    if (RAW2(NUMBER_getpriority, 0, 0) == -ENOSYS) {
        check_skip("priority", "this system has none");
        return;
    }
    CHECK_EQ(RAW2(NUMBER_getpriority, 0, 0), 20, "nice 0");
    CHECK_EQ(RAW3(NUMBER_setpriority, 0, 0, 5), 0, "nicer");
    CHECK_EQ(RAW2(NUMBER_getpriority, 0, 0), 15, "nice 5");
    CHECK_EQ(RAW3(NUMBER_setpriority, 9, 0, 5), -EINVAL, "unknown kind");
    CHECK_EQ(RAW3(NUMBER_setpriority, 0, 0x3fffffff, 5), -ESRCH, "nobody");
}

int main(void)
{
    check_start();
    umask(022);
    check_system();
    check_name();
    check_processors();
    check_ids();
    check_priority();
    return check_done();
}
