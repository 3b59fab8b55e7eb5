/*
 * store/retention_store.h - what has ended is added to sums and goes; partitions of events and logs, made ahead and dropped.
 * One process at a time does each of it: where another one is at it there was nothing to do.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_RETENTION_STORE_H
#define STORE_RETENTION_STORE_H

#include "batch/batch.h"
#include "store/store.h"

/* The tables in partitions. */
enum store_partitioned { STORE_EVENTS, STORE_LOGS, STORE_PARTITIONED_COUNT };

/* Removes batches that ended more than `days` ago; returns how many. */
MUST_CHECK bool store_retain_batches(struct store *store, int days, int batches, int64_t *ret_count, struct err *err);

/* Adds at most `limit` ended batches to the sums that reports read, each once; returns how many. */
MUST_CHECK bool store_roll_up(struct store *store, int limit, int64_t *ret_count, struct err *err);

/* Ended batches of a cluster whose objects have been kept for `hours`, and the note that one is gone. */
MUST_CHECK bool store_retain_objects(struct store *store, struct arena *arena, const char *cluster, int hours, int limit,
				     struct batch **ret_batches, size_t *ret_count, struct err *err);
MUST_CHECK bool store_object_deleted(struct store *store, int64_t id, struct err *err);

/*
 * Makes one partition ahead of the newest batch, or drops one of whose batches none is left.
 * ret_name  its name, the arena's; NULL when there was nothing to do
 * err       ERR_TIMEOUT: somebody (pg_dump) has the table for long; try again later
 */
MUST_CHECK bool store_partition_make(struct store *store, struct arena *arena, enum store_partitioned table,
				     const char **ret_name, struct err *err);
MUST_CHECK bool store_partition_drop(struct store *store, struct arena *arena, enum store_partitioned table,
				     const char **ret_name, struct err *err);

/*
 * Removes rows of batches that are gone from partitions that are not about to be dropped.
 * from_id  the batch from which on so many are looked at, at first 0
 * ret_next where to go on; 0: all were looked at
 */
MUST_CHECK bool store_sweep(struct store *store, enum store_partitioned table, int64_t from_id, int days, int batches, int rows,
			    int64_t *ret_removed, int64_t *ret_next, struct err *err);

#endif
