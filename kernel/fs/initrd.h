/*
 * fs/initrd.h - the first contents of the root file system.
 */
#pragma once

/* Unpack the initrd that the boot loader left in memory into the root, and
 * give what is left of its memory back.  Context: boot only. */
void initrd_unpack(void);
