/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cluster_store.h"

#include <stdlib.h>

#include "store/store_priv.h"

bool
store_clusters(struct store *store, struct arena *arena, struct store_cluster **ret_clusters, size_t *ret_count,
	       struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	size_t count;

	if (!store_run(store, STATEMENT_CLUSTER_LIST, NULL, &result, err))
		return false;
	count = (size_t)PQntuples(result);
	*ret_clusters = arena_alloc(arena, count * sizeof(**ret_clusters) + 1);
	*ret_count = count;
	for (int row = 0; row < (int)count; row++) {
		const char *silent_s = store_value(result, row, "silent_s");

		(*ret_clusters)[row] = (struct store_cluster){
			.name = arena_strdup(arena, store_value(result, row, "cluster")),
			.operator_found = arena_strdup(arena, store_value(result, row, "operator_found")),
			.operator_found_at = store_time(arena, store_value(result, row, "operator_found_at")),
			.synced_at = store_time(arena, store_value(result, row, "synced_at")),
			.heard_at = store_time(arena, store_value(result, row, "heard_at")),
			.silent_s = silent_s == NULL ? -1 : strtoll(silent_s, NULL, 10),
			.last_error = arena_strdup(arena, store_value(result, row, "last_error")),
			.running = strtoll(store_value(result, row, "running"), NULL, 10),
			.waiting = strtoll(store_value(result, row, "waiting"), NULL, 10),
		};
	}
	return true;
}

bool
store_cluster_loads(struct store *store, struct arena *arena, struct store_cluster_load **ret_loads, size_t *ret_count,
		    struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_CLUSTER_UNFINISHED, NULL, &result, err))
		return false;
	*ret_count = (size_t)PQntuples(result);
	*ret_loads = arena_alloc(arena, *ret_count * sizeof(**ret_loads) + 1);
	for (int row = 0; row < (int)*ret_count; row++) {
		(*ret_loads)[row] = (struct store_cluster_load){
			.name = arena_strdup(arena, store_value(result, row, "cluster")),
			.batches = strtoll(store_value(result, row, "batches"), NULL, 10),
		};
	}
	return true;
}

bool
store_operator_found(struct store *store, struct arena *arena, const char *cluster, const char **ret_kind, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { cluster };

	if (!store_run(store, STATEMENT_CLUSTER_OPERATOR, params, &result, err))
		return false;
	*ret_kind = PQntuples(result) == 0 ? NULL : arena_strdup(arena, store_value(result, 0, "operator_found"));
	return true;
}

bool
store_operator_note(struct store *store, const char *cluster, const char *kind, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { cluster, kind };

	return store_run(store, STATEMENT_CLUSTER_OPERATOR_NOTE, params, &result, err);
}
