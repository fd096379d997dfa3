/* fs/tty_file.h - terminals as open files. */
#pragma once

#include "fs/file.h"

extern const struct file_ops tty_console_ops; /* /dev/console */
extern const struct file_ops tty_serial_ops;  /* /dev/ttyS0, the same line */
extern const struct file_ops tty_current_ops; /* /dev/tty */
