/*
 * dev/pci.h - finding PCI functions and reading their configuration.
 * [PCI Local Bus Specification 3.0, "Configuration Space"]
 */
#pragma once

#include "core/types.h"

/* Beyond it the direct map has no room for registers. */
#define DEVICE_ADDRESS_MAX (1ul << 45)

struct pci_device {
    uint8_t bus, slot, function;
    uint16_t vendor, device; /* ids */
};

/* The n-th function of the machine, behind bridges too; NULL behind the last
 * one.  The first call looks for them all.  Context: boot only. */
const struct pci_device *pci_nth(unsigned n);

uint32_t pci_read32(const struct pci_device *d, unsigned offset);
void pci_write32(const struct pci_device *d, unsigned offset, uint32_t value);

/* Class and subclass, as 0xCCSS. */
uint16_t pci_class(const struct pci_device *d);

/* Address in base address register `n`, without its type bits; 0: not set, or
 * no such register.  `is_io`: ports, not memory. */
uint64_t pci_bar(const struct pci_device *d, unsigned n, bool is_io);

/* Let the function answer on its ports and memory, and do DMA. */
void pci_enable(const struct pci_device *d);

/* Offset of a capability in configuration space, behind the one at `after` (0:
 * the first); 0: no more. */
unsigned pci_find_capability(const struct pci_device *d, unsigned id,
                             unsigned after);

/*
 * Turn MSI-X on and let its entry `entry` raise `vector` on the boot CPU.
 * Returns false if the function has no MSI-X or no such entry.
 * Context: boot only.
 */
__must_check bool pci_set_msix(const struct pci_device *d, unsigned entry,
                               unsigned vector);
