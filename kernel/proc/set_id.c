/*
 * proc/set_id.c - see set_id.h.
 *
 * Idea:  the new rights are computed early, since the program is told of them on
 *        its stack, and take effect at exec's commit.
 * Locks: process_tree_lock, under which tracers come and go.
 */
#include "proc/set_id.h"

#include "abi/stat.h"
#include "fs/vfs.h"
#include "proc/ptrace.h"

void set_id_begin(struct set_id *s, struct process *p, const struct inode *file)
{
    struct credentials *c = &s->credentials;

    *c = p->credentials;
    if (file->mode & S_ISUID)
        c->euid = file->uid;
    if ((file->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        c->egid = file->gid;
    /* Who traces it must not get those rights, nor begin to while it gets them;
     * other processes cannot take the bits back. */
    spin_lock(&process_tree_lock);
    if (ptrace_forbids_rights(thread_current()))
        *c = p->credentials;
    bool gains =
        c->euid != p->credentials.euid || c->egid != p->credentials.egid;
    s->was_undumpable = p->undumpable;
    p->undumpable |= gains;
    s->known = true;
    spin_unlock(&process_tree_lock);
    c->suid = c->fsuid = c->euid;
    c->sgid = c->fsgid = c->egid;
    s->secure = s->undumpable = c->euid != c->uid || c->egid != c->gid;
}

void set_id_end(const struct set_id *s, struct process *p, bool done)
{
    if (!s->known)
        return;
    spin_lock(&process_tree_lock);
    p->undumpable = done ? s->undumpable : s->was_undumpable;
    spin_unlock(&process_tree_lock);
}
