/*
 * Other programs by posix_spawn with file actions and attributes, popen and
 * system: what they print, how they end, which signals and group they get.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Starts `sh -c script` with `out` as its stdout, in a group of its own with
 * SIGUSR1 blocked and SIGINT at its default. */
static pid_t spawn(const char *script, int out, int other)
{
    char *argv[] = { "sh", "-c", (char *)script, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    pid_t pid = -1;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addclose(&actions, other);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &set);
    if (posix_spawnp(&pid, "sh", &actions, &attributes, argv, environ))
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return pid;
}

/* Reads lines of a script and its end. */
static int spawned(const char *script, char *text, size_t size)
{
    int ends[2], status = -1;
    size_t length = 0;
    ssize_t got;

    if (pipe(ends))
        return -1;
    pid_t pid = spawn(script, ends[1], ends[0]);
    close(ends[1]);
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return status;
}

int main(void)
{
    char text[100] = "", line[100] = "";
    char *none[] = { "none", NULL };
    int status = spawned("kill -USR1 $$; read x; echo \"<$x>\"; exit 3", text,
                         sizeof text);
    text[strcspn(text, "\n")] = '\0';
    printf("spawn %s %d, ", text, WEXITSTATUS(status));
    signal(SIGINT, SIG_IGN);
    status = spawned("kill -INT $$; echo alive", text, sizeof text);
    printf("signal %d%s, ", WTERMSIG(status), text);
    pid_t pid;
    printf("missing %d, ",
           posix_spawn(&pid, "/no/such", NULL, NULL, none, environ) == ENOENT);

    FILE *in = popen("echo one; echo two; exit 4", "r");
    if (!in || !fgets(line, sizeof line, in) || !fgets(line, sizeof line, in))
        return 1;
    status = pclose(in);
    printf("popen %.3s %d, ", line, WEXITSTATUS(status));
    fflush(stdout);
    FILE *out = popen("read a; read b; echo $b-$a", "w");
    if (!out || fprintf(out, "x\ny\n") != 4)
        return 2;
    status = pclose(out);
    printf("end %d, ", status);
    printf("system %d ", WEXITSTATUS(system("exit 5")));
    printf("%d\n", WTERMSIG(system("kill -TERM $$")));
    return 0;
}
