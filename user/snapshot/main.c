/*
 * snapshot - a key-value store that saves itself by forking, as Redis does.
 *
 * The child sends a byte per chunk of the image it has written, and the parent
 * then makes so many changes: so a rate means the same on a fast and a slow
 * machine. As a server the store is changed by whoever asks.
 * Read next: store.c, server.c.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"
#include "store.h"

static const char help[] =
    "Usage: snapshot [MIB]\n"
    "       snapshot -s SOCKET [MIB]\n"
    "       snapshot -c SOCKET get KEY|add KEY NUMBER|sum|save|stop\n"
    "A key-value store of MIB (default 4) MiB saves itself to a file in /tmp "
    "while\n"
    "it is changed: a forked child writes the image, the parent goes on. A "
    "change\n"
    "moves 1 from one key to another, so the sum of a consistent image never "
    "changes.\n"
    "\n"
    "Watch \"copied\", the frames copy-on-write had to copy (minor faults of "
    "the\n"
    "parent, getrusage): none per key, one per page that was changed, however "
    "often.\n"
    "So the cost of a snapshot grows with the write rate only until all pages "
    "are\n"
    "copied, and a store needs twice its memory at worst. Faults beyond "
    "\"pages\" are\n"
    "those of stack and data. \"image\" is checked after the end: it must be "
    "the\n"
    "store at the moment of the fork, to the byte.\n"
    "\n"
    "With -s a server keeps the store; -c sends it a request. \"save\" is\n"
    "answered when the image is written; meanwhile it serves all others.\n";

/* One snapshot while `rate` changes are made per chunk. 0 if it is good. */
static int show(const char *path, long rate)
{
    struct saving saving;
    struct saved saved;
    long changes = 0, all = (long)(store_bytes() / STORE_PAGE);
    char byte;
    if (save_begin(&saving, path))
        return -1;
    while (read(saving.chunks, &byte, 1) == 1)
        for (long i = 0; i < rate; i++, changes++)
            store_change();
    if (save_end(&saving, path, &saved))
        return -1;
    printf("%8ld %8ld %8zu %8ld %5ld%% %9.0f %9.1f  %s\n", rate, changes,
           saved.pages, saved.copied, saved.copied * 100 / all, saving.fork_us,
           saved.ms, saved.is_good ? "consistent" : "BROKEN");
    fflush(stdout);
    return saved.is_good ? 0 : -1;
}

/* Snapshots at one rate after the other. Returns the exit status. */
static int show_all(long mib)
{
    static const long rates[] = { 0, 1, 4, 16, 64, 256 };
    char path[48];
    int bad = 0;
    snprintf(path, sizeof path, "/tmp/snapshot.%d", (int)getpid());
    printf("%zu keys in %ld MiB, %ld pages; the image is written in chunks of "
           "%d KiB\n",
           store_keys(), mib, (mib << 20) / STORE_PAGE, STORE_CHUNK / 1024);
    printf("%8s %8s %8s %8s %6s %9s %9s\n", "changes", "changes", "pages", "",
           "of all", "fork", "saved");
    printf("%8s %8s %8s %8s %6s %9s %9s  %s\n", "a chunk", "in all", "changed",
           "copied", "pages", "us", "in ms", "image");
    fflush(stdout);
    for (size_t i = 0; i < sizeof rates / sizeof *rates && !bad; i++)
        bad = show(path, rates[i]);
    if (bad)
        report("a snapshot failed");
    unlink(path);
    return report_finish(bad ? 1 : 0);
}

int main(int argc, char **argv)
{
    struct options o;
    const char *serve = NULL, *ask = NULL;
    long mib = 4;
    int letter;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "+s:c:")) != -1)
        *(letter == 's' ? &serve : &ask) = o.value;
    if (ask)
        return server_ask(ask, o.operands);
    if (o.count > 1 ||
        (o.count && (options_number(o.operands[0], &mib) || mib < 1 ||
                     mib > 1024 || (mib & (mib - 1))))) {
        report("MIB is a power of two up to 1024");
        options_bad(&o);
    }
    if (store_create((size_t)mib << 20)) {
        report_errno("no %ld MiB of memory", mib);
        return 1;
    }
    return serve ? server_run(serve) : show_all(mib);
}
