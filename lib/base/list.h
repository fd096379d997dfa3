/*
 * base/list.h - intrusive doubly linked lists.
 *
 * Idea:  a struct list_node stands for both the list and its elements; the
 *        list head is a node that is linked to itself when the list is empty,
 *        so insertion and removal have no special cases.
 * Locks: none; the owner of the list guards it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

/* Static initialiser of an empty list called name. */
#define LIST_INIT(name)                                                        \
    {                                                                          \
        &(name), &(name)                                                       \
    }

/* Makes list empty, or node an element of no list. */
static inline void list_init(struct list_node *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_is_empty(const struct list_node *list)
{
    return list->next == list;
}

/* Links node, which is in no list, before the element `place`. */
static inline void list_add_before(struct list_node *place,
                                   struct list_node *node)
{
    node->next = place;
    node->prev = place->prev;
    place->prev->next = node;
    place->prev = node;
}

/* Makes node, which is in no list, the first element of list. */
static inline void list_add_head(struct list_node *list, struct list_node *node)
{
    list_add_before(list->next, node);
}

/* Makes node, which is in no list, the last element of list. */
static inline void list_add_tail(struct list_node *list, struct list_node *node)
{
    list_add_before(list, node);
}

/* Takes node out of its list and links it to itself, so that removing it
 * again is harmless and list_is_empty(node) tells that it is in no list. */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Moves all elements of `from` to the end of `to`; from becomes empty. */
static inline void list_move_all(struct list_node *to, struct list_node *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* The structure of this type whose field `member` is *node. */
#define list_entry(node, type, member)                                         \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* First and last structure of a list that is not empty. */
#define list_first_entry(list, type, member)                                   \
    list_entry((list)->next, type, member)
#define list_last_entry(list, type, member)                                    \
    list_entry((list)->prev, type, member)

/* Visits each structure of list in order; the body must not remove entry. */
#define list_for_each(entry, list, member)                                     \
    for (entry = list_entry((list)->next, __typeof__(*entry), member);         \
         &entry->member != (list);                                             \
         entry = list_entry(entry->member.next, __typeof__(*entry), member))

/* The same, but the body may remove or free entry; next is a second variable
 * of entry's type. */
#define list_for_each_safe(entry, next_entry, list, member)                    \
    for (entry = list_entry((list)->next, __typeof__(*entry), member),         \
        next_entry =                                                           \
             list_entry(entry->member.next, __typeof__(*entry), member);       \
         &entry->member != (list); entry = next_entry,                         \
        next_entry = list_entry(entry->member.next, __typeof__(*entry),        \
                                member))
