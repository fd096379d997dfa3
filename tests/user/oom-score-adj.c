/*
 * /proc/PID/oom_score_adj: what may be written, who inherits it, who may take
 * it back; oom_score follows it.
 */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"

static int adj_fd;

static int get(void)
{
    char text[32] = "";
    NEED(pread(adj_fd, text, sizeof(text) - 1, 0) > 0);
    return atoi(text);
}

/* 0 or errno. */
static int put(const char *text)
{
    return pwrite(adj_fd, text, strlen(text), 0) < 0 ? errno : 0;
}

static int score(void)
{
    char text[32] = "";
    int fd = open("/proc/self/oom_score", O_RDONLY);
    NEED(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    return atoi(text);
}

static void open_own(void)
{
    adj_fd = open("/proc/self/oom_score_adj", O_RDWR);
    NEED(adj_fd >= 0);
}

static void check_values(void)
{
    CHECK_EQ(put("500"), 0, "a number");
    CHECK_EQ(get(), 500, "reads back");
    CHECK_EQ(put("1001"), EINVAL, "too large");
    CHECK_EQ(put("-1001"), EINVAL, "too small");
    CHECK_EQ(put("x"), EINVAL, "no number");
    CHECK_EQ(put("5 5"), EINVAL, "two numbers");
    CHECK_EQ(get(), 500, "errors change nothing");
    CHECK_EQ(put(" 300 "), 0, "spaces");
    CHECK_EQ(get(), 300, "spaces do not matter");
    CHECK_EQ(put("+5"), 0, "a sign");
    CHECK_EQ(get(), 5, "less than before, but not less than at the start");
    CHECK_EQ(put("1000\n"), 0, "a newline");
    CHECK(write(open("/proc/self/oom_score", O_WRONLY), "1", 1) < 0,
          "the score cannot be written");
}

static void check_score(void)
{
    NEED(put("0") == 0);
    int low = score();
    NEED(put("500") == 0);
    int middle = score();
    NEED(put("1000") == 0);
    int high = score();
    CHECK(low > 600 && low < 800, "score without adjustment (%d)", low);
    CHECK(middle > low + 250 && middle < low + 400, "500 thousandths more (%d)",
          middle);
    CHECK(high > middle && high <= 1334, "1000 thousandths more (%d)", high);
}

static int child_inherits(void *unused)
{
    open_own();
    return get() == 200 ? 0 : 1;
}

/* Less than what a privileged process has set takes privilege. */
static int child_without_rights(void *unused)
{
    open_own();
    if (setgid(65534) || setuid(65534))
        return 1;
    if (put("-1") != EACCES || get() != 200)
        return 2;
    if (put("900") != 0 || get() != 900)
        return 3;
    return 0;
}

static int child_lowers(void *unused)
{
    open_own();
    if (put("-1000") == EACCES)
        return 0; /* on this machine even root may not */
    return get() == -1000 && score() == 0 ? 0 : 1;
}

int main(void)
{
    check_start();
    open_own();
    NEED(put("0") == 0);
    check_values();
    check_score();
    NEED(put("200") == 0);
    CHECK_EXITS(child_inherits, NULL, 0, "a child inherits it");
    if (getuid() == 0) {
        CHECK_EXITS(child_without_rights, NULL, 0, "without privilege");
        CHECK_EXITS(child_lowers, NULL, 0, "with privilege");
    }
    CHECK_EQ(get(), 200, "a child's is its own");
    return check_done();
}
