/*
 * dev/power.c - the ways out that QEMU's machines offer.
 */
#include "dev/power.h"

#include "dev/channel.h"
#include "x86/io.h"

#define DEBUG_EXIT_PORT     0xf4
#define DEBUG_EXIT_FINISHED 0x10
#define ACPI_PM1_CONTROL    0x604 /* q35 and pc */
#define ACPI_SLEEP_S5       0x2000
#define KEYBOARD_COMMAND    0x64
#define KEYBOARD_RESET      0xfe

__noreturn static void halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void machine_power_off(void)
{
    channel_finish();
    outb(DEBUG_EXIT_PORT, DEBUG_EXIT_FINISHED);
    outw(ACPI_PM1_CONTROL, ACPI_SLEEP_S5);
    halt();
}

void machine_restart(void)
{
    outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
    halt();
}
