/*
 * abi/random.h - flags of getrandom().
 */
#pragma once

#define GRND_NONBLOCK 1
#define GRND_RANDOM   2
#define GRND_INSECURE 4
