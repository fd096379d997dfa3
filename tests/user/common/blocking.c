/*
 * blocking.c - see blocking.h.
 */
#include "common/blocking.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"

enum { SECONDS = 60 };

/* What conductor and caller share. */
struct scene {
    int calling, done; /* about to make the call, returned from it */
    int handled;       /* signals */
    int caller;
    long value;
    int error;
};

int blocking_ends[2] = { -1, -1 };
static struct scene *scene;

int blocking_caller(void)
{
    return scene->caller;
}

static int look(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void on_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&scene->handled, 1, __ATOMIC_SEQ_CST);
}

/* ---- the caller ---- */

static void make_call(const struct blocking_row *row, int handler_flags,
                      long (*call)(void))
{
    struct sigaction action = { .sa_handler = on_signal,
                                .sa_flags = handler_flags };
    alarm(SECONDS);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGUSR1, &action, NULL);
    if (blocking_ends[1] >= 0) {
        close(blocking_ends[1]);
    }
    if (row->begin) {
        row->begin();
    }
    __atomic_store_n(&scene->calling, 1, __ATOMIC_RELEASE);
    errno = 0;
    scene->value = call();
    scene->error = scene->value == -1 ? errno : 0;
    __atomic_store_n(&scene->done, 1, __ATOMIC_RELEASE);
    _exit(0);
}

static void start_call(const struct blocking_row *row, int handler_flags,
                       long (*call)(void))
{
    memset(scene, 0, sizeof(*scene));
    if (row->prepare) {
        row->prepare();
    }
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        make_call(row, handler_flags, call);
    }
    scene->caller = pid;
    if (blocking_ends[0] >= 0) {
        close(blocking_ends[0]);
        blocking_ends[0] = -1;
    }
}

/* ---- the conductor ---- */

/* The letter in /proc/PID/stat. */
static char state_of(pid_t pid)
{
    char path[40], text[400];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (check_read_file(path, text, sizeof(text)) <= 0) {
        return 'X';
    }
    const char *name_end = strrchr(text, ')');
    return name_end ? name_end[2] : '?';
}

static bool sleeps(void)
{
    return look(&scene->calling) && state_of(scene->caller) == 'S';
}

/* Until the caller sleeps in its call, or is through. */
static void wait_asleep(void)
{
    while (!look(&scene->done)) {
        if (sleeps()) {
            usleep(500);
            if (sleeps()) {
                return;
            }
        }
        usleep(100);
    }
}

static bool returned(const char *what, long value, int error)
{
    while (!look(&scene->done)) {
        usleep(100);
    }
    if (scene->value != value || scene->error != error) {
        check_note("%s: got %ld errno %d, expected %ld errno %d", what,
                   scene->value, scene->error, value, error);
        return false;
    }
    return true;
}

static bool still_asleep(const char *what)
{
    wait_asleep();
    if (look(&scene->done)) {
        check_note("%s: returned %ld errno %d instead of going on", what,
                   scene->value, scene->error);
        return false;
    }
    return true;
}

/* It goes on as if nothing had happened. */
static bool goes_on(const struct blocking_row *row, const char *what)
{
    if (!still_asleep(what)) {
        return false;
    }
    if (!row->wake) {
        kill(scene->caller, SIGKILL);
        return true;
    }
    row->wake();
    return returned(what, row->woken, 0);
}

static bool woken(const struct blocking_row *row)
{
    start_call(row, 0, row->call);
    wait_asleep();
    return goes_on(row, "what it waits for");
}

static bool hung_up(const struct blocking_row *row)
{
    start_call(row, 0, row->call);
    wait_asleep();
    row->hang_up();
    return returned("hang-up", row->ended, row->ended_errno);
}

static bool handled(const struct blocking_row *row, int flags)
{
    bool ends = !(flags & SA_RESTART) || (row->habits & NEVER_RESTARTS);
    start_call(row, flags, row->call);
    wait_asleep();
    kill(scene->caller, SIGUSR1);
    while (!look(&scene->handled)) {
        usleep(100);
    }
    return ends ? returned("handler", -1, EINTR) : goes_on(row, "SA_RESTART");
}

static bool interrupted(const struct blocking_row *row)
{
    return handled(row, 0);
}

static bool restarted(const struct blocking_row *row)
{
    return handled(row, SA_RESTART);
}

static bool stopped(const struct blocking_row *row)
{
    int status;
    start_call(row, 0, row->call);
    wait_asleep();
    kill(scene->caller, SIGSTOP);
    NEED(waitpid(scene->caller, &status, WUNTRACED) == scene->caller);
    kill(scene->caller, SIGCONT);
    NEED(waitpid(scene->caller, &status, WCONTINUED) == scene->caller);
    return row->habits & STOP_ENDS_IT ? returned("stop", -1, EINTR)
                                      : goes_on(row, "stop");
}

static bool killed(const struct blocking_row *row)
{
    int status;
    start_call(row, 0, row->call);
    wait_asleep();
    kill(scene->caller, SIGKILL);
    return waitpid(scene->caller, &status, 0) == scene->caller &&
           status == SIGKILL;
}

static bool timed_out(const struct blocking_row *row)
{
    start_call(row, 0, row->timed);
    return returned("time-out", row->timed_value, row->timed_errno);
}

/* ---- all of it ---- */

static const struct ending {
    const char *what;
    bool (*run)(const struct blocking_row *row);
} endings[] = {
    { "what it waits for", woken },
    { "the other end's close", hung_up },
    { "a handler", interrupted },
    { "a handler with SA_RESTART", restarted },
    { "stop and continue", stopped },
    { "SIGKILL", killed },
    { "its time-out", timed_out },
};

static bool applies(const struct blocking_row *row, const struct ending *e)
{
    return e->run == hung_up ? row->hang_up != NULL
                             : e->run != timed_out || row->timed;
}

static int conduct(const struct blocking_row *row, const struct ending *e)
{
    setpgid(0, 0);
    alarm(SECONDS);
    bool good = e->run(row);
    if (row->finish) {
        row->finish();
    }
    return good ? 0 : 1;
}

int blocking_main(int argc, char **argv, const struct blocking_row *rows,
                  size_t count)
{
    check_start();
    check_enter_scratch();
    scene = shared_memory(sizeof(*scene));
    for (size_t i = 0; i < count * ARRAY_LENGTH(endings); i++) {
        const struct blocking_row *row = &rows[i / ARRAY_LENGTH(endings)];
        const struct ending *e = &endings[i % ARRAY_LENGTH(endings)];
        if (!applies(row, e) || (argc > 1 && !strstr(row->name, argv[1]))) {
            continue;
        }
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            _exit(conduct(row, e));
        }
        int status = child_wait(pid);
        kill(-pid, SIGKILL); /* a caller that did not return */
        check_report(status == 0, child_text(status, "0"), "%s and %s",
                     row->name, e->what);
    }
    return check_done();
}
