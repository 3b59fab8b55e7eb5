/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/threads.h"

#include <signal.h>
#include <stddef.h>

/* A token file is read onto the stack (kube/credentials.c), and OpenSSL's handshake takes some 20 KB. */
#define STACK_BYTES ((size_t)256 * 1024)

int
threads_start(pthread_t *ret_thread, void *(*run)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int failure = pthread_attr_init(&attributes);

	if (failure != 0)
		return failure;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	failure = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (failure == 0)
		failure = pthread_create(ret_thread, &attributes, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failure;
}
