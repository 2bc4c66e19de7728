#pragma once

// Linux calls that the Glibc module hides from Swift, or that are variadic and can't be imported.

#include <sys/types.h>

/// The kernel's id of the calling thread.
pid_t kc_gettid(void);

/// Names the calling thread, at most 15 bytes, as `ps -L` and `top -H` show it.
void kc_set_thread_name(const char *name);

#include "CLinuxProcess.h"
#include "CLinuxDisks.h"
#include "CLinuxWire.h"
