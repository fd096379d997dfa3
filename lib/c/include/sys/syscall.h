/*
 * sys/syscall.h - numbers of the system calls, for syscall() of unistd.h.
 */
#pragma once

#define SYSCALL0(number, name)      SYS_##name = number,
#define SYSCALL1(number, name, ...) SYS_##name = number,
#define SYSCALL2(number, name, ...) SYS_##name = number,
#define SYSCALL3(number, name, ...) SYS_##name = number,
#define SYSCALL4(number, name, ...) SYS_##name = number,
#define SYSCALL5(number, name, ...) SYS_##name = number,
#define SYSCALL6(number, name, ...) SYS_##name = number,
enum {
#include "abi/syscall.def"
};
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6
