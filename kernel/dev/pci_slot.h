/* dev/pci_slot.h - slots from which devices are removed while we run. */
#pragma once

/* Boot: from now on let devices go whose removal is asked for at their slot.
 * Does nothing when there is no such slot.  After the devices were found. */
void pci_slot_watch(void);
