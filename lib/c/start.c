/*
 * lib/c/start.c - finds arguments, environment and auxiliary vector on the
 * stack that exec made, and runs main().  Read next: tls.c
 */
#include "start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);

char **environ;
char *program_invocation_name = (char[]){ "" };
char *program_invocation_short_name = (char[]){ "" };

static const Elf64_auxv_t *auxv;
static __thread int last_error;

int *__errno_location(void)
{
    return &last_error;
}

void libc_start(unsigned long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    char **end;

    environ = argv + argc + 1;
    for (end = environ; *end != NULL; end++)
        continue;
    auxv = (const Elf64_auxv_t *)(end + 1);
    libc_tls_start();
    if (argc > 0) {
        char *slash = strrchr(argv[0], '/');

        program_invocation_name = argv[0];
        program_invocation_short_name = slash != NULL ? slash + 1 : argv[0];
    }
    exit(main(argc, argv, environ));
}

unsigned long getauxval(unsigned long type)
{
    for (const Elf64_auxv_t *a = auxv; a->a_type != AT_NULL; a++)
        if (a->a_type == type)
            return a->a_un.a_val;
    if (type != AT_PHDR) /* asked for before there is an errno */
        errno = ENOENT;
    return 0;
}
