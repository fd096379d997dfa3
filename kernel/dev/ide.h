/* dev/ide.h - one disk on the first IDE channel, by programmed I/O. [ATA-6] */
#pragma once

/* Boot: register it (hda), if there is one.  Context: may sleep. */
void ide_init(void);
