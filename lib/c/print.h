/*
 * lib/c/print.h - floating-point conversions for the formatting core.
 */
#pragma once

#include <stdbool.h>

#include "base/format.h"

/* Converts %f %F %e %E %g %G; a format_sink's convert function. */
bool print_convert_float(struct format_sink *sink,
                         const struct format_spec *spec,
                         struct format_args *args);
