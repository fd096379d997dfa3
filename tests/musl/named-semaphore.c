/* Two processes take turns with named semaphores, which musl makes of futexes
 * in shared memory; one wait times out. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    sem_t *mine = sem_open("/mine", O_CREAT, 0600, 0);
    sem_t *yours = sem_open("/yours", O_CREAT, 0600, 0);
    if (mine == SEM_FAILED || yours == SEM_FAILED) {
        perror("sem_open");
        return 1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 1000; i++) {
            sem_wait(yours);
            sem_post(mine);
        }
        _exit(5);
    }
    int turns = 0, status, value;
    for (int i = 0; i < 1000; i++) {
        sem_post(yours);
        turns += sem_wait(mine) == 0;
    }
    waitpid(pid, &status, 0);
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec++;
    int timed_out = sem_timedwait(mine, &soon) < 0 && errno == ETIMEDOUT;
    sem_getvalue(mine, &value);
    printf("%d turns, value %d, %s, child %d\n", turns, value,
           timed_out ? "timed out" : "no time-out", WEXITSTATUS(status));
    sem_unlink("/mine");
    sem_unlink("/yours");
    return 0;
}
