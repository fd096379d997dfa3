/*
 * Readers of /proc/PID/{stat,status,maps,cmdline} and of the folder itself,
 * while other processes fork, exec, map and end: no crash, sensible lines.
 *
 * Argument: rounds.
 */
/* smp: 1 2 4 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { CHANGERS = 3, READERS = 2 };

static long rounds;

static int child_changes(void *unused)
{
    char self[] = "self", word[] = "end";
    char *args[] = { self, word, word, NULL };
    for (;;) {
        char *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(memory, 1, 16 * PAGE);
        pid_t pid = fork();
        if (pid == 0) {
            execv("/proc/self/exe", args);
            _exit(1);
        }
        munmap(memory, 16 * PAGE);
        waitpid(pid, NULL, 0);
    }
    return 0;
}

/* 0 if it reads well, or the process has gone or is none of ours. */
static int read_one(const char *pid, const char *file)
{
    static char text[20000];
    char path[64];
    snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
    long length = check_read_file(path, text, sizeof(text));
    if (length < 0) {
        return errno != ENOENT && errno != ESRCH && errno != EACCES;
    }
    if (!strcmp(file, "stat")) {
        return length > 0 && (atoi(text) != atoi(pid) || !strchr(text, ')'));
    }
    return 0;
}

static int child_reads(void *unused)
{
    static const char *const files[] = { "stat", "status", "maps", "cmdline" };
    int wrong = 0;
    for (long i = 0; i < rounds; i++) {
        struct dirent *entry;
        DIR *proc = opendir("/proc");
        if (!proc) {
            return 1;
        }
        while ((entry = readdir(proc))) {
            if (entry->d_name[0] < '1' || entry->d_name[0] > '9') {
                continue;
            }
            for (size_t k = 0; k < ARRAY_LENGTH(files); k++) {
                wrong += read_one(entry->d_name, files[k]);
            }
        }
        closedir(proc);
    }
    return wrong ? 2 : 0;
}

int main(int argc, char **argv)
{
    pid_t changers[CHANGERS], readers[READERS];
    if (argc == 3) {
        return 0;
    }
    rounds = check_rounds(argc, argv, 15);
    check_start();
    for (int i = 0; i < CHANGERS; i++) {
        changers[i] = child_start(child_changes, NULL);
    }
    for (int i = 0; i < READERS; i++) {
        readers[i] = child_start(child_reads, NULL);
    }
    for (int i = 0; i < READERS; i++) {
        CHECK_EQ(child_wait(readers[i]), 0, "reader %d", i);
    }
    for (int i = 0; i < CHANGERS; i++) {
        kill(changers[i], SIGKILL);
        CHECK_EQ(child_wait(changers[i]), SIGKILL, "changer %d", i);
    }
    return check_done();
}
