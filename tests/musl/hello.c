/* The smallest program: arguments, environment, stdio, exit status. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    printf("hello from %s, %d arguments, PATH=%s\n", argv[0], argc - 1,
           getenv("PATH") ? getenv("PATH") : "unset");
    return 0;
}
