/*
 * sys/ipc.h - keys, ids and rights of System V objects.
 */
#pragma once

#include "abi/ipc.h"

/* A key made of the file's number and the low byte of `project`; -1. */
key_t ftok(const char *path, int project);
