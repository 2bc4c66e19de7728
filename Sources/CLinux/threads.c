#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <unistd.h>

pid_t kc_gettid(void) { return gettid(); }

void kc_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }
