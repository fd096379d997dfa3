/*
 * base/list.h: order, removal while walking, moving whole lists.
 */
#include "base/list.h"

#include "unit.h"

struct item {
    int value;
    struct list_node link;
};

/* Whether the list holds exactly these values, read in both directions. */
static int holds(struct list_node *list, const int *values, int count)
{
    struct item *item;
    int i = 0;

    list_for_each (item, list, link)
        if (i == count || item->value != values[i++])
            return 0;
    for (struct list_node *node = list->prev; node != list; node = node->prev)
        if (list_entry(node, struct item, link)->value != values[--i])
            return 0;
    return i == 0;
}

int main(void)
{
    struct list_node list = LIST_INIT(list), other;
    struct item items[4] = {
        { .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 3 }
    };
    struct item *item, *next;

    CHECK(list_is_empty(&list), "a new list is empty");
    CHECK(holds(&list, NULL, 0), "an empty list has no elements");

    for (int i = 0; i < 3; i++)
        list_add_tail(&list, &items[i].link);
    list_add_head(&list, &items[3].link);
    CHECK(holds(&list, (int[]){ 3, 0, 1, 2 }, 4), "head and tail");
    CHECK(list_first_entry(&list, struct item, link) == &items[3], "first");
    CHECK(list_last_entry(&list, struct item, link) == &items[2], "last");

    list_remove(&items[0].link);
    CHECK(holds(&list, (int[]){ 3, 1, 2 }, 3), "remove from the middle");
    list_remove(&items[0].link);
    CHECK(holds(&list, (int[]){ 3, 1, 2 }, 3), "removing twice is harmless");
    list_add_before(&items[2].link, &items[0].link);
    CHECK(holds(&list, (int[]){ 3, 1, 0, 2 }, 4), "add before an element");

    list_for_each_safe (item, next, &list, link)
        if (item->value % 2 != 0)
            list_remove(&item->link);
    CHECK(holds(&list, (int[]){ 0, 2 }, 2), "remove while walking");

    list_init(&other);
    list_move_all(&other, &list);
    CHECK(list_is_empty(&list), "moving leaves nothing");
    CHECK(holds(&other, (int[]){ 0, 2 }, 2), "moving to an empty list");
    list_add_tail(&list, &items[1].link);
    list_move_all(&other, &list);
    CHECK(holds(&other, (int[]){ 0, 2, 1 }, 3), "moving appends");
    list_move_all(&other, &list);
    CHECK(holds(&other, (int[]){ 0, 2, 1 }, 3), "moving an empty list");
    return unit_done();
}
