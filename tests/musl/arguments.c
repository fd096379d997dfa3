/* Writes each argument followed by a NUL, so that nothing can hide. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t left = strlen(argv[i]) + 1;
        for (const char *p = argv[i]; left;) {
            ssize_t done = write(1, p, left);
            if (done <= 0)
                return 1;
            p += done;
            left -= (size_t)done;
        }
    }
    return 0;
}
