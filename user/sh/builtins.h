#pragma once
/*
 * Commands that are part of the shell.
 */

struct builtin {
    const char *name;
    int (*run)(int argc, char **argv); /* returns the exit status */
    int is_special;                    /* assignments before it stay */
    int keeps_redirections;            /* exec */
};

/* The builtin of this name, or NULL. */
const struct builtin *builtin_find(const char *name);

/* Reads a count such as the N of "shift N"; -1 after a message. */
int builtin_number(const char *command, const char *text);

/* builtin_flow.c: what changes the course of execution */
int builtin_break(int argc, char **argv);
int builtin_continue(int argc, char **argv);
int builtin_return(int argc, char **argv);
int builtin_exit(int argc, char **argv);
int builtin_eval(int argc, char **argv);
int builtin_dot(int argc, char **argv);
int builtin_exec(int argc, char **argv);
int builtin_trap(int argc, char **argv);
int builtin_command(int argc, char **argv);
int builtin_type(int argc, char **argv);

/* builtin_variables.c: variables and parameters */
int builtin_export(int argc, char **argv);
int builtin_readonly(int argc, char **argv);
int builtin_local(int argc, char **argv);
int builtin_unset(int argc, char **argv);
int builtin_set(int argc, char **argv);
int builtin_shift(int argc, char **argv);
int builtin_read(int argc, char **argv);

/* builtin_system.c: the process and the world around it */
int builtin_cd(int argc, char **argv);
int builtin_pwd(int argc, char **argv);
int builtin_umask(int argc, char **argv);
int builtin_ulimit(int argc, char **argv);
int builtin_kill(int argc, char **argv);
int builtin_times(int argc, char **argv);
int builtin_echo(int argc, char **argv);

/* builtin_jobs.c: job control */
int builtin_jobs(int argc, char **argv);
int builtin_fg(int argc, char **argv);
int builtin_bg(int argc, char **argv);
int builtin_wait(int argc, char **argv);

/* test.c */
int builtin_test(int argc, char **argv);
