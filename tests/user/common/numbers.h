/*
 * numbers.h - Linux's numbers of calls that a system's headers may not name.
 */
#pragma once

#define NUMBER_mincore           27
#define NUMBER_chown             92
#define NUMBER_lchown            94
#define NUMBER_ptrace            101
#define NUMBER_getresuid         118
#define NUMBER_getresgid         120
#define NUMBER_rt_sigtimedwait   128
#define NUMBER_rt_sigqueueinfo   129
#define NUMBER_utime             132
#define NUMBER_mknod             133
#define NUMBER_statfs            137
#define NUMBER_fstatfs           138
#define NUMBER_getpriority       140
#define NUMBER_setpriority       141
#define NUMBER_iopl              172
#define NUMBER_ioperm            173
#define NUMBER_sched_setaffinity 203
#define NUMBER_fchownat          260
#define NUMBER_fchmodat          268
#define NUMBER_utimensat         280
#define NUMBER_preadv            295
#define NUMBER_rt_tgsigqueueinfo 297
#define NUMBER_getcpu            309
#define NUMBER_statx             332
#define NUMBER_clone3            435
