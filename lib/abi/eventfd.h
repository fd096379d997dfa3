/*
 * abi/eventfd.h - flags of eventfd2().
 */
#pragma once

#include "abi/fcntl.h"

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK
