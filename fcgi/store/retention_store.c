/* SPDX-License-Identifier: Apache-2.0 */
#include "store/retention_store.h"

#include "store/store_priv.h"

static const char *const tables[STORE_PARTITIONED_COUNT] = {
	[STORE_EVENTS] = "batch_event",
	[STORE_LOGS] = "batch_log",
};

bool
store_retain_batches(struct store *store, int days, int batches, int64_t *ret_count, struct err *err)
{
	struct number days_text, batches_text;
	const char *params[] = { number_text(&days_text, days), number_text(&batches_text, batches) };

	return store_count(store, STATEMENT_RETENTION_BATCHES, params, "batches", ret_count, err);
}

bool
store_roll_up(struct store *store, int limit, int64_t *ret_count, struct err *err)
{
	struct number limit_text;
	const char *params[] = { number_text(&limit_text, limit) };

	return store_count(store, STATEMENT_ROLLUP_ADD, params, "batches", ret_count, err);
}

bool
store_retain_objects(struct store *store, struct arena *arena, const char *cluster, int hours, int limit,
		     struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	struct number hours_text, limit_text;
	const char *params[] = { cluster, number_text(&hours_text, hours), number_text(&limit_text, limit) };
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_RETENTION_OBJECTS, params, &result, err))
		return false;
	store_read_batches(arena, result, ret_batches, ret_count);
	return true;
}

bool
store_object_deleted(struct store *store, int64_t id, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number id_text;
	const char *params[] = { number_text(&id_text, id) };

	return store_run(store, STATEMENT_RETENTION_OBJECT_DELETED, params, &result, err);
}

static bool
partition_name(struct store *store, struct arena *arena, enum statement_id id, enum store_partitioned table,
	       const char **ret_name, struct err *err)
{
	const char *params[] = { tables[table] };
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, id, params, &result, err))
		return false;
	*ret_name = arena_strdup(arena, store_value(result, 0, "name"));
	return true;
}

bool
store_partition_make(struct store *store, struct arena *arena, enum store_partitioned table, const char **ret_name,
		     struct err *err)
{
	return partition_name(store, arena, STATEMENT_RETENTION_PARTITION_MAKE, table, ret_name, err);
}

bool
store_partition_drop(struct store *store, struct arena *arena, enum store_partitioned table, const char **ret_name,
		     struct err *err)
{
	return partition_name(store, arena, STATEMENT_RETENTION_PARTITION_DROP, table, ret_name, err);
}

bool
store_sweep(struct store *store, enum store_partitioned table, int64_t from_id, int days, int batches, int rows,
	    int64_t *ret_removed, int64_t *ret_next, struct err *err)
{
	struct number from_text, days_text, batches_text, rows_text;
	const char *params[] = { tables[table], number_text(&from_text, from_id), number_text(&days_text, days),
				 number_text(&batches_text, batches), number_text(&rows_text, rows) };
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_RETENTION_SWEEP, params, &result, err))
		return false;
	*ret_removed = store_number(result, 0, "removed");
	*ret_next = store_number(result, 0, "next_id");
	return true;
}
