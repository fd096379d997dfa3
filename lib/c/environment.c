/*
 * lib/c/environment.c - the environment: a NULL-terminated array of
 * "NAME=value".
 *
 * The array that exec made lies on the stack; the first change moves it to
 * the heap.  Strings that setenv() made and that are replaced later stay
 * allocated, since the program may still hold the value.
 * Locks: libc_environment_latch, taken by what programs call.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fork.h"

struct latch libc_environment_latch;

static char **own_array; /* environ, once it is on the heap */
static size_t own_room;  /* its elements */

static bool is_name(const char *name)
{
    return name != NULL && *name != '\0' && strchr(name, '=') == NULL;
}

/* Where the variable stands, or where the array ends. */
static size_t find(const char *name, size_t length)
{
    size_t i = 0;

    for (; environ != NULL && environ[i] != NULL; i++)
        if (strncmp(environ[i], name, length) == 0 && environ[i][length] == '=')
            break;
    return i;
}

static char *get(const char *name, size_t length)
{
    if (environ == NULL || length == 0)
        return NULL;
    char *entry = environ[find(name, length)];

    return entry != NULL ? entry + length + 1 : NULL;
}

char *getenv(const char *name)
{
    latch_lock(&libc_environment_latch);
    char *value = get(name, strlen(name));

    latch_unlock(&libc_environment_latch);
    return value;
}

/* Makes environ an array on the heap with room for one more. */
static int make_room(size_t count)
{
    if (environ == own_array && own_array != NULL && count + 2 <= own_room)
        return 0;

    size_t room = count * 2 + 16;
    char **array = malloc(room * sizeof(*array));

    if (array == NULL)
        return -1;
    if (count > 0)
        memcpy(array, environ, count * sizeof(*array));
    array[count] = NULL;
    if (environ == own_array)
        free(own_array);
    environ = own_array = array;
    own_room = room;
    return 0;
}

/* Stores "NAME=value", whose name has the given length. */
static int put(char *assignment, size_t length)
{
    size_t i = find(assignment, length);

    if (environ == NULL || environ[i] == NULL) {
        if (make_room(i) != 0)
            return -1;
        environ[i + 1] = NULL;
    }
    environ[i] = assignment;
    return 0;
}

int setenv(const char *name, const char *value, int overwrite)
{
    char *assignment;

    if (!is_name(name)) {
        errno = EINVAL;
        return -1;
    }
    if (asprintf(&assignment, "%s=%s", name, value) < 0)
        return -1;
    latch_lock(&libc_environment_latch);
    bool keep = !overwrite && get(name, strlen(name)) != NULL;
    int result = keep ? 0 : put(assignment, strlen(name));

    latch_unlock(&libc_environment_latch);
    if (keep || result != 0)
        free(assignment);
    return result;
}

int unsetenv(const char *name)
{
    if (!is_name(name)) {
        errno = EINVAL;
        return -1;
    }
    latch_lock(&libc_environment_latch);
    if (environ != NULL)
        for (size_t i = find(name, strlen(name)); environ[i] != NULL; i++)
            environ[i] = environ[i + 1];
    latch_unlock(&libc_environment_latch);
    return 0;
}

int putenv(char *assignment)
{
    char *equals = strchr(assignment, '=');

    if (equals == NULL)
        return unsetenv(assignment);
    latch_lock(&libc_environment_latch);
    int result = put(assignment, (size_t)(equals - assignment));

    latch_unlock(&libc_environment_latch);
    return result;
}

int clearenv(void)
{
    latch_lock(&libc_environment_latch);
    environ = NULL;
    latch_unlock(&libc_environment_latch);
    return 0;
}
