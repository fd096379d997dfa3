"""Host side of hanu: archives, the run channel, QEMU and its command line."""
