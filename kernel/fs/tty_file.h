/* fs/tty_file.h - terminals as open files. */
#pragma once

#include "fs/file.h"

extern const struct file_ops tty_console_ops; /* /dev/console, ttyS0 */
extern const struct file_ops tty_current_ops; /* /dev/tty */
