/*
 * dev/pci_slot.c - removal of devices from PCI Express slots.
 * [PCIe 3.0 "Slot Control Register", "Slot Status Register"]
 *
 * Idea:  a slot has a button that asks for the removal of its device, and a
 *        power switch.  A timer looks at the buttons and turns the power off.
 *        Drivers are not asked: theirs is to find that the device has gone,
 *        as when a cable breaks (dev/block_queue.c).
 * Locks: none; only the timer uses the ports' slot registers.
 */
#include "dev/pci_slot.h"

#include "core/printk.h"
#include "dev/pci.h"
#include "sched/timer.h"
#include "x86/clock.h"

enum { CAPABILITY_EXPRESS = 0x10, SLOTS_MAX = 16, LOOK_MS = 250 };
/* In the capability: control in the lower half of the word, status above. */
enum { EXPRESS_FLAGS = 0x00, EXPRESS_SLOT_CAPABILITIES = 0x14 };
enum { EXPRESS_SLOT_CONTROL = 0x18 };
#define FLAGS_HAS_SLOT        0x01000000u
#define SLOT_CAN_HOTPLUG      0x00000040u
#define CONTROL_INDICATOR_OFF 0x00000300u
#define CONTROL_POWER_OFF     0x00000400u
#define STATUS_BUTTON         0x00010000u /* written back, it is cleared */
#define STATUS_ALL            0x01ff0000u

static struct slot {
    const struct pci_device *port;
    unsigned capability;
} slots[SLOTS_MAX]; /* [I] */
static unsigned slot_count;
static struct timer look_timer;

static void look_at(const struct slot *s)
{
    unsigned at = s->capability + EXPRESS_SLOT_CONTROL;
    uint32_t value = pci_read32(s->port, at);

    if (!(value & STATUS_BUTTON))
        return;
    printk("pci: power off for the device behind %u.%u\n", s->port->slot,
           s->port->function);
    pci_write32(s->port, at,
                (value & ~STATUS_ALL) | STATUS_BUTTON | CONTROL_INDICATOR_OFF |
                    CONTROL_POWER_OFF);
}

static void look(struct timer *timer)
{
    for (unsigned i = 0; i < slot_count; i++)
        look_at(&slots[i]);
    timer_arm(timer, clock_now_ns() + LOOK_MS * NSEC_PER_MSEC);
}

void pci_slot_watch(void)
{
    const struct pci_device *d;

    for (unsigned i = 0; (d = pci_nth(i)) != NULL; i++) {
        unsigned at = pci_find_capability(d, CAPABILITY_EXPRESS, 0);
        if (at == 0 || slot_count == SLOTS_MAX ||
            !(pci_read32(d, at + EXPRESS_FLAGS) & FLAGS_HAS_SLOT) ||
            !(pci_read32(d, at + EXPRESS_SLOT_CAPABILITIES) & SLOT_CAN_HOTPLUG))
            continue;
        slots[slot_count++] = (struct slot){ d, at };
    }
    if (slot_count == 0)
        return;
    timer_init(&look_timer, look);
    look(&look_timer);
}
