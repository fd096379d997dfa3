/*
 * proc/script.h - the first line of a script.
 */
#pragma once

#include "core/types.h"
#include "proc/image.h"

/* One #! line: "interpreter [argument]". */
struct script {
    char line[IMAGE_HEAD_BYTES];
    const char *interpreter;
    const char *argument; /* or NULL */
};

/*
 * Split the line behind #! in s->line, which holds the file's head and ends
 * with a NUL.  A line that is cut within the interpreter's name is an error.
 * Returns 0 or -ENOEXEC.
 */
__must_check int script_parse(struct script *s, size_t head_bytes);
