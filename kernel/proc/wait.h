/*
 * proc/wait.h - waiting for children.
 */
#pragma once

#include "abi/resource.h"
#include "core/types.h"

/* Which children, as waitid() names them. */
struct child_request {
    int which;   /* P_ALL, P_PID, P_PGID */
    int32_t id;  /* pid or group */
    int options; /* WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT, __W* */
};

struct child_result {
    int32_t pid;
    uint32_t uid;
    int32_t status; /* wait status */
    bool trapped;   /* it is a tracee that has stopped */
    struct rusage usage;
};

/*
 * Wait for a child of the current process to end, stop or go on, as the options
 * say; one that has ended is reaped, the other news forgotten (not with
 * WNOWAIT).  Returns its pid; 0 with WNOHANG when there is no news; -ECHILD when
 * no child fits; -ERESTARTSYS when a signal comes first.
 */
int64_t process_wait(const struct child_request *request,
                     struct child_result *result);
