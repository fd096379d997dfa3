/*
 * lib/c/option.c - getopt().
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

static int complain(char *const argv[], const char *letters, const char *what)
{
    if (opterr && letters[0] != ':')
        fprintf(stderr, "%s: %s -- '%c'\n", argv[0], what, optopt);
    return '?';
}

int getopt(int argc, char *const argv[], const char *letters)
{
    static const char *rest = ""; /* of a word such as -abc */

    if (optind == 0) {
        optind = 1;
        rest = "";
    }
    if (*letters == '+')
        letters++;
    if (*rest == '\0') {
        if (optind >= argc || argv[optind] == NULL || argv[optind][0] != '-' ||
            argv[optind][1] == '\0')
            return -1;
        rest = argv[optind++] + 1;
        if (strcmp(rest, "-") == 0) {
            rest = "";
            return -1;
        }
    }
    optopt = (unsigned char)*rest++;
    const char *letter = optopt == ':' ? NULL : strchr(letters, optopt);

    if (letter == NULL)
        return complain(argv, letters, "invalid option");
    if (letter[1] != ':')
        return optopt;
    if (*rest != '\0') {
        optarg = (char *)(size_t)rest;
    } else if (optind < argc) {
        optarg = argv[optind++];
    } else {
        complain(argv, letters, "option requires an argument");
        return letters[0] == ':' ? ':' : '?';
    }
    rest = "";
    return optopt;
}
