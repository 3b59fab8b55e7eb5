/*
 * tests/lib/read_log.h - a container's log as a whole, read through kube/log_stream.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LIB_READ_LOG_H
#define TESTS_LIB_READ_LOG_H

#include <poll.h>

#include "base/buf.h"
#include "kube/log_stream.h"

static bool
read_log_bytes(void *context, const char *bytes, size_t size_bytes)
{
	return buf_append(context, bytes, size_bytes);
}

/* What came is in `log`, also of a log that ended by an error; err as of kube_log_has_ended(). */
static void
read_log(struct kube *kube, const char *namespace, const char *pod, struct buf *log, struct err *ret_err)
{
	const struct kube_log_order order = { .namespace = namespace, .pod = pod, .container = "c", .since_s = -1 };
	struct kube_log_stream *stream = NULL;
	struct kube_logs *logs = NULL;

	assert_true(kube_logs_new(kube, &logs, ret_err));
	assert_true(kube_log_open(logs, &order, read_log_bytes, log, &stream, ret_err));
	while (!kube_log_has_ended(stream, ret_err)) {
		struct pollfd due = { .fd = kube_logs_fd(logs), .events = POLLIN };

		assert_true(poll(&due, 1, 30000) > 0);
		kube_logs_work(logs);
	}
	kube_log_close(stream);
	kube_logs_free(logs);
}

#endif
