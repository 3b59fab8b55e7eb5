/*
 * operator/threads.h - how a thread of the operator is started.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPERATOR_THREADS_H
#define OPERATOR_THREADS_H

#include <pthread.h>

#include "base/attr.h"

/* With a small stack, and without signals: those are the main thread's, whose wait they end. 0, or an errno. */
MUST_CHECK int threads_start(pthread_t *ret_thread, void *(*run)(void *argument), void *argument);

#endif
