/*
 * sys/un.h - addresses of Unix-domain sockets.
 */
#pragma once

#include "abi/socket.h"
