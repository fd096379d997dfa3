/*
 * abi/sysinfo.h - what sysinfo() tells about memory and load.
 */
#pragma once

struct sysinfo {
    long uptime;            /* seconds */
    unsigned long loads[3]; /* of 1, 5, 15 minutes, times 65536 */
    unsigned long totalram; /* sizes in mem_unit bytes */
    unsigned long freeram;
    unsigned long sharedram;
    unsigned long bufferram;
    unsigned long totalswap;
    unsigned long freeswap;
    unsigned short procs;
    unsigned short pad;
    unsigned long totalhigh;
    unsigned long freehigh;
    unsigned int mem_unit;
};

_Static_assert(sizeof(struct sysinfo) == 112, "layout of struct sysinfo");
