/*
 * store/cluster_store.h - what watchers have written down about their clusters.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Errors: see store/store.h.
 */
#ifndef STORE_CLUSTER_STORE_H
#define STORE_CLUSTER_STORE_H

#include <stdint.h>

#include "base/arena.h"
#include "store/store.h"

/* Strings are the arena's; NULL: not known. Times as in batch/batch.h. */
struct store_cluster {
	const char *name;
	const char *operator_found;     /* where the configuration leaves it to the API server */
	const char *operator_found_at;
	const char *synced_at;
	const char *heard_at;
	int64_t silent_s;               /* since then, by the database's clock; -1: never heard */
	const char *last_error;
	int64_t running, waiting;       /* batches that had their turn and have not ended, and that wait for it */
};

/* All that were ever followed, by name. */
MUST_CHECK bool store_clusters(struct store *store, struct arena *arena, struct store_cluster **ret_clusters,
			       size_t *ret_count, struct err *err);

struct store_cluster_load {
	const char *name;
	int64_t batches;                /* that have not ended */
};

/* Those that have any, by name; whether the configuration has them is not known here. */
MUST_CHECK bool store_cluster_loads(struct store *store, struct arena *arena, struct store_cluster_load **ret_loads,
				    size_t *ret_count, struct err *err);

/* *ret_kind is NULL when none was found, or nobody has asked yet. */
MUST_CHECK bool store_operator_found(struct store *store, struct arena *arena, const char *cluster, const char **ret_kind,
				     struct err *err);

/* kind  NULL: the cluster was asked, and has none */
MUST_CHECK bool store_operator_note(struct store *store, const char *cluster, const char *kind, struct err *err);

#endif
