/*
 * sys/param.h - small macros of old.
 */
#pragma once

#include <limits.h>

#define MIN(a, b)  ((a) < (b) ? (a) : (b))
#define MAX(a, b)  ((a) > (b) ? (a) : (b))
#define MAXPATHLEN PATH_MAX
