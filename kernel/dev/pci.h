/*
 * dev/pci.h - finding PCI functions and reading their configuration.
 * [PCI Local Bus Specification 3.0, "Configuration Space"]
 */
#pragma once

#include "core/types.h"

struct pci_device {
    uint8_t bus, slot, function;
};

/* The `nth` function with these ids, from 0 on; false if there is none. */
__must_check bool pci_find(uint16_t vendor, uint16_t device, unsigned nth,
                           struct pci_device *out);

uint32_t pci_read32(const struct pci_device *d, unsigned offset);
void pci_write32(const struct pci_device *d, unsigned offset, uint32_t value);

/* Address in base address register `n`, without its type bits. */
uint64_t pci_bar(const struct pci_device *d, unsigned n);

/* Let the function answer on its ports and memory, and do DMA. */
void pci_enable(const struct pci_device *d);

/*
 * Turn MSI-X on and let its entry `entry` raise `vector` on the boot CPU.
 * Returns false if the function has no MSI-X.  Context: boot only.
 */
__must_check bool pci_set_msix(const struct pci_device *d, unsigned entry,
                               unsigned vector);
