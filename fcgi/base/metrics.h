/*
 * base/metrics.h - counters shared by all workers of a host.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A scrape reaches any one worker, so counts of one process would jump. The counters therefore live in a small file
 * that all processes map (metrics.shared_file, best on a tmpfs) and add to atomically. Without a file they are the
 * process's own.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum metric {
	METRIC_REQUESTS_2XX,
	METRIC_REQUESTS_4XX,
	METRIC_REQUESTS_5XX,
	METRIC_REQUEST_TIME_US,
	METRIC_BATCHES_ACCEPTED,
	METRIC_PUSHED_BY_WORKER,
	METRIC_PUSHED_BY_WATCHER,
	METRIC_PUSH_DEFERRED,
	METRIC_PUSH_REFUSED,
	METRIC_STATE_MOVES,
	METRIC_WATCH_EVENTS,
	METRIC_WATCH_RELISTS,
	METRIC_KILLS,
	METRIC_DATABASE_FAILURES,
	METRIC_KUBE_FAILURES,
	METRIC_OPERATOR_BEHIND,
	METRIC_LOGS_FOLLOWED,
	METRIC_LOG_LINES,
	METRIC_LOG_BYTES,
	METRIC_CONFIG_APPLIED,
	METRIC_CONFIG_REFUSED,
	METRIC_RETRIES,
	METRIC_COUNT
};

struct metrics {
	uint64_t *values;       /* METRIC_COUNT of them, mapped */
};

/* path NULL or "": the process's own. */
MUST_CHECK bool metrics_init(struct metrics *metrics, const char *path, struct err *err);
void metrics_release(struct metrics *metrics);

void metrics_add(struct metrics *metrics, enum metric metric, uint64_t amount);

/* Prometheus text exposition format 0.0.4 of the counters. */
void metrics_render(const struct metrics *metrics, struct buf *text);

#endif
