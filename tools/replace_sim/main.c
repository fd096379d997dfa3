/*
 * replace_sim/main.c - options in, lines of words out, for tools/replace:
 *
 *   policy NAME FIGURE|- TITLE...           (-l: which there are)
 *   string LENGTH PAGES WRITES
 *   run POLICY FRAMES FAULTS WRITEBACKS     for each -p and -f
 *   step N r|w PAGE hit|fault VICTIM|- written|- HAND|- PAGE[:FIGURE]...
 *                                           (-v: before the run's line)
 *   stack POLICY FRAMES yes                 (-i: are the resident pages a
 *   stack POLICY FRAMES no N PAGE            subset of those in FRAMES + 1?)
 *   working_set N MEAN LEAST MOST           (-w: for up to 500 parts)
 *
 * N counts from 1, pages are hexadecimal.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

enum { MOST_PARTS = 500, MOST_RUNS = 4096 };

struct arguments {
    struct settings settings;
    const char *policies[MOST_RUNS];
    uint32_t frames[MOST_RUNS];
    int policy_count, frames_count;
    uint64_t working_set;
    bool steps, inclusion;
};

__attribute__((noreturn)) static void stop(const char *what, const char *value)
{
    fprintf(stderr, "%s: '%s'\n", what, value);
    exit(2);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || end == text || strchr(text, '-') || value < least ||
        value > most)
        stop("not a number that fits", text);
    return value;
}

static void print_policies(void)
{
    for (int i = 0; replace_policies[i]; i++) {
        const struct replace_policy *policy = replace_policies[i];

        printf("policy %s %s %s\n", policy->name,
               policy->figure_name ? policy->figure_name : "-", policy->title);
    }
    printf("policy opt - optimal, which must know the future\n");
}

static const char *page_name(const struct trace *t, uint32_t page, char *out,
                             size_t size)
{
    if (page == NO_PAGE)
        return "-";
    snprintf(out, size, "%" PRIx64, t->number[page]);
    return out;
}

static void print_step(const struct engine *e, size_t i)
{
    const struct trace *t = e->trace;
    uint32_t hand = engine_hand(e);
    char name[24];

    printf("step %zu %c %" PRIx64 " %s %s %s ", i + 1, t->write[i] ? 'w' : 'r',
           t->number[t->page[i]], e->fault ? "fault" : "hit",
           page_name(t, e->victim, name, sizeof(name)),
           e->wrote_back ? "written" : "-");
    if (hand == NO_PAGE)
        printf("-");
    else
        printf("%u", hand);
    for (uint32_t f = 0; f < e->used; f++) {
        uint32_t page = e->frame_page[f];

        printf(" %" PRIx64, t->number[page]);
        if (e->policy && e->policy->figure)
            printf(":%" PRIu64, e->policy->figure(&e->set, &e->pages[page]));
    }
    printf("\n");
}

static void run(const struct arguments *a, const struct trace *t,
                const char *policy, uint32_t frames)
{
    struct engine e;

    if (!engine_init(&e, t, &a->settings, policy, frames))
        stop("no such policy", policy);
    for (size_t i = 0; i < t->length; i++) {
        engine_feed(&e, i);
        if (a->steps)
            print_step(&e, i);
    }
    printf("run %s %u %" PRIu64 " %" PRIu64 "\n", policy, frames, e.faults,
           e.writebacks);
    engine_free(&e);
}

/*
 * The same string in m and in m + 1 frames, side by side.  After each reference
 * both have its page; so what is resident in m frames only can only be the page
 * that the other machine has just thrown out.
 */
static void run_inclusion(const struct arguments *a, const struct trace *t,
                          const char *policy, uint32_t frames)
{
    struct engine small, large;

    if (!engine_init(&small, t, &a->settings, policy, frames) ||
        !engine_init(&large, t, &a->settings, policy, frames + 1))
        stop("no such policy", policy);
    for (size_t i = 0; i < t->length; i++) {
        engine_feed(&small, i);
        engine_feed(&large, i);
        if (large.victim != NO_PAGE &&
            engine_is_resident(&small, large.victim)) {
            printf("stack %s %u no %zu %" PRIx64 "\n", policy, frames, i + 1,
                   t->number[large.victim]);
            engine_free(&small);
            engine_free(&large);
            return;
        }
    }
    printf("stack %s %u yes\n", policy, frames);
    engine_free(&small);
    engine_free(&large);
}

/* How many different pages the last `window` references were to. */
static void print_working_set(const struct trace *t, uint64_t window)
{
    size_t per_part = (t->length + MOST_PARTS - 1) / MOST_PARTS;
    uint64_t size = 0, sum = 0, least = UINT64_MAX, most = 0;
    size_t in_part = 0;
    uint64_t *last = memory_zeroed(t->pages, sizeof(*last));

    for (size_t i = 0; i < t->length; i++) {
        size += last[t->page[i]] == 0;
        last[t->page[i]] = i + 1;
        if (i >= window && last[t->page[i - window]] == i - window + 1) {
            last[t->page[i - window]] = 0;
            size--;
        }
        sum += size;
        least = size < least ? size : least;
        most = size > most ? size : most;
        if (++in_part == per_part || i + 1 == t->length) {
            printf("working_set %zu %.3f %" PRIu64 " %" PRIu64 "\n", i + 1,
                   (double)sum / (double)in_part, least, most);
            sum = in_part = most = 0;
            least = UINT64_MAX;
        }
    }
    free(last);
}

static void take_option(struct arguments *a, int option)
{
    switch (option) {
    case 'p':
        if (a->policy_count == MOST_RUNS)
            stop("too many policies", optarg);
        a->policies[a->policy_count++] = optarg;
        break;
    case 'f':
        if (a->frames_count == MOST_RUNS)
            stop("too many numbers of frames", optarg);
        a->frames[a->frames_count++] =
            (uint32_t)number(optarg, 1, UINT32_MAX - 2);
        break;
    case 't':
        a->settings.tick = number(optarg, 1, UINT64_MAX);
        break;
    case 'W':
        a->settings.window = number(optarg, 1, UINT64_MAX);
        break;
    case 's':
        a->settings.seed = number(optarg, 1, UINT64_MAX);
        break;
    case 'w':
        a->working_set = number(optarg, 1, UINT64_MAX);
        break;
    case 'S':
        a->settings.sampled = true;
        break;
    case 'v':
        a->steps = true;
        break;
    case 'i':
        a->inclusion = true;
        break;
    case 'l':
        print_policies();
        exit(0);
    default:
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct arguments a;
    static struct trace t;
    uint64_t writes = 0;
    int option;

    while ((option = getopt(argc, argv, "p:f:t:W:s:w:Svil")) != -1)
        take_option(&a, option);
    if (optind + 1 != argc)
        stop("one file is needed, for tools/replace", argv[0]);
    trace_read(&t, argv[optind]);
    if (t.length == 0)
        stop("no references in", argv[optind]);
    for (size_t i = 0; i < t.length; i++)
        writes += t.write[i];
    printf("string %zu %zu %" PRIu64 "\n", t.length, t.pages, writes);
    if (a.working_set)
        print_working_set(&t, a.working_set);
    for (int p = 0; p < a.policy_count; p++) {
        for (int f = 0; f < a.frames_count; f++) {
            run(&a, &t, a.policies[p], a.frames[f]);
            if (a.inclusion)
                run_inclusion(&a, &t, a.policies[p], a.frames[f]);
        }
    }
    return fflush(stdout) != 0;
}
