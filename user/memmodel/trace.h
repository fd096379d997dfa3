#pragma once
/*
 * Traces of references to memory, by address: typed by hand or recorded.
 */
#include "input.h"

struct reference {
    unsigned long address;
    unsigned char is_write;
};

struct trace {
    struct reference *list;
    size_t count;
};

/*
 * Reads references until the words end. "22", "0x16" and "22w" are addresses;
 * a lone r, w or x is followed by an address in hexadecimal, as in recorded
 * traces. file, unless NULL, is read before the operands.
 */
void trace_read(struct trace *t, char **operands, const char *file);
