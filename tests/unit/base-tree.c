/* links: lib/base/tree.c */
/*
 * base/tree.c: thousands of random insertions and removals against a plain
 * array, with the invariants of the tree checked in between.
 */
#include "base/tree.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { KEYS = 512, ROUNDS = 20000 };

struct item {
    int key;
    struct tree_node node;
};

static struct item items[KEYS];
static char is_in[KEYS];

static int key_of(const struct tree_node *node)
{
    return tree_entry(node, struct item, node)->key;
}

static int compare(const struct tree_node *a, const struct tree_node *b)
{
    return key_of(a) - key_of(b);
}

static int compare_key(const void *key, const struct tree_node *node)
{
    return *(const int *)key - key_of(node);
}

/* Height of the subtree, or -1 if an invariant is broken in it. */
static int checked_height(const struct tree_node *node,
                          const struct tree_node *parent)
{
    if (node == NULL)
        return 0;
    int left = checked_height(node->left, node);
    int right = checked_height(node->right, node);
    int higher = left > right ? left : right;

    if (left < 0 || right < 0 || abs(left - right) > 1)
        return -1;
    if (node->parent != parent || node->height != higher + 1)
        return -1;
    return higher + 1;
}

/* The walk in both directions meets exactly the keys that are in. */
static int walk_agrees(const struct tree *tree)
{
    struct tree_node *node = tree_first(tree);

    for (int key = 0; key < KEYS; key++) {
        if (!is_in[key])
            continue;
        if (node == NULL || key_of(node) != key)
            return 0;
        node = tree_next(node);
    }
    if (node != NULL)
        return 0;
    node = tree_last(tree);
    for (int key = KEYS - 1; key >= 0; key--) {
        if (!is_in[key])
            continue;
        if (node == NULL || key_of(node) != key)
            return 0;
        node = tree_prev(node);
    }
    return node == NULL;
}

static int searches_agree(const struct tree *tree)
{
    struct tree_node *floor = NULL;

    for (int key = 0; key < KEYS; key++) {
        struct tree_node *found = tree_find(tree, &key, compare_key);

        if ((found != NULL) != is_in[key])
            return 0;
        if (is_in[key])
            floor = &items[key].node;
        if (tree_find_floor(tree, &key, compare_key) != floor)
            return 0;
    }
    return 1;
}

static int random_changes_agree(struct tree *tree)
{
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        int key = rand() % KEYS;

        if (is_in[key]) {
            tree_remove(tree, &items[key].node);
            is_in[key] = 0;
        } else {
            if (tree_insert(tree, &items[key].node, compare) != NULL)
                return 0;
            is_in[key] = 1;
        }
        if (round % 16 == 0 &&
            (checked_height(tree->root, NULL) < 0 || !walk_agrees(tree)))
            return 0;
    }
    return searches_agree(tree);
}

int main(void)
{
    struct tree tree;
    struct item twin = { .key = 5 };

    tree_init(&tree);
    CHECK(tree_is_empty(&tree), "a new tree is empty");
    CHECK(tree_first(&tree) == NULL && tree_last(&tree) == NULL,
          "an empty tree has no first node");
    for (int i = 0; i < KEYS; i++)
        items[i].key = i;

    CHECK(random_changes_agree(&tree), "random changes keep the invariants");
    while (!tree_is_empty(&tree))
        tree_remove(&tree, tree.root);
    memset(is_in, 1, KEYS);
    for (int i = 0; i < KEYS; i++)
        tree_insert(&tree, &items[i].node, compare);
    CHECK(walk_agrees(&tree) && checked_height(tree.root, NULL) == 10,
          "keys in rising order make a flat tree");
    CHECK(tree_insert(&tree, &twin.node, compare) == &items[5].node,
          "a key that is there already is not inserted");
    while (!tree_is_empty(&tree))
        tree_remove(&tree, tree_first(&tree));
    CHECK(tree_is_empty(&tree), "all removed in order");
    return unit_done();
}
