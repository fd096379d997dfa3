/*
 * sys/wait.h - waiting for children.
 */
#pragma once

#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/types.h"
#include "abi/wait.h"

typedef int idtype_t;

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait3(int *status, int options, struct rusage *usage);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);
int waitid(idtype_t which, id_t id, siginfo_t *info, int options);
