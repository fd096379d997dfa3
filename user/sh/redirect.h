#pragma once
/*
 * Redirections.
 */
#include "ast.h"

/* Descriptors that were moved out of the way; all zero: none. */
struct saved_fds {
    struct saved_fd *first;
};

/*
 * Does the redirections in order. With saved, what they replace is kept there
 * to be restored. Returns 0, or -1 after a message; then those before the
 * failing one have been done.
 */
int redirect_apply(const struct redirect *r, struct saved_fds *saved);

/* Brings the descriptors back as they were. */
void redirect_restore(struct saved_fds *saved);

/* Makes the redirections permanent ("exec >file"). */
void redirect_keep(struct saved_fds *saved);
