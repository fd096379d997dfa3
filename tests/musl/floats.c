/* Floating-point printf and scanf; the values survive other processes. */
#include <math.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    double parsed = 0, sum = 0;
    pid_t pid = fork();

    for (int i = 1; i <= 2000000; i++)
        sum += 1.0 / ((double)i * i);
    if (pid == 0)
        _exit(fabs(sum - 1.6449335668) > 1e-9);
    int status = -1;
    waitpid(pid, &status, 0);
    sscanf("2.5e-3", "%lf", &parsed);
    printf("%.9f %.3e %g %a %.2Lf child %d\n", sqrt(6 * sum), 1e100 / 3, parsed,
           1.0, 2.25L, status);
    return 0;
}
