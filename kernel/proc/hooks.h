/*
 * proc/hooks.h - what the layers below proc/ ask about who calls them.
 */
#pragma once

/* Boot: files, sockets, System V IPC and futexes know the current process from
 * here on. */
void hooks_init(void);
