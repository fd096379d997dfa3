#pragma once
/*
 * Reading and writing whole files and streams.
 */
#include <stddef.h>

/*
 * Reads a file of unknown size (the files of /proc say 0) to its end. Returns
 * a NUL-terminated buffer that the caller frees, its length in *length unless
 * that is NULL; or NULL with errno.
 */
char *file_read_all(const char *path, size_t *length);

/* Writes all of the buffer. Returns 0, or -1 with errno. */
int file_write_all(int fd, const void *buffer, size_t length);

/*
 * Copies fd `from` to its end into fd `to`. Returns 0, -1 when reading failed,
 * -2 when writing failed; errno says why.
 */
int file_copy(int from, int to);

/* Returns "folder/name" in memory the caller frees; ends the program if none.
 */
char *file_join(const char *folder, const char *name);

/* The part of path after its last slash (trailing slashes aside); in path. */
const char *file_base_name(const char *path);

/* malloc and realloc that end the program with a message when memory is out.
 */
void *memory_get(size_t size);
void *memory_resize(void *old, size_t size);
