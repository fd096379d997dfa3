/*
 * base/tree.h - intrusive balanced binary search trees (AVL).
 *
 * The nodes live in the caller's structures, and the caller knows their
 * order: either by walking down itself (tree_insert_at) or by a comparator.
 * A struct tree of zeros is an empty tree.  All operations but the walk over
 * everything cost O(log n).  Locks: none; the owner guards the tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct tree_node {
    struct tree_node *parent; /* NULL in the root */
    struct tree_node *left;   /* all that sort before */
    struct tree_node *right;  /* all that sort after */
    int height;               /* of the subtree, 1 for a leaf */
};

struct tree {
    struct tree_node *root;
};

/* The structure of this type whose field `member` is *node. */
#define tree_entry(node, type, member)                                         \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Order of two nodes, and of a key and a node: <0, 0, >0 as in strcmp. */
typedef int tree_compare(const struct tree_node *a, const struct tree_node *b);
typedef int tree_compare_key(const void *key, const struct tree_node *node);

static inline void tree_init(struct tree *tree)
{
    tree->root = NULL;
}

static inline bool tree_is_empty(const struct tree *tree)
{
    return tree->root == NULL;
}

/* Inserts node at *link, which is NULL and is &tree->root or the left or
 * right field of parent.  The caller found it by walking down from the root. */
void tree_insert_at(struct tree *tree, struct tree_node *node,
                    struct tree_node *parent, struct tree_node **link);

/* Inserts node by order.  Returns NULL, or the node that compares equal; then
 * nothing was inserted. */
struct tree_node *tree_insert(struct tree *tree, struct tree_node *node,
                              tree_compare *compare);

/* Takes node out of the tree that it is in. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* The node equal to key, or NULL. */
struct tree_node *tree_find(const struct tree *tree, const void *key,
                            tree_compare_key *compare);
/* The last node that does not sort after key, or NULL. */
struct tree_node *tree_find_floor(const struct tree *tree, const void *key,
                                  tree_compare_key *compare);

/* First and last node in order, and the neighbours of a node; NULL if none. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_last(const struct tree *tree);
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_prev(const struct tree_node *node);

/* Visits all nodes in order; the body must not change the tree. */
#define tree_for_each(node, tree)                                              \
    for (node = tree_first(tree); node != NULL; node = tree_next(node))
