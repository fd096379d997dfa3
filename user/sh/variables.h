#pragma once
/*
 * Shell variables; some of them are exported to commands.
 */

enum { VARIABLE_EXPORT = 1, VARIABLE_READONLY = 2 };

/* Takes over the environment. */
void variables_init(char **environment);

/* The value, or NULL when unset. Valid until the variable changes. */
const char *variable_get(const char *name);

/*
 * Sets a variable and adds flags to it; value NULL only adds the flags.
 * Returns 0, or -1 after a message when it is read-only.
 */
int variable_set(const char *name, const char *value, unsigned flags);

/* Unsets; returns 0, or -1 after a message when it is read-only. */
int variable_unset(const char *name);

/* Takes flags away from a variable. */
void variable_clear_flags(const char *name, unsigned flags);

/* Whether text up to length is a name that a variable can have. */
int variable_is_name(const char *text, unsigned long length);

/* The environment for a command: an array the caller frees, not its strings'
 * owner. */
char **variables_environment(void);

/* Prints those that have one of the flags, or all when flags is 0. */
void variables_print(const char *prefix, unsigned flags);

/* A value to come back to: variables of a function, or of one command. */
struct saved_variable {
    struct saved_variable *next;
    char *name, *value; /* value NULL: was unset */
    unsigned flags;
};

/* Remembers a variable in front of the list. */
void variable_save(struct saved_variable **list, const char *name);

/* Brings all of them back and frees the list. */
void variables_restore(struct saved_variable *list);
