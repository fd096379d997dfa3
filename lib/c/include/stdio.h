/*
 * stdio.h - buffered streams and formatted text.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "abi/types.h"
#include "abi/unistd.h"

typedef struct stream FILE;

extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;
#define stdin  stdin
#define stdout stdout
#define stderr stderr

#define EOF          (-1)
#define BUFSIZ       4096
#define FILENAME_MAX 4096
#define FOPEN_MAX    1000
#define L_tmpnam     20
#define _IOFBF       0
#define _IOLBF       1
#define _IONBF       2

#define __printf_like(position, first)                                         \
    __attribute__((format(printf, position, first)))
#define __scanf_like(position, first)                                          \
    __attribute__((format(scanf, position, first)))

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
FILE *freopen(const char *path, const char *mode, FILE *stream);
int fclose(FILE *stream);
int fflush(FILE *stream);
int setvbuf(FILE *stream, char *buf, int mode, size_t size);
void setbuf(FILE *stream, char *buf);
void setlinebuf(FILE *stream);
int fileno(FILE *stream);
int feof(FILE *stream);
int ferror(FILE *stream);
void clearerr(FILE *stream);
int fseek(FILE *stream, long offset, int whence);
int fseeko(FILE *stream, off_t offset, int whence);
long ftell(FILE *stream);
off_t ftello(FILE *stream);
void rewind(FILE *stream);

size_t fread(void *buf, size_t size, size_t count, FILE *stream);
size_t fwrite(const void *buf, size_t size, size_t count, FILE *stream);
int fgetc(FILE *stream);
int getc(FILE *stream);
int getchar(void);
int ungetc(int c, FILE *stream);
char *fgets(char *buf, int size, FILE *stream);
ssize_t getline(char **line, size_t *size, FILE *stream);
ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *stream);
int fputc(int c, FILE *stream);
int putc(int c, FILE *stream);
int putchar(int c);
int fputs(const char *text, FILE *stream);
int puts(const char *text);
/* Holds a stream over several calls; the others wait, and so do all functions
 * here that are not called ..._unlocked. */
void flockfile(FILE *stream);
int ftrylockfile(FILE *stream);
void funlockfile(FILE *stream);
int getc_unlocked(FILE *stream);
int getchar_unlocked(void);
int putc_unlocked(int c, FILE *stream);
int putchar_unlocked(int c);

int printf(const char *format, ...) __printf_like(1, 2);
int fprintf(FILE *stream, const char *format, ...) __printf_like(2, 3);
int dprintf(int fd, const char *format, ...) __printf_like(2, 3);
int sprintf(char *buf, const char *format, ...) __printf_like(2, 3);
int snprintf(char *buf, size_t size, const char *format, ...)
    __printf_like(3, 4);
int asprintf(char **out, const char *format, ...) __printf_like(2, 3);
int vprintf(const char *format, va_list args) __printf_like(1, 0);
int vfprintf(FILE *stream, const char *format, va_list args)
    __printf_like(2, 0);
int vdprintf(int fd, const char *format, va_list args) __printf_like(2, 0);
int vsprintf(char *buf, const char *format, va_list args) __printf_like(2, 0);
int vsnprintf(char *buf, size_t size, const char *format, va_list args)
    __printf_like(3, 0);
int vasprintf(char **out, const char *format, va_list args) __printf_like(2, 0);
void perror(const char *prefix);

/* Conversions %d i u x o c s [ n % f, with * and width and length. */
int sscanf(const char *text, const char *format, ...) __scanf_like(2, 3);
int vsscanf(const char *text, const char *format, va_list args)
    __scanf_like(2, 0);

int remove(const char *path);
int rename(const char *from, const char *to);
FILE *popen(const char *command, const char *mode);
int pclose(FILE *stream);
FILE *tmpfile(void);
