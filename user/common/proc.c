/*
 * proc.c - reading /proc.
 *
 * A line of /proc/PID/stat is split at its last ')': the name before it may
 * contain anything, spaces and parentheses too. The fields after it are
 * numbered as in proc(5), field 3 being the state.
 * Read next: ../ps.c.
 */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

enum { STAT_FIELDS = 53 };

/* Field numbers of proc(5). */
enum {
    F_PPID = 4,
    F_PGRP = 5,
    F_SESSION = 6,
    F_TTY = 7,
    F_MINFLT = 10,
    F_MAJFLT = 12,
    F_UTIME = 14,
    F_STIME = 15,
    F_THREADS = 20,
    F_START = 22,
    F_VSIZE = 23,
    F_RSS = 24,
    F_CPU = 39,
};

static int parse_stat(char *text, struct proc_info *info)
{
    long long field[STAT_FIELDS] = { 0 };
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open || !close[1] || !close[2])
        return -1;
    *close = 0;
    memset(info, 0, sizeof *info);
    info->lwp = info->pid = atoi(text);
    snprintf(info->name, sizeof info->name, "%s", open + 1);
    info->state = close[2];

    char *p = close + 3;
    for (int i = F_PPID; i < STAT_FIELDS && *p; i++) {
        char *end;
        field[i] = (long long)strtoull(p, &end, 10);
        if (end == p)
            break;
        p = end;
    }
    info->ppid = (pid_t)field[F_PPID];
    info->pgrp = (pid_t)field[F_PGRP];
    info->session = (pid_t)field[F_SESSION];
    info->tty = (int)field[F_TTY];
    info->minor_faults = (unsigned long)field[F_MINFLT];
    info->major_faults = (unsigned long)field[F_MAJFLT];
    info->user_ticks = (unsigned long)field[F_UTIME];
    info->system_ticks = (unsigned long)field[F_STIME];
    info->threads = (long)field[F_THREADS];
    info->start_ticks = (unsigned long long)field[F_START];
    info->virtual_bytes = (unsigned long)field[F_VSIZE];
    info->rss_pages = (long)field[F_RSS];
    info->cpu = (int)field[F_CPU];
    return 0;
}

static int read_stat(const char *path, struct proc_info *info)
{
    char *text = file_read_all(path, NULL);
    if (!text)
        return -1;
    int result = parse_stat(text, info);
    free(text);
    return result;
}

int proc_read(pid_t pid, struct proc_info *info)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return read_stat(path, info);
}

int proc_read_thread(pid_t pid, pid_t lwp, struct proc_info *info)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)lwp);
    if (read_stat(path, info))
        return -1;
    info->pid = pid;
    return 0;
}

void proc_command(const struct proc_info *info, char *out, size_t size)
{
    char path[64];
    size_t length = 0;
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)info->pid);
    char *text = file_read_all(path, &length);
    while (text && length && text[length - 1] == 0)
        length--;
    if (!text || !length) {
        snprintf(out, size, "[%s]", info->name);
        free(text);
        return;
    }
    size_t i = 0;
    for (; i < length && i + 1 < size; i++)
        out[i] = isprint((unsigned char)text[i]) ? text[i] : ' ';
    out[i] = 0;
    free(text);
}

static int compare_numbers(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

pid_t *proc_list(const char *folder, size_t *count)
{
    size_t used = 0, room = 64;
    DIR *dir = opendir(folder);
    if (!dir)
        return NULL;
    pid_t *list = memory_get(room * sizeof *list);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        if (used == room)
            list = memory_resize(list, (room *= 2) * sizeof *list);
        list[used++] = atoi(e->d_name);
    }
    closedir(dir);
    qsort(list, used, sizeof *list, compare_numbers);
    *count = used;
    return list;
}

/* The number of the line "field: N"; -1 when not there. */
static long number_of(const char *text, const char *field)
{
    size_t length = strlen(field);
    for (const char *p = text; p && *p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, field, length) == 0 && p[length] == ':')
            return strtol(p + length + 1, NULL, 10);
    }
    return -1;
}

int proc_read_memory(pid_t pid, struct proc_memory *memory)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    char *text = file_read_all(path, NULL);
    if (!text)
        return -1;
    memory->rss = number_of(text, "Rss");
    memory->pss = number_of(text, "Pss");
    memory->uss =
        number_of(text, "Private_Clean") + number_of(text, "Private_Dirty");
    memory->swap = number_of(text, "Swap");
    free(text);
    return memory->pss < 0 ? -1 : 0;
}

long proc_meminfo(const char *field)
{
    char *text = file_read_all("/proc/meminfo", NULL);
    long value = text ? number_of(text, field) : -1;
    free(text);
    return value;
}
