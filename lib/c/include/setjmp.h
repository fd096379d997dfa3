/*
 * setjmp.h - jumps out of nested calls.
 */
#pragma once

#include "abi/signal.h"

typedef struct {
    unsigned long registers[8]; /* rbx rbp r12 r13 r14 r15 rsp rip */
} jmp_buf[1];

typedef struct {
    jmp_buf registers;
    int has_mask;
    sigset_t mask;
} sigjmp_buf[1];

int setjmp(jmp_buf place) __attribute__((returns_twice));
int _setjmp(jmp_buf place) __attribute__((returns_twice));
void longjmp(jmp_buf place, int value) __attribute__((noreturn));
void _longjmp(jmp_buf place, int value) __attribute__((noreturn));

/* Saves the signal mask where asked to, then continues as setjmp. */
void __sigsetjmp_save(sigjmp_buf place, int with_mask);
#define sigsetjmp(place, with_mask)                                            \
    (__sigsetjmp_save((place), (with_mask)), setjmp((place)->registers))
void siglongjmp(sigjmp_buf place, int value) __attribute__((noreturn));
