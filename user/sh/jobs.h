#pragma once
/*
 * Jobs: pipelines in the background or stopped.
 *
 * A job has a number for the user (%1), the process group, and its processes.
 */
#include <stddef.h>
#include <sys/types.h>

#include "ast.h"

struct job;

/*
 * Waits for the processes of a foreground pipeline, or until one stops, and
 * takes the terminal back; a stopped pipeline becomes a job, described by the
 * tree (NULL: none). Returns the exit status of the last process, 128+N when
 * signal N stopped it.
 */
int job_run_foreground(const struct node *n, const pid_t *pids, size_t count,
                       pid_t group);

/* Enters a process in the background; without a tree it is not shown. Returns
 * the job's number. */
int job_remember(const struct node *n, pid_t pid, pid_t group);

/* Notes what has become of all jobs, without waiting. An interactive shell
 * tells what is new and forgets those that are done. */
void jobs_collect(void);

/* Forgets all, in a new process. */
void jobs_forget(void);

/* The job that "%n", "%+", "%-", "%%", "%name", "%?part" or NULL means; NULL
 * after a message. */
struct job *job_find(const char *command, const char *name);

/* Sends a signal to its processes: 0, or -1 with errno. */
int job_kill(const struct job *j, int number);

/* Its number and text. */
int job_number(const struct job *j);
const char *job_line(const struct job *j);

/* Prints a job's line ("with_pids": the group too), or all jobs' lines. */
void job_print(struct job *j, int with_pids);
void jobs_print(int with_pids);

/* Continues it, and returns 0; or in the foreground, and returns its status. */
int job_continue(struct job *j, int in_foreground);

/*
 * Wait for a job, the job of a process, or all that run. Return the exit status
 * (127: not known, 128+N: signal N with a trap came, or stopped it).
 */
int job_wait(struct job *j);
int job_wait_pid(pid_t pid);
int jobs_wait_all(void);

/* What a command line looks like, for jobs; the caller frees it. */
char *job_text(const struct node *n);
