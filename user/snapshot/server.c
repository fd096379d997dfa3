/*
 * server.c - the store as a server: many clients, one process.
 *
 * A request and its answer are a message each of a Unix-domain socket
 * (SOCK_SEQPACKET keeps them apart). While a child writes the image the server
 * answers as before; who asked for the image gets its answer at the end.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/report.h"
#include "store.h"

enum { CLIENTS = 16, LINE = 120, LISTENER = 0, CHUNKS = 1, FIRST_CLIENT = 2 };

static struct server {
    struct pollfd fds[FIRST_CLIENT + CLIENTS]; /* fd -1: nobody */
    struct saving saving;
    int asked; /* to the client that waits for the image; -1: none is made */
    long changes;
    int stopping;
    char image[LINE];
} server;

/* ---- images ---- */

static void begin_image(int client)
{
    if (save_begin(&server.saving, server.image)) {
        dprintf(client, "failed");
        return;
    }
    server.asked = dup(client); /* the client may go meanwhile */
    server.changes = 0;
    server.fds[CHUNKS].fd = server.saving.chunks;
}

static void end_image(void)
{
    struct saved saved;
    server.fds[CHUNKS].fd = -1;
    if (save_end(&server.saving, server.image, &saved))
        saved = (struct saved){ .is_good = 0 };
    printf("%8ld %8zu %8ld %9.0f %9.1f  %s\n", server.changes, saved.pages,
           saved.copied, server.saving.fork_us, saved.ms,
           saved.is_good ? "consistent" : "BROKEN");
    fflush(stdout);
    dprintf(server.asked, saved.is_good ? "consistent" : "BROKEN");
    close(server.asked);
    server.asked = -1;
}

/* Progress of the child, or its end. */
static void follow_image(void)
{
    char bytes[64];
    if (read(server.saving.chunks, bytes, sizeof bytes) <= 0)
        end_image();
}

/* ---- requests ---- */

static void answer_value(int client, const long *value)
{
    if (value)
        dprintf(client, "%ld", *value);
    else
        dprintf(client, "none");
}

static void answer(int client, char *request)
{
    char *rest = request;
    const char *word = strtok_r(request, " ", &rest);
    const char *key = strtok_r(NULL, " ", &rest);
    const char *number = strtok_r(NULL, " ", &rest);
    if (word && strcmp(word, "get") == 0 && key) {
        answer_value(client, store_get(key));
    } else if (word && strcmp(word, "add") == 0 && key && number) {
        server.changes++;
        answer_value(client, store_add(key, strtol(number, NULL, 10)));
    } else if (word && strcmp(word, "sum") == 0) {
        dprintf(client, "%ld", store_sum());
    } else if (word && strcmp(word, "save") == 0) {
        if (server.asked < 0)
            begin_image(client);
        else
            dprintf(client, "busy");
    } else if (word && strcmp(word, "stop") == 0) {
        server.stopping = 1;
        dprintf(client, "stopped");
    } else {
        dprintf(client, "what?");
    }
}

static void serve_client(struct pollfd *slot)
{
    char request[LINE];
    ssize_t n = recv(slot->fd, request, sizeof request - 1, 0);
    if (n > 0) {
        request[n] = '\0';
        answer(slot->fd, request);
    } else {
        close(slot->fd);
        slot->fd = -1;
    }
}

static void accept_client(void)
{
    int client = accept(server.fds[LISTENER].fd, NULL, NULL);
    for (int i = FIRST_CLIENT; i < FIRST_CLIENT + CLIENTS; i++)
        if (client >= 0 && server.fds[i].fd < 0) {
            server.fds[i] = (struct pollfd){ .fd = client, .events = POLLIN };
            return;
        }
    close(client);
}

/* ---- both sides ---- */

static int open_socket(const char *name, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "%s", name);
    return socket(AF_UNIX, SOCK_SEQPACKET, 0);
}

int server_run(const char *name)
{
    struct sockaddr_un address;
    signal(SIGPIPE, SIG_IGN); /* a client that has gone is no reason to end */
    for (int i = 0; i < FIRST_CLIENT + CLIENTS; i++)
        server.fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
    server.asked = -1;
    snprintf(server.image, sizeof server.image, "%s.image", name);
    int fd = server.fds[LISTENER].fd = open_socket(name, &address);
    unlink(name);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) ||
        listen(fd, CLIENTS)) {
        report_errno("%s", name);
        return 1;
    }
    printf("%8s %8s %8s %9s %9s  %s\n", "changes", "pages", "copied", "fork us",
           "ms", "image");
    fflush(stdout);
    while (!server.stopping || server.asked >= 0) {
        if (poll(server.fds, FIRST_CLIENT + CLIENTS, -1) < 0)
            continue;
        for (int i = FIRST_CLIENT; i < FIRST_CLIENT + CLIENTS; i++)
            if (server.fds[i].fd >= 0 && server.fds[i].revents)
                serve_client(&server.fds[i]);
        if (server.fds[CHUNKS].fd >= 0 && server.fds[CHUNKS].revents)
            follow_image();
        if (server.fds[LISTENER].revents)
            accept_client();
    }
    unlink(name);
    return 0;
}

int server_ask(const char *name, char **words)
{
    struct sockaddr_un address;
    char line[LINE] = "", reply[LINE];
    size_t length = 0;
    for (; *words && length < sizeof line; words++)
        length += (size_t)snprintf(line + length, sizeof line - length, "%s%s",
                                   length ? " " : "", *words);
    int fd = open_socket(name, &address);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) ||
        send(fd, line, strlen(line), 0) < 0) {
        report_errno("%s", name);
        return 1;
    }
    ssize_t n = recv(fd, reply, sizeof reply, 0);
    close(fd);
    if (n <= 0) {
        report("%s: no answer", name);
        return 1;
    }
    printf("%.*s\n", (int)n, reply);
    return report_finish(0);
}
