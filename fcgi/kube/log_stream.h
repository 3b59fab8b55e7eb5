/*
 * kube/log_stream.h - any number of container logs, read at the same time while they grow.
 * Knows the API server's HTTP; nothing of batches.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KUBE_LOG_STREAM_H
#define KUBE_LOG_STREAM_H

#include "kube/kube.h"

struct kube_logs;               /* all streams of one API server */
struct kube_log_stream;         /* one of them */

MUST_CHECK bool kube_logs_new(struct kube *kube, struct kube_logs **ret_logs, struct err *err);
/* Closes what is still open. */
void kube_logs_free(struct kube_logs *logs);

/* A descriptor that becomes readable when kube_logs_work() has something to do; the same for as long as `logs` lives. */
int kube_logs_fd(const struct kube_logs *logs);

/* Reads what has come, without waiting; true when anything came or ended. */
bool kube_logs_work(struct kube_logs *logs);

struct kube_log_order {
	const char *namespace;
	const char *pod;
	const char *container;
	bool follow;            /* until the container ends; else what there is now */
	int64_t since_s;        /* only lines of this second (since 1970) and later; -1: all */
};

/* Called by kube_logs_work() and kube_log_resume(); false: no room now, the same bytes come again after a resume. */
typedef bool (*kube_log_bytes_fn)(void *context, const char *bytes, size_t size_bytes);

/* Begins to read, with times before the lines. Closed by the caller, also after it ended. */
MUST_CHECK bool kube_log_open(struct kube_logs *logs, const struct kube_log_order *order, kube_log_bytes_fn on_bytes,
			      void *context, struct kube_log_stream **ret_stream, struct err *err);
void kube_log_close(struct kube_log_stream *stream);
void kube_log_resume(struct kube_log_stream *stream);

/* The server has begun to answer with the log. */
bool kube_log_is_answered(const struct kube_log_stream *stream);

/*
 * True once nothing more will come. Source: contract crds.md 9.5: a followed log ends with its container or with the
 * connection, and does not always say which.
 *
 * ret_err  ERR_NONE: a whole answer; ERR_NOT_FOUND: pod gone or not scheduled, or its node away; ERR_CONFLICT: the
 *          container has not started yet; else as in kube/kube.h
 */
bool kube_log_has_ended(struct kube_log_stream *stream, struct err *ret_err);

#endif
