/*
 * main.c - the memory models of the text books, each a word on the command
 * line: contiguous allocation, buddies, segments, caches, TLBs.
 *
 * Read next: contiguous.c, buddy.c, segments.c, cache.c, loops.c
 */
#include <string.h>

#include "common/report.h"
#include "input.h"
#include "models.h"

static const char help[] =
    "Usage: memmodel MODEL [OPTION]... [WORD]...\n"
    "Memory models of the text books, worked through step by step:\n"
    "\n"
    "  contiguous  partitions, holes, first, best, worst and next fit\n"
    "  buddy       blocks of powers of two that split and join\n"
    "  segments    base, limit and rights\n"
    "  cache       direct mapped, set-associative, associative\n"
    "  tlb         the same for translations of pages\n"
    "  loops       the references of a loop over a matrix\n"
    "\n"
    "A WORD \"-\" reads words from standard input. `memmodel MODEL --help` "
    "says\n"
    "more. A wrong word ends it with status 2.\n";

static const struct model {
    const char *name;
    int (*run)(struct options *o);
    const char *help;
} models[] = {
    { "contiguous", contiguous_main, contiguous_help },
    { "buddy", buddy_main, buddy_help },
    { "segments", segments_main, segments_help },
    { "cache", cache_main, cache_help },
    { "tlb", tlb_main, tlb_help },
    { "loops", loops_main, loops_help },
};

/* Long options become letters, the same in all models. */
static void shorten(char **argv)
{
    static const struct {
        const char *name;
        char *letter;
    } options[] = {
        { "--memory", "-m" },  { "--fit", "-f" },     { "--fixed", "-x" },
        { "--holes", "-o" },   { "--compact", "-c" }, { "--random", "-n" },
        { "--seed", "-s" },    { "--svg", "-g" },     { "--unit", "-u" },
        { "--table", "-t" },   { "--trace", "-t" },   { "--lines", "-l" },
        { "--entries", "-l" }, { "--ways", "-w" },    { "--line", "-b" },
        { "--page", "-b" },    { "--replace", "-r" }, { "--hit", "-i" },
        { "--miss", "-e" },    { "--by", "-y" },      { "--rows", "-R" },
        { "--columns", "-C" }, { "--size", "-z" },    { "--base", "-B" },
        { "--record", "-d" },  { "--pages", "-p" },   { "--run", "-q" },
    };

    for (; *argv; argv++)
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
            if (strcmp(*argv, options[i].name) == 0)
                *argv = options[i].letter;
}

int main(int argc, char **argv)
{
    struct options o;

    options_begin(&o, argv, help, 2);
    if (argc < 2)
        options_bad(&o);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (strcmp(argv[1], models[i].name) == 0) {
            shorten(argv + 2);
            options_begin(&o, argv + 1, models[i].help, 2);
            program_name = "memmodel";
            return report_finish(models[i].run(&o));
        }
    while (options_next(&o, "+") != -1)
        ;
    report("no such model: '%.40s'", argv[1]);
    options_bad(&o);
}
