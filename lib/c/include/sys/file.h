/*
 * sys/file.h - locks on whole files.
 */
#pragma once

#include "abi/fcntl.h"

/* LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB to fail instead of waiting. */
int flock(int fd, int operation);
