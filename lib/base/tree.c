/*
 * base/tree.c - AVL trees with parent pointers.
 *
 * Idea:      each node knows its subtree's height; the heights of two
 *            siblings differ by at most one.  Insertion and removal change
 *            one leaf position, then walk up from there; where the rule is
 *            broken, one or two rotations restore it.
 * Invariant: for each node n: n->left->parent == n, likewise right;
 *            |height(left) - height(right)| <= 1.
 * Locks:     none.
 */
#include "base/tree.h"

static int height_of(const struct tree_node *node)
{
    return node == NULL ? 0 : node->height;
}

static void update_height(struct tree_node *node)
{
    int left = height_of(node->left), right = height_of(node->right);

    node->height = 1 + (left > right ? left : right);
}

/* Puts `with` (may be NULL) in the place that node has under its parent. */
static void replace_child(struct tree *tree, struct tree_node *node,
                          struct tree_node *with)
{
    struct tree_node *parent = node->parent;

    if (parent == NULL)
        tree->root = with;
    else if (parent->left == node)
        parent->left = with;
    else
        parent->right = with;
    if (with != NULL)
        with->parent = parent;
}

/* Makes the right child of node the top of its subtree; returns that child. */
static struct tree_node *rotate_left(struct tree *tree, struct tree_node *node)
{
    struct tree_node *top = node->right;

    replace_child(tree, node, top);
    node->right = top->left;
    if (node->right != NULL)
        node->right->parent = node;
    top->left = node;
    node->parent = top;
    update_height(node);
    update_height(top);
    return top;
}

static struct tree_node *rotate_right(struct tree *tree, struct tree_node *node)
{
    struct tree_node *top = node->left;

    replace_child(tree, node, top);
    node->left = top->right;
    if (node->left != NULL)
        node->left->parent = node;
    top->right = node;
    node->parent = top;
    update_height(node);
    update_height(top);
    return top;
}

/* Restores heights and balance from node upwards, until nothing changes. */
static void rebalance(struct tree *tree, struct tree_node *node)
{
    while (node != NULL) {
        int before = node->height;
        int lean = height_of(node->left) - height_of(node->right);

        if (lean > 1) {
            if (height_of(node->left->left) < height_of(node->left->right))
                rotate_left(tree, node->left);
            node = rotate_right(tree, node);
        } else if (lean < -1) {
            if (height_of(node->right->right) < height_of(node->right->left))
                rotate_right(tree, node->right);
            node = rotate_left(tree, node);
        } else {
            update_height(node);
        }
        if (node->height == before)
            return;
        node = node->parent;
    }
}

void tree_insert_at(struct tree *tree, struct tree_node *node,
                    struct tree_node *parent, struct tree_node **link)
{
    node->parent = parent;
    node->left = NULL;
    node->right = NULL;
    node->height = 1;
    *link = node;
    rebalance(tree, parent);
}

struct tree_node *tree_insert(struct tree *tree, struct tree_node *node,
                              tree_compare *compare)
{
    struct tree_node *parent = NULL;
    struct tree_node **link = &tree->root;

    while (*link != NULL) {
        int order = compare(node, *link);

        if (order == 0)
            return *link;
        parent = *link;
        link = order < 0 ? &parent->left : &parent->right;
    }
    tree_insert_at(tree, node, parent, link);
    return NULL;
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
    struct tree_node *start; /* lowest node whose height may change */

    if (node->left == NULL || node->right == NULL) {
        start = node->parent;
        replace_child(tree, node, node->left ? node->left : node->right);
    } else {
        /* The next in order has no left child: it takes node's place. */
        struct tree_node *next = tree_next(node);

        start = next->parent == node ? next : next->parent;
        replace_child(tree, next, next->right);
        next->left = node->left;
        next->left->parent = next;
        next->right = node->right;
        if (next->right != NULL)
            next->right->parent = next;
        next->height = node->height;
        replace_child(tree, node, next);
    }
    rebalance(tree, start);
}

struct tree_node *tree_find(const struct tree *tree, const void *key,
                            tree_compare_key *compare)
{
    struct tree_node *node = tree->root;

    while (node != NULL) {
        int order = compare(key, node);

        if (order == 0)
            break;
        node = order < 0 ? node->left : node->right;
    }
    return node;
}

struct tree_node *tree_find_floor(const struct tree *tree, const void *key,
                                  tree_compare_key *compare)
{
    struct tree_node *node = tree->root, *best = NULL;

    while (node != NULL) {
        if (compare(key, node) >= 0) {
            best = node;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best;
}

struct tree_node *tree_first(const struct tree *tree)
{
    struct tree_node *node = tree->root;

    while (node != NULL && node->left != NULL)
        node = node->left;
    return node;
}

struct tree_node *tree_last(const struct tree *tree)
{
    struct tree_node *node = tree->root;

    while (node != NULL && node->right != NULL)
        node = node->right;
    return node;
}

struct tree_node *tree_next(const struct tree_node *node)
{
    if (node->right != NULL) {
        struct tree_node *next = node->right;

        while (next->left != NULL)
            next = next->left;
        return next;
    }
    while (node->parent != NULL && node == node->parent->right)
        node = node->parent;
    return node->parent;
}

struct tree_node *tree_prev(const struct tree_node *node)
{
    if (node->left != NULL) {
        struct tree_node *previous = node->left;

        while (previous->right != NULL)
            previous = previous->right;
        return previous;
    }
    while (node->parent != NULL && node == node->parent->left)
        node = node->parent;
    return node->parent;
}
