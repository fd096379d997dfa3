/* fork, exec of ourselves, wait, and a pipe between, many times over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 200

int main(int argc, char **argv)
{
    if (argc > 1)
        return atoi(argv[1]);
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2], status;
        char text[16], read_back[16] = "";
        snprintf(text, sizeof text, "%d", round % 256);
        if (pipe(ends))
            return 1;
        pid_t pid = fork();
        if (pid < 0)
            return 2;
        if (pid == 0) {
            if (write(ends[1], text, strlen(text)) < 0)
                _exit(9);
            execl(argv[0], argv[0], text, (char *)0);
            _exit(127);
        }
        close(ends[1]);
        if (read(ends[0], read_back, sizeof read_back - 1) < 0)
            return 3;
        close(ends[0]);
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
            WEXITSTATUS(status) != round % 256 || strcmp(text, read_back))
            return 4;
    }
    printf("%d rounds\n", ROUNDS);
    return 0;
}
