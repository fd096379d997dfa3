/*
 * base/string.h - the memory and string functions of the C standard that
 * kernel, C library and tools share.  They have the standard's contracts;
 * the compiler itself calls memcpy, memset, memmove and memcmp.
 */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *a, const void *b, size_t count);
void *memchr(const void *memory, int byte, size_t count);

size_t strlen(const char *text);
/* Length of text, but at most limit; reads no further than that. */
size_t strnlen(const char *text, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t count);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);

/* Copies from to `to`, which has room for size bytes, cutting it if need be;
 * the result is terminated unless size is 0.  Returns strlen(from). */
size_t strlcpy(char *to, const char *from, size_t size);
