/*
 * /proc/sysvipc/shm, msg and sem: Linux's columns, one line for each object.
 *
 * smp: 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>
#include "check.h"

static const char *const heads[] = {
    "       key      shmid perms                  size  cpid  lpid nattch   uid"
    "   gid  cuid  cgid      atime      dtime      ctime                   rss"
    "                  swap\n",
    "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid"
    "  cuid  cgid      stime      rtime      ctime\n",
    "       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
    "      ctime\n",
};

static char text[65536];

/* The line of object `id` in a file, as numbers; how many there are. */
static int line_of(const char *path, const char *head, int id, long *numbers)
{
    int count = 0;
    char *line;
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    CHECK(!strncmp(text, head, strlen(head)), "first line of %s", path);
    for (line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
        char *rest = line + 1;
        count = 0;
        while (*rest && *rest != '\n') {
            numbers[count] = strtol(rest, &rest, count == 2 ? 8 : 10);
            count++;
        }
        if (count > 1 && numbers[1] == id) {
            return count;
        }
    }
    return 0;
}

int main(void)
{
    long n[20] = { 0 };
    struct msgbuf message = { .mtype = 1 };
    check_start();
    int shm = shmget(IPC_PRIVATE, 5000, 0640);
    int msg = msgget(IPC_PRIVATE, 0604);
    int sem = semget(IPC_PRIVATE, 3, 0600);
    NEED(shm >= 0 && msg >= 0 && sem >= 0);
    char *memory = shmat(shm, NULL, 0);
    NEED(memory != (void *)-1);
    memory[0] = 1;
    NEED(msgsnd(msg, &message, 1, 0) == 0);

    CHECK_EQ(line_of("/proc/sysvipc/shm", heads[0], shm, n), 16, "shm");
    CHECK(n[2] == 0640 && n[3] == 5000 && n[6] == 1, "mode, size, nattch");
    CHECK(n[4] == getpid() && n[5] == getpid(), "cpid, lpid");
    CHECK(n[7] == geteuid() && n[10] == getegid(), "owner, creator");
    CHECK(n[11] > 0 && n[12] == 0 && n[13] > 0, "times");
    CHECK(n[14] == 4096 && n[15] == 0, "one page in memory");

    CHECK_EQ(line_of("/proc/sysvipc/msg", heads[1], msg, n), 14, "msg");
    CHECK(n[2] == 0604 && n[3] == 1 && n[4] == 1, "mode, bytes, messages");
    CHECK(n[5] == getpid() && n[6] == 0, "last pids");
    CHECK(n[11] > 0 && n[12] == 0 && n[13] > 0, "times");

    CHECK_EQ(line_of("/proc/sysvipc/sem", heads[2], sem, n), 10, "sem");
    CHECK(n[2] == 0600 && n[3] == 3, "mode, semaphores");
    CHECK(n[8] == 0 && n[9] > 0, "times");

    NEED(shmdt(memory) == 0 && shmctl(shm, IPC_RMID, NULL) == 0);
    NEED(msgctl(msg, IPC_RMID, NULL) == 0 && semctl(sem, 0, IPC_RMID) == 0);
    CHECK_EQ(line_of("/proc/sysvipc/shm", heads[0], shm, n), 0, "gone");
    return check_done();
}
