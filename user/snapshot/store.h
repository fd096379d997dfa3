/*
 * store.h - the key-value store, and how it saves itself.
 */
#pragma once
#include <stddef.h>
#include <sys/types.h>

enum { STORE_PAGE = 4096, STORE_CHUNK = 65536, STORE_KEY = 24 };

/* Makes a store of so many bytes, half full of keys "account:N" with the value
 * 100. Returns 0, or -1 with errno. */
int store_create(size_t bytes);
size_t store_bytes(void);
size_t store_keys(void);

/* The value of a key, or NULL if there is no such key. */
const long *store_get(const char *key);
/* Adds to the value of a key, which is made with 0 if there is none. Returns
 * the value, or NULL when the store is full or the key too long. */
const long *store_add(const char *key, long by);
/* Moves 1 from one of the first keys to another. */
void store_change(void);
/* All values together. */
long store_sum(void);

/* One image on its way. */
struct saving {
    pid_t pid;
    int chunks;         /* a byte comes for each chunk, then the end */
    int hold;           /* the child waits for its close */
    unsigned long hash; /* of the store at the moment of the fork */
    long sum, faults;   /* at that moment */
    unsigned long long start;
    double fork_us;
};

/* What became of it. */
struct saved {
    size_t pages; /* changed meanwhile */
    long copied;  /* page faults of the parent */
    double ms;
    int is_good; /* the image is the store at the moment of the fork */
};

/* Forks a child that writes the image to path. Returns 0, or -1 with errno. */
int save_begin(struct saving *s, const char *path);
/* Lets the child go, waits for it and looks at its image. 0, or -1. */
int save_end(struct saving *s, const char *path, struct saved *result);

/* Serves the store at a socket of this name until it is told to stop. Returns
 * the exit status. */
int server_run(const char *name);
/* Sends a request to the server and prints the answer: the exit status. */
int server_ask(const char *name, char **words);
