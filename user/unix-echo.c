/*
 * unix-echo - a server that sends back what clients say, over a Unix-domain
 * socket with an abstract name.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 4, ROUNDS = 1000 };

static const char usage[] = "usage: unix-echo [ROUNDS]\n"
                            "A server and four clients. Each client connects, "
                            "sends ROUNDS messages and\n"
                            "compares what comes back. Watch: the server "
                            "learns each client's pid from\n"
                            "the kernel (SO_PEERCRED), not from the client; "
                            "every byte comes back; and\n"
                            "all four are served at once by processes that "
                            "share one listening socket.\n";

static socklen_t server_name(struct sockaddr_un *a)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    memcpy(a->sun_path, "\0unix-echo", 10);
    return offsetof(struct sockaddr_un, sun_path) + 10;
}

/* Serve one client until it closes. */
static void serve(int client)
{
    struct ucred who;
    socklen_t length = sizeof(who);
    char buf[256];
    ssize_t n;
    long bytes = 0;

    if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0)
        exit(1);
    while ((n = read(client, buf, sizeof(buf))) > 0) {
        bytes += n;
        if (write(client, buf, (size_t)n) != n)
            exit(1);
    }
    printf("%-10s %8d %12ld\n", "server", (int)who.pid, bytes);
    fflush(stdout);
    exit(n < 0);
}

static int run_client(long rounds)
{
    struct sockaddr_un a;
    socklen_t length = server_name(&a);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    long good = 0;

    if (s < 0 || connect(s, (struct sockaddr *)&a, length) != 0)
        return 1;
    for (long i = 0; i < rounds; i++) {
        long back = 0;
        if (write(s, &i, sizeof(i)) == sizeof(i) &&
            recv(s, &back, sizeof(back), MSG_WAITALL) == sizeof(back))
            good += back == i;
    }
    close(s);
    return good == rounds ? 0 : 1;
}

/* One process for each connection. */
static void accept_clients(int listener)
{
    for (int i = 0; i < CLIENTS; i++) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            exit(1);
        pid_t child = fork();
        if (child == 0)
            serve(client);
        close(client);
        if (child < 0)
            exit(1);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_un a;
    socklen_t length = server_name(&a);
    int status, failed = 0;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    long rounds = argc > 1 ? atol(argv[1]) : ROUNDS;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, length) != 0 ||
        listen(listener, CLIENTS) != 0) {
        perror("unix-echo");
        return 1;
    }
    printf("%-10s %8s %12s\n", "", "client", "bytes back");
    fflush(stdout);
    for (int i = 0; i < CLIENTS; i++)
        if (fork() == 0) {
            close(listener);
            return run_client(rounds);
        }
    accept_clients(listener);
    while (wait(&status) > 0)
        failed += status != 0;
    printf("%d clients, %ld rounds each, %d failed\n", CLIENTS, rounds, failed);
    return failed != 0;
}
