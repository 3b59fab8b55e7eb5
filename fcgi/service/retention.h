/*
 * service/retention.h - what has ended is added to the sums that reports read, and goes: first the
 * object in Kubernetes, much later the row, and then its log and its events, with their partition or row by row. What has
 * come is counted for lists.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_RETENTION_H
#define SERVICE_RETENTION_H

#include "service/app.h"
#include "store/retention_store.h"

/* When a watcher looks again; begins as zeroes. */
struct retention {
	int64_t objects_due_ms, rows_due_ms, sums_due_ms, tables_due_ms, places_due_ms;         /* monotonic */
	int64_t swept_to[STORE_PARTITIONED_COUNT];      /* batches; each round begins at 0 */
};

/*
 * One bounded step, for the watcher's loop to take again and again: at most 50 objects of this cluster, and one piece of
 * sums, of what lists count, of rows, and of each table in partitions, of all clusters, which a lock leaves to one watcher
 * at a time. With nothing to do it asks the database once a second, for most of this once a minute. Failures are logged and
 * tried again.
 */
void retention_step(struct app *app, struct app_cluster *cluster, struct retention *retention);

/*
 * The timeToLiveSeconds of an object. The gateway deletes objects itself, once their end is stored; the operator does it a
 * week later only, should the gateway be gone: what it missed meanwhile must still be there when it comes back.
 */
int retention_time_to_live_s(const struct config *config);

#endif
