/*
 * stale - a pointer that outlives its memory, and the crash long after it.
 *
 * docs/time-travel.md walks from the crash back to the cause.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

static const char help[] =
    "Usage: stale\n"
    "Adds up a list, and dies of SIGSEGV on the way: something else was "
    "written\n"
    "over one of its entries, long before. Record it and look backwards:\n"
    "docs/time-travel.md.\n";

enum { ENTRIES = 3, LABEL_BYTES = 16, WORK = 200000 };

/* Functions stay functions, for gdb. */
#define APART static __attribute__((noinline))

struct entry {
    struct entry *next;
    long amount;
};

static struct entry *list;
static char *label;

APART void make_label(void)
{
    label = malloc(LABEL_BYTES);
    memcpy(label, "open", sizeof("open"));
    printf("account is %s\n", label);
    free(label);
}

APART void make_list(void)
{
    for (int i = 1; i <= ENTRIES; i++) {
        struct entry *e = malloc(sizeof(*e));
        e->amount = 10 * i;
        e->next = list;
        list = e;
    }
}

APART void settle_account(void)
{
    memcpy(label, "paid", 4);
}

APART unsigned work(void)
{
    unsigned mixed = 1;

    for (int i = 0; i < WORK; i++)
        mixed = mixed * 1664525 + 1013904223;
    return mixed;
}

APART long add_up(void)
{
    long sum = 0;

    for (struct entry *e = list; e; e = e->next)
        sum += e->amount;
    return sum;
}

int main(int argc, char **argv)
{
    struct options o;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    setlinebuf(stdout);
    make_label();
    make_list();
    settle_account();
    printf("checksum %u\n", work());
    printf("sum %ld\n", add_up());
    return 0;
}
