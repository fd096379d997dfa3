/*
 * execve of #! files: interpreter, one optional argument, nesting.
 *
 * Bad input: row 17.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/image.h"

static char self[200];

static void check_error(const char *text, int error, const char *name)
{
    NEED(check_write_file("script", text, strlen(text)) == 0);
    struct outcome outcome = path_exec("./script");
    check_report(outcome.error == error && outcome.status == 0,
                 outcome_text(outcome), "%s: errno %d", name, error);
}

/* Run the script with arguments "a0" "a b"; the arguments that its interpreter
 * (this program) saw, joined with '|'. */
static const char *run(const char *path)
{
    static char seen[1000];
    char *args[] = { (char *)(uintptr_t) "a0", (char *)(uintptr_t) "a b",
                     NULL };
    char *environment[] = { (char *)(uintptr_t) "SEEN=seen", NULL };
    int status;
    unlink("seen");
    pid_t pid = fork();
    if (pid == 0) {
        execve(path, args, environment);
        _exit(errno);
    }
    NEED(waitpid(pid, &status, 0) == pid);
    if (check_read_file("seen", seen, sizeof(seen)) < 0) {
        snprintf(seen, sizeof(seen), "errno %d", WEXITSTATUS(status));
    }
    return seen;
}

static int record_arguments(int argc, char **argv)
{
    char all[1000] = "";
    for (int i = 0; i < argc; i++) {
        strcat(all, i ? "|" : "");
        strcat(all, argv[i]);
    }
    return check_write_file("seen", all, strlen(all)) ? 1 : 0;
}

/* The first line is `before`, our path, `after`. */
static void check_run(const char *before, const char *after, const char *rest)
{
    char text[300], expected[400];
    snprintf(text, sizeof(text), "%s%s%s", before, self, after);
    snprintf(expected, sizeof(expected), "%s|%s", self, rest);
    NEED(check_write_file("script", text, strlen(text)) == 0);
    const char *got = run("./script");
    check_report(!strcmp(got, expected), got, "%sPATH%.*s: %s", before,
                 (int)strcspn(after, "\n"), after, rest);
}

static void check_nesting(void)
{
    char text[300], path[20];
    NEED(snprintf(text, sizeof(text), "#!%s\n", self) > 0);
    NEED(check_write_file("n0", text, strlen(text)) == 0);
    for (int i = 1; i < 8; i++) {
        snprintf(text, sizeof(text), "#!n%d\n", i - 1);
        snprintf(path, sizeof(path), "n%d", i);
        NEED(check_write_file(path, text, strlen(text)) == 0);
    }
    CHECK(strstr(run("n3"), "|n0|n1|n2|n3|a b"), "four levels: %s", run("n3"));
    CHECK(!strcmp(run("n7"), "errno 40"), "eight levels: ELOOP (%s)",
          run("n7"));
}

int main(int argc, char **argv, char **environment)
{
    if (environment[0] && !strcmp(environment[0], "SEEN=seen")) {
        return record_arguments(argc, argv);
    }
    check_start();
    check_enter_scratch();
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    NEED(length > 0 && length < 100);
    self[length] = 0;
    check_error("#!/no/such/interpreter\n", ENOENT, "missing interpreter");
    check_error("#!/tmp\n", EACCES, "a folder");
    NEED(check_write_file("script", "#!", 2) == 0);
    CHECK(path_exec("./script").error != 0, "nothing behind #!");
    check_error("#!\n", ENOEXEC, "empty line");
    check_error("#!   \n", ENOEXEC, "spaces");
    check_error("#!./script\n", ELOOP, "itself");
    check_error("plain text\n", ENOEXEC, "no #!");
    check_run("#!", "\n", "./script|a b");
    check_run("#!  ", "  \n", "./script|a b");
    check_run("#!", " one\n", "one|./script|a b");
    check_run("#!", " one two  three \n", "one two  three|./script|a b");
    check_run("#!", "", "./script|a b");
    check_nesting();
    return check_done();
}
