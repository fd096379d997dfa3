/* sched/mutex.h - the sleeping lock; its contract is in mutex_type.h. */
#pragma once

#include "sched/mutex_type.h"
