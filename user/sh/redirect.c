/*
 * redirect.c - redirections.
 *
 * A descriptor that is replaced only for a while is duplicated to a number of
 * 10 or more first, closed on exec.
 */
#include "redirect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/files.h"
#include "../common/report.h"
#include "expand.h"
#include "output.h"
#include "jobs.h"
#include "process.h"
#include "state.h"

enum { FIRST_SAVED_FD = 10, PIPE_ROOM = 4096 };

struct saved_fd {
    struct saved_fd *next;
    int fd, copy; /* copy -1: fd was closed */
};

static void save(struct saved_fds *saved, int fd)
{
    for (struct saved_fd *s = saved->first; s; s = s->next)
        if (s->fd == fd)
            return;
    struct saved_fd *s = memory_get(sizeof *s);
    s->fd = fd;
    s->copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SAVED_FD);
    s->next = saved->first;
    saved->first = s;
}

void redirect_restore(struct saved_fds *saved)
{
    output_flush();
    for (struct saved_fd *s = saved->first, *next; s; s = next) {
        next = s->next;
        if (s->copy >= 0) {
            dup2(s->copy, s->fd);
            close(s->copy);
        } else {
            close(s->fd);
        }
        free(s);
    }
    saved->first = NULL;
}

void redirect_keep(struct saved_fds *saved)
{
    for (struct saved_fd *s = saved->first, *next; s; s = next) {
        next = s->next;
        if (s->copy >= 0)
            close(s->copy);
        free(s);
    }
    saved->first = NULL;
}

/* A descriptor that delivers the text: a pipe, fed by a child if it is long. */
static int open_here(const struct word *word)
{
    int ends[2];
    char *text = expand_string(word);
    size_t length = strlen(text);
    pid_t group = 0;
    if (shell.flow != FLOW_NONE || pipe(ends)) {
        free(text);
        return -1;
    }
    if (length <= PIPE_ROOM) {
        file_write_all(ends[1], text, length);
    } else {
        pid_t pid = process_fork(FORK_SUBSTITUTION, &group);
        if (pid == 0) {
            close(ends[0]);
            file_write_all(ends[1], text, length);
            _exit(0);
        }
        if (pid > 0)
            job_remember(NULL, pid, 0); /* so that it is waited for one day */
    }
    close(ends[1]);
    free(text);
    return ends[0];
}

static int open_file(enum redirect_kind kind, const char *path)
{
    switch (kind) {
    case REDIRECT_INPUT:
        return open(path, O_RDONLY);
    case REDIRECT_APPEND:
        return open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    case REDIRECT_READ_WRITE:
        return open(path, O_RDWR | O_CREAT, 0666);
    default:
        return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    }
}

/* N<&M and N>&M; M may be '-', which closes N. */
static int duplicate(const struct redirect *r, struct saved_fds *saved)
{
    char *text = expand_string(r->word), *end;
    if (shell.flow != FLOW_NONE) {
        free(text);
        return -1;
    }
    int closes = strcmp(text, "-") == 0;
    long source = closes ? 0 : strtol(text, &end, 10);
    if (!closes && (end == text || *end || source < 0 || source > 65535)) {
        report("%s: bad file descriptor number", text);
        free(text);
        return -1;
    }
    free(text);
    if (saved)
        save(saved, r->fd);
    if (closes) {
        close(r->fd);
    } else if (source != r->fd && dup2((int)source, r->fd) < 0) {
        report_errno("%ld", source);
        return -1;
    } else if (source == r->fd && fcntl(r->fd, F_GETFD) < 0) {
        report_errno("%ld", source);
        return -1;
    }
    return 0;
}

static int apply_one(const struct redirect *r, struct saved_fds *saved)
{
    int fd;
    if (r->kind == REDIRECT_DUPLICATE)
        return duplicate(r, saved);
    if (saved)
        save(saved, r->fd);
    if (r->kind == REDIRECT_HERE) {
        fd = open_here(r->word);
        if (fd < 0 && shell.flow == FLOW_NONE)
            report_errno("here-document");
    } else {
        char *path = expand_string(r->word);
        fd = shell.flow == FLOW_NONE ? open_file(r->kind, path) : -1;
        if (fd < 0 && shell.flow == FLOW_NONE)
            report_errno("%s", path);
        free(path);
    }
    if (fd < 0)
        return -1;
    if (fd == r->fd)
        return 0; /* it was closed before */
    int result = dup2(fd, r->fd);
    if (result < 0)
        report_errno("%d", r->fd);
    close(fd);
    return result < 0 ? -1 : 0;
}

int redirect_apply(const struct redirect *r, struct saved_fds *saved)
{
    output_flush();
    for (; r; r = r->next)
        if (apply_one(r, saved))
            return -1;
    return 0;
}
