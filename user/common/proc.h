#pragma once
/*
 * What /proc says about processes, threads and memory.
 */
#include <stddef.h>
#include <sys/types.h>

struct proc_info {
    pid_t pid; /* the process */
    pid_t lwp; /* the thread; equals pid for the first one */
    pid_t ppid;
    pid_t pgrp, session;
    int tty;
    char name[64];
    char state; /* R S D Z T ... */
    unsigned long minor_faults, major_faults;
    unsigned long user_ticks, system_ticks; /* of 1/100 s */
    long threads;
    unsigned long long start_ticks;
    unsigned long virtual_bytes;
    long rss_pages;
    int cpu;
};

/* Reads /proc/PID/stat. Returns 0, or -1 when there is no such process. */
int proc_read(pid_t pid, struct proc_info *info);

/* Reads /proc/PID/task/LWP/stat. Returns 0, or -1 when there is none. */
int proc_read_thread(pid_t pid, pid_t lwp, struct proc_info *info);

/*
 * The command line with its arguments joined by spaces, or "[name]" for a
 * process that has none, cut to size bytes.
 */
void proc_command(const struct proc_info *info, char *out, size_t size);

/*
 * The numbers that name entries of a /proc folder, in ascending order.
 * Returns an array that the caller frees and its length, or NULL.
 */
pid_t *proc_list(const char *folder, size_t *count);

/*
 * What the pages of a process cost, from /proc/PID/smaps_rollup, in KiB: what
 * it maps, its share of what several map, what nobody else maps, and what is
 * swapped out.
 * Returns 0, or -1: it has gone, or may not be looked into.
 */
struct proc_memory {
    long rss, pss, uss, swap;
};
int proc_read_memory(pid_t pid, struct proc_memory *memory);

/* A field of /proc/meminfo in KiB, such as "MemFree"; -1 when not there. */
long proc_meminfo(const char *field);
