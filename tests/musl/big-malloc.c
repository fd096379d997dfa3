/* malloc of 100 MiB: every page is ours, zero at first, and keeps its value. */
#include <stdio.h>
#include <stdlib.h>

#define BYTES (100ul << 20)
#define PAGE  4096ul

int main(void)
{
    unsigned char *bytes = malloc(BYTES);
    unsigned long sum = 0;

    if (!bytes)
        return 1;
    for (unsigned long at = 0; at < BYTES; at += PAGE) {
        sum += bytes[at];
        bytes[at] = (unsigned char)(at / PAGE);
    }
    for (unsigned long at = 0; at < BYTES; at += PAGE)
        if (bytes[at] != (unsigned char)(at / PAGE))
            return 2;
    free(bytes);
    printf("sum of fresh memory: %lu\n", sum);
    return sum != 0;
}
