/*
 * lib/c/exec.c - starting programs: the exec family, system() and popen()'s
 * child.
 */
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"

int execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)CALL(execve, path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

/* A file that is no program is a script without a #! line: sh runs it. */
static void exec_script(const char *path, char *const argv[],
                        char *const envp[])
{
    size_t count = 0;

    while (argv[count] != NULL)
        count++;
    char **words = alloca((count + 3) * sizeof(*words));

    words[0] = (char *)"sh";
    words[1] = (char *)(uintptr_t)path;
    for (size_t i = 1; i < count; i++)
        words[i + 1] = argv[i];
    words[count > 0 ? count + 1 : 2] = NULL;
    execve("/bin/sh", words, envp);
}

/* Tries file in each folder of PATH.  A permission error is remembered, but
 * the search goes on. */
int execvpe(const char *file, char *const argv[], char *const envp[])
{
    const char *path = getenv("PATH");
    size_t length = strlen(file);
    int error = ENOENT;

    if (strchr(file, '/') != NULL || length == 0) {
        execve(file, argv, envp);
        if (errno == ENOEXEC)
            exec_script(file, argv, envp);
        return -1;
    }
    if (path == NULL)
        path = "/bin:/usr/bin";
    for (;;) {
        char name[PATH_MAX];
        size_t folder = strcspn(path, ":");

        if (folder + 1 + length < sizeof(name)) {
            memcpy(name, path, folder);
            name[folder] = '/';
            memcpy(name + folder + (folder > 0), file, length + 1);
            execve(name, argv, envp);
            if (errno == ENOEXEC)
                exec_script(name, argv, envp);
            if (errno == EACCES)
                error = EACCES;
            else if (errno != ENOENT && errno != ENOTDIR)
                return -1;
        }
        if (path[folder] == '\0')
            break;
        path += folder + 1;
    }
    errno = error;
    return -1;
}

int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

/* Collects the arguments of the execl functions, up to the NULL. */
enum { EXEC_ARGS_MAX = 1024 };

static int collect(char **argv, const char *first, va_list args)
{
    int count = 0;

    argv[count++] = (char *)(uintptr_t)first;
    while (argv[count - 1] != NULL) {
        if (count == EXEC_ARGS_MAX) {
            errno = E2BIG;
            return -1;
        }
        argv[count++] = va_arg(args, char *);
    }
    return 0;
}

int execl(const char *path, const char *arg, ...)
{
    char *argv[EXEC_ARGS_MAX];
    va_list args;

    va_start(args, arg);
    int result = collect(argv, arg, args);

    va_end(args);
    return result == 0 ? execv(path, argv) : -1;
}

int execlp(const char *file, const char *arg, ...)
{
    char *argv[EXEC_ARGS_MAX];
    va_list args;

    va_start(args, arg);
    int result = collect(argv, arg, args);

    va_end(args);
    return result == 0 ? execvp(file, argv) : -1;
}

int execle(const char *path, const char *arg, ...)
{
    char *argv[EXEC_ARGS_MAX];
    va_list args;
    char **envp = NULL;

    va_start(args, arg);
    int result = collect(argv, arg, args);

    if (result == 0)
        envp = va_arg(args, char **);
    va_end(args);
    return result == 0 ? execve(path, argv, envp) : -1;
}

int system(const char *command)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_quit;
    sigset_t child, old_mask;
    int status = -1;

    if (command == NULL)
        return 1;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &old_mask);
    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);

    pid_t pid = fork();

    if (pid == 0) {
        sigaction(SIGINT, &old_int, NULL);
        sigaction(SIGQUIT, &old_quit, NULL);
        sigprocmask(SIG_SETMASK, &old_mask, NULL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    /* Not waitpid(): a thread cancelled there would leave SIGINT ignored. */
    while (pid > 0 && CALL(wait4, pid, &status, 0, NULL) < 0 && errno == EINTR)
        continue;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    sigprocmask(SIG_SETMASK, &old_mask, NULL);
    return status;
}
