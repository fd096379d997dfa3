/*
 * fs/namei.h - path walk: from a string to a directory and a last name, or to
 * an inode.
 */
#pragma once

#include "fs/vfs.h"

struct walk_link; /* fs/namei.c */

enum last_kind {
    LAST_NAME,   /* an ordinary name, not looked up yet */
    LAST_DOT,    /* "." */
    LAST_DOTDOT, /* ".." */
    LAST_ROOT,   /* no name at all: the path is "/" */
};

/* One walk; belongs to one thread. */
struct path_walk {
    struct inode *at;        /* directory reached, with reference */
    const char *rest;        /* of the path, not walked yet */
    struct walk_link *links; /* texts of links that were followed */
    unsigned link_count;     /* of them; more than SYMLOOP_MAX: -ELOOP */
    const char *last;        /* last name, with LAST_NAME */
    size_t last_length;
    enum last_kind last_kind;
    bool trailing_slash; /* the last name must be a directory */
};

/* Begin at `start` (NULL: working directory), or at the root for an absolute
 * path.  -ENOENT for "".  Whatever the result, call walk_end() later. */
__must_check int walk_begin(struct path_walk *walk, struct inode *start,
                            const char *path);

/* Walk all but the last name, following links; walk->at is then a directory
 * that the caller may search. */
__must_check int walk_to_last(struct path_walk *walk);

/* The inode of the last name, mounts crossed, with a reference; a link is not
 * followed.  Locks: takes walk->at->lock. */
__must_check int walk_last(struct path_walk *walk, struct inode **out);

/* Cross into what is mounted on `inode`; takes over and gives a reference. */
struct inode *walk_mounts(struct inode *inode);

/* Go on at the target of `link`, which was the last name (its reference is
 * taken over).  *direct: the inode itself if there is nothing to walk
 * (magic links), else NULL: call walk_to_last again. */
__must_check int walk_follow(struct path_walk *walk, struct inode *link,
                             struct inode **direct);

void walk_end(struct path_walk *walk);

/* The directory above `dir`, mounts crossed, with a reference. */
struct inode *walk_parent(struct inode *dir);
