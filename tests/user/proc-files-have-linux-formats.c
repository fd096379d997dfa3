/*
 * /proc: the files that ps, top and free read have the shape of Linux's.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

static char text[65536];

static const char *slurp(const char *path)
{
    long length = check_read_file(path, text, sizeof(text));
    CHECK(length > 0, "%s can be read", path);
    return text;
}

static void check_stat(void)
{
    char name[64], state, *rest;
    int pid, parent, group, session, fields = 2;
    slurp("/proc/self/stat");
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    CHECK(open && close, "stat has a name in brackets");
    pid = atoi(text);
    snprintf(name, sizeof(name), "%.*s", (int)(close - open - 1), open + 1);
    CHECK_EQ(pid, getpid(), "stat: pid");
    CHECK(!strncmp("proc-files-have-linux", name, 15), "stat: name %s", name);
    state = close[2];
    CHECK_EQ(state, 'R', "stat: running");
    parent = (int)strtol(close + 4, &rest, 10);
    group = (int)strtol(rest, &rest, 10);
    session = (int)strtol(rest, &rest, 10);
    CHECK_EQ(parent, getppid(), "stat: ppid");
    CHECK_EQ(group, getpgrp(), "stat: pgrp");
    CHECK_EQ(session, getsid(0), "stat: session");
    for (char *at = close; *at; at++) {
        fields += *at == ' ';
    }
    CHECK_EQ(fields, 52, "stat: number of fields");
    CHECK(text[strlen(text) - 1] == '\n', "stat: ends with a newline");
}

/* Value of "Key:   number" or -1. */
static long value_of(const char *key)
{
    char line[64];
    snprintf(line, sizeof(line), "\n%s:", key);
    char *at = !strncmp(text, line + 1, strlen(line) - 1) ? text - 1
                                                          : strstr(text, line);
    return at ? atol(at + strlen(line)) : -1;
}

static void check_status(void)
{
    slurp("/proc/self/status");
    CHECK(!strncmp(text, "Name:\t", 6), "status starts with the name");
    CHECK_EQ(value_of("Pid"), getpid(), "status: Pid");
    CHECK_EQ(value_of("PPid"), getppid(), "status: PPid");
    CHECK_EQ(value_of("Tgid"), getpid(), "status: Tgid");
    CHECK_EQ(value_of("Threads"), 1, "status: Threads");
    CHECK(value_of("VmRSS") > 0, "status: VmRSS %ld", value_of("VmRSS"));
    CHECK(value_of("VmSize") >= value_of("VmRSS"), "status: VmSize");
    CHECK(strstr(text, "\nState:\tR"), "status: State");
    CHECK(strstr(text, "\nUid:\t"), "status: Uid");
    CHECK(strstr(text, "\nSigBlk:\t"), "status: SigBlk");
}

static void check_maps(void)
{
    unsigned long start, end, previous = 0;
    int lines = 0, sorted = 1, stack = 0, self = 0, odd = 0, on_stack;
    slurp("/proc/self/maps");
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        char *rest;
        start = strtoul(line, &rest, 16);
        odd += *rest != '-';
        end = strtoul(rest + 1, &rest, 16);
        odd += rest[0] != ' ' || !strchr("r-", rest[1]) ||
               !strchr("w-", rest[2]) || !strchr("x-", rest[3]) ||
               !strchr("ps", rest[4]) || rest[5] != ' ';
        sorted &= start >= previous && end > start;
        previous = end;
        stack |= (uintptr_t)&on_stack >= start && (uintptr_t)&on_stack < end &&
                 !strncmp(rest + 1, "rw-p", 4);
        self |= (uintptr_t)check_maps >= start && (uintptr_t)check_maps < end &&
                !strncmp(rest + 1, "r-xp", 4);
        lines++;
        if (!strchr(line, '\n')) {
            odd++;
            break;
        }
    }
    CHECK(lines >= 3, "maps: %d lines", lines);
    CHECK_EQ(odd, 0, "maps: start-end rwxp");
    CHECK(sorted, "maps: sorted, without overlap");
    CHECK(stack, "maps: the stack is rw-p");
    CHECK(self, "maps: this function is r-xp");
    CHECK(strstr(text, "[stack]"), "maps: [stack]");
}

static void check_command_line(char **argv)
{
    char expected[300];
    long length = check_read_file("/proc/self/cmdline", text, sizeof(text));
    snprintf(expected, sizeof(expected), "%s", argv[0]);
    CHECK_EQ(length, (long)strlen(expected) + 1, "cmdline: length");
    CHECK(!memcmp(text, expected, strlen(expected) + 1), "cmdline: argv[0]");
}

static void check_system_files(void)
{
    char *rest;
    slurp("/proc/meminfo");
    long total = value_of("MemTotal"), free = value_of("MemFree");
    CHECK(total > 1024 && free > 0 && free < total, "meminfo: %ld of %ld kB",
          free, total);
    CHECK(value_of("MemAvailable") > 0, "meminfo: MemAvailable");
    CHECK(value_of("Cached") >= 0, "meminfo: Cached");
    CHECK(strstr(text, " kB\n"), "meminfo: in kB");
    slurp("/proc/stat");
    CHECK(!strncmp(text, "cpu  ", 5), "stat: cpu line");
    CHECK(strstr(text, "\ncpu0 "), "stat: cpu0 line");
    CHECK(strstr(text, "\nbtime "), "stat: btime");
    CHECK(strstr(text, "\nprocesses "), "stat: processes");
    slurp("/proc/uptime");
    double up = strtod(text, &rest);
    CHECK(up > 0 && *rest == ' ' && strtod(rest, NULL) >= 0,
          "uptime: two numbers");
    slurp("/proc/loadavg");
    CHECK(strchr(text, '/'), "loadavg: running/total");
}

static int child_zombie(void *unused)
{
    return 1;
}

static void check_folder(void)
{
    char path[64], link[200], name[20];
    struct dirent *entry;
    struct stat status;
    int found = 0;
    DIR *proc = opendir("/proc");
    NEED(proc != NULL);
    snprintf(name, sizeof(name), "%d", (int)getpid());
    while ((entry = readdir(proc))) {
        found += !strcmp(entry->d_name, name) || !strcmp(entry->d_name, "self");
    }
    closedir(proc);
    CHECK_EQ(found, 2, "readdir lists this process and self");
    ssize_t length = readlink("/proc/self", link, sizeof(link) - 1);
    CHECK(length > 0 && atoi(link) == getpid(), "self links to the pid");
    CHECK(readlink("/proc/self/exe", link, sizeof(link)) > 0, "exe is a link");
    CHECK_ERRNO(stat("/proc/999999999", &status), ENOENT, "no such process");
    pid_t pid = child_start(child_zombie, NULL);
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 20000; i++) {
        NEED(check_read_file(path, text, sizeof(text)) > 0);
        if (strstr(text, ") Z ")) {
            break;
        }
        usleep(1000);
    }
    CHECK(strstr(text, ") Z ") != NULL, "a zombie's state is Z");
    CHECK_EQ(child_wait(pid), 1 << 8, "reaped");
    CHECK_ERRNO(open(path, O_RDONLY), ENOENT, "then its folder is gone");
}

int main(int argc, char **argv)
{
    check_start();
    check_stat();
    check_status();
    check_maps();
    check_command_line(argv);
    check_system_files();
    check_folder();
    return check_done();
}
