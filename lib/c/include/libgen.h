/*
 * libgen.h - parts of a path; both functions may change their argument.
 */
#pragma once

char *basename(char *path);
char *dirname(char *path);
