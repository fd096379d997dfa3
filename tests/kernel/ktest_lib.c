/*
 * ktest_lib.c - lib/base as compiled into the kernel.  The unit tests on the
 * host go deeper; these show that the kernel's own build of it works.
 */
#include "base/format.h"
#include "base/list.h"
#include "base/string.h"
#include "base/tree.h"
#include "core/ktest.h"
#include "proc/text.h"

static char line[128];

#define CHECK_TEXT(expected, ...)                                              \
    do {                                                                       \
        base_snprintf(line, sizeof(line), __VA_ARGS__);                        \
        if (strcmp(line, expected) != 0)                                       \
            ktest_fail("line %d: got \"%s\"", __LINE__, line);                 \
    } while (0)

KTEST(format_conversions)
{
    CHECK_TEXT("-5 5 0x2a", "%d %u %#x", -5, 5u, 42u);
    CHECK_TEXT("ffffffff80000000", "%lx", 0xffffffff80000000ul);
    CHECK_TEXT("-9223372036854775808", "%ld", INT64_MIN);
    CHECK_TEXT("   42|42   |00042", "%5d|%-5d|%05d", 42, 42, 42);
    CHECK_TEXT("abc|  abc|ab", "%s|%5s|%.2s", "abc", "abc", "abc");
    CHECK_TEXT("%c", "%%%c", 'c');
    KCHECK_EQ(base_snprintf(line, 4, "%s", "abcdef"), 6);
    KCHECK_EQ(strcmp(line, "abc"), 0);
}

KTEST(text_grows_and_keeps_its_bytes)
{
    struct text text = { 0 };

    for (unsigned i = 0; i < 1000; i++)
        text_printf(&text, "%03u,", i);
    text_pad(&text, 4004);
    KCHECK_EQ(text_error(&text), 0);
    KCHECK_EQ(text.length, 4004);
    if (text.length == 4004) {
        KCHECK_EQ(memcmp(text.bytes, "000,001,", 8), 0);
        KCHECK_EQ(memcmp(text.bytes + 3996, "999,    ", 8), 0);
    }
    text_free(&text);
}

struct item {
    struct list_node link;
    struct tree_node node;
    int key;
};

KTEST(list_keeps_order)
{
    struct item items[4] = { { .key = 0 }, { .key = 1 }, { .key = 2 } };
    struct list_node list = LIST_INIT(list);
    struct item *item, *next;
    int seen = 0;

    list_add_tail(&list, &items[1].link);
    list_add_tail(&list, &items[2].link);
    list_add_head(&list, &items[0].link);
    list_for_each_safe (item, next, &list, link) {
        KCHECK_EQ(item->key, seen);
        seen++;
        list_remove(&item->link);
    }
    KCHECK_EQ(seen, 3);
    KCHECK(list_is_empty(&list));
}

static int compare_items(const struct tree_node *a, const struct tree_node *b)
{
    return tree_entry(a, struct item, node)->key -
           tree_entry(b, struct item, node)->key;
}

KTEST(tree_is_in_order)
{
    enum { ITEMS = 64 };
    static struct item items[ITEMS];
    struct tree tree = { NULL };
    struct tree_node *n;
    int expected = 0;

    for (int i = 0; i < ITEMS; i++) {
        items[i].key = i * 37 % ITEMS;
        KCHECK(tree_insert(&tree, &items[i].node, compare_items) == NULL);
    }
    tree_for_each (n, &tree) {
        KCHECK_EQ(tree_entry(n, struct item, node)->key, expected);
        expected++;
    }
    KCHECK_EQ(expected, ITEMS);
    for (int i = 0; i < ITEMS; i++)
        tree_remove(&tree, &items[i].node);
    KCHECK(tree_is_empty(&tree));
}
