/*
 * string.h - strings and memory.
 */
#pragma once

#include <stddef.h>

#include "base/string.h"

void *memccpy(void *to, const void *from, int byte, size_t count);
void *mempcpy(void *to, const void *from, size_t count);
void *memrchr(const void *memory, int byte, size_t count);
void *memmem(const void *memory, size_t length, const void *part,
             size_t part_length);
void explicit_bzero(void *memory, size_t count);

char *strcpy(char *to, const char *from);
char *stpcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t count);
char *stpncpy(char *to, const char *from, size_t count);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t count);
size_t strlcat(char *to, const char *from, size_t size);
char *strdup(const char *text);
char *strndup(const char *text, size_t limit);

char *strchrnul(const char *text, int character);
char *strstr(const char *text, const char *part);
char *strcasestr(const char *text, const char *part);
size_t strspn(const char *text, const char *set);
size_t strcspn(const char *text, const char *set);
char *strpbrk(const char *text, const char *set);
char *strtok(char *text, const char *separators);
char *strtok_r(char *text, const char *separators, char **state);
char *strsep(char **text, const char *separators);
int strcoll(const char *a, const char *b);

char *strerror(int number);
int strerror_r(int number, char *buf, size_t size);
char *strsignal(int number);

#include <strings.h>
