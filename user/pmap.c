/*
 * pmap - the regions of a process, from /proc/PID/maps or smaps.
 *
 * With -x also how much of each is resident (RSS) and changed (Dirty), as the
 * page tables have it. RSS counts a page in full for each process that maps
 * it: /proc/PID/smaps has Pss, the share.
 * Read next: common/proc.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] = "Usage: pmap [-x] [-p] [-q] PID...\n"
                           "  -x  also resident and changed memory, in KiB\n"
                           "  -p  paths of files, not only their names\n"
                           "  -q  no heading, no sum\n";

enum { NO_SUCH_PROCESS = 42 }; /* exit status */

static unsigned char on[128]; /* options by letter */

struct region {
    unsigned long start, end;
    char rights[8];
    const char *name; /* in the line; "" if it has none */
    long rss, dirty;  /* KiB */
};

struct sums {
    unsigned long kib;
    long rss, dirty;
};

/* "START-END rwxp offset device inode  name" */
static int parse_region(char *line, struct region *r)
{
    int name = 0;
    memset(r, 0, sizeof *r);
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &r->start, &r->end,
               r->rights, &name) != 3 ||
        !name)
        return -1;
    r->name = line + name;
    return 0;
}

static const char *name_of(const struct region *r)
{
    if (strcmp(r->name, "[stack]") == 0)
        return "  [ stack ]";
    if (r->name[0] != '/')
        return "  [ anon ]";
    return on['p'] ? r->name : file_base_name((char *)r->name);
}

static void print_region(const struct region *r, struct sums *sums)
{
    unsigned long kib = (r->end - r->start) / 1024;
    printf("%016lx ", r->start);
    if (on['x'])
        printf("%7lu %7ld %7ld ", kib, r->rss, r->dirty);
    else
        printf("%6luK ", kib);
    printf("%.3s%c- %s\n", r->rights, r->rights[3] == 's' ? 's' : '-',
           name_of(r));
    sums->kib += kib;
    sums->rss += r->rss;
    sums->dirty += r->dirty;
}

static void print_sums(const struct sums *s)
{
    if (on['x'])
        printf("---------------- ------- ------- ------- \n"
               "total kB %15lu %7ld %7ld\n",
               s->kib, s->rss, s->dirty);
    else
        printf(" total %16luK\n", s->kib);
}

/* Lines "Key: N kB" belong to the region before them. */
static void read_field(const char *line, struct region *r)
{
    const char *value = strchr(line, ':');
    if (!value)
        return;
    if (strncmp(line, "Rss:", 4) == 0)
        r->rss = atol(value + 1);
    if (strncmp(line, "Shared_Dirty:", 13) == 0 ||
        strncmp(line, "Private_Dirty:", 14) == 0)
        r->dirty += atol(value + 1);
}

static void print_regions(char *text)
{
    struct region region = { 0 }, next;
    struct sums sums = { 0, 0, 0 };
    int have = 0;
    for (char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = 0;
        if (parse_region(line, &next)) {
            read_field(line, &region);
            continue;
        }
        if (have)
            print_region(&region, &sums);
        region = next;
        have = 1;
    }
    if (have)
        print_region(&region, &sums);
    if (!on['q'])
        print_sums(&sums);
}

static int print_process(const char *argument)
{
    char path[64], command[4096];
    struct proc_info info;
    char *rest;
    long pid = strtol(argument, &rest, 10);
    if (rest == argument || *rest || pid <= 0) {
        report("'%s' is no process number", argument);
        return 1;
    }
    if (proc_read((pid_t)pid, &info))
        return NO_SUCH_PROCESS;
    snprintf(path, sizeof path, "/proc/%ld/%s", pid,
             on['x'] ? "smaps" : "maps");
    char *text = file_read_all(path, NULL);
    proc_command(&info, command, sizeof command);
    printf("%ld:   %s\n", pid, command);
    if (!text) {
        report_errno("%s", path);
        return 1;
    }
    if (on['x'] && !on['q'])
        printf("Address           Kbytes     RSS   Dirty Mode  Mapping\n");
    print_regions(text);
    free(text);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    int letter, status = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "xpq")) != -1)
        on[letter] = 1;
    if (!o.count) {
        report("no process named");
        options_bad(&o);
    }
    for (int i = 0; i < o.count; i++) {
        int result = print_process(o.operands[i]);
        status = result ? result : status;
    }
    return report_finish(status);
}
