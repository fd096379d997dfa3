/*
 * sync - writes everything that only memory holds to its device.
 */
#include <unistd.h>

int main(void)
{
    sync();
    return 0;
}
