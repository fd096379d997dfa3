/*
 * lib/c/process.h - what the assembly functions need from C.
 */
#pragma once

/* Stores the error of a failed system call, given -errno; returns -1. */
long __call_failed(long result);
