/* SPDX-License-Identifier: Apache-2.0 */
#include "service/retention.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/limits.h"
#include "service/object.h"
#include "store/k8s_store.h"
#include "store/list_store.h"
#include "store/retention_store.h"

#define OBJECTS_AT_ONCE 50
#define BATCHES_AT_ONCE 200
/* Of logs or of events: pieces of logs have up to 1,000 lines, so that a step stays far below a second. */
#define ROWS_AT_ONCE 500
/* Some ms of looking through an index: all of a ledger of ten million in less than two days. */
#define SWEPT_AT_ONCE 5000
#define SUMS_AT_ONCE 5000
#define PLACES_AT_ONCE 50000
/* Between two looks that find nothing. */
#define IDLE_MS 60000
/* Reports count what is not in the sums yet one by one: a busy gateway has thousands of ends a minute. */
#define SUMS_IDLE_MS 10000
/* Lists count one by one what is not settled yet: a burst brings a thousand a second. */
#define PLACES_IDLE_MS 1000

#define SECONDS_A_DAY 86400
#define GATEWAY_AWAY_S (7 * SECONDS_A_DAY)

int
retention_time_to_live_s(const struct config *config)
{
	return config->retention_object_hours * 3600 + GATEWAY_AWAY_S;
}

/* False when the API server is away: the others can wait, too. */
static bool
delete_object(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch)
{
	struct err err = ERR_INIT;

	/* the pod of a driver that ran before is not ours */
	bool is_deleted = batch_is_client(batch) ? object_delete_executors(app, arena, cluster, batch, &err)
						 : object_delete(app, arena, cluster, batch, &err);

	if (!is_deleted && err.code != ERR_NOT_FOUND) {
		log_failure(&app->log, LOG_LEVEL_WARNING, "old_object_not_deleted", &err, LOG_INT("batch", batch->id));
		metrics_add(&app->metrics, METRIC_KUBE_FAILURES, 1);
		return !err_is_transient(&err);
	}
	FAILPOINT("retention.deleted");
	/* A lost note costs one more deletion, which then finds nothing. */
	if (!store_object_deleted(app->store, batch->id, &err)) {
		log_failure(&app->log, LOG_LEVEL_WARNING, "old_object_not_noted", &err, LOG_INT("batch", batch->id));
		return false;
	}
	log_event(&app->log, LOG_LEVEL_DEBUG, "old_object_deleted", LOG_INT("batch", batch->id),
		  LOG_TEXT("object", batch_object_name(batch)));
	return true;
}

/* True when there may be more. */
static bool
delete_objects(struct app *app, struct app_cluster *cluster)
{
	struct err err = ERR_INIT;
	struct batch *batches;
	struct arena arena;
	size_t count = 0, i = 0;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_retain_objects(app->store, &arena, cluster->config->name, app->config.retention_object_hours,
				  OBJECTS_AT_ONCE, &batches, &count, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "old_objects_not_read", &err);
	while (i < count && delete_object(app, &arena, cluster, &batches[i]))
		i++;
	arena_release(&arena);
	return count == OBJECTS_AT_ONCE && i == count;
}

/* True when there may be more. */
static bool
remove_rows(struct app *app)
{
	int64_t batches = 0;
	struct err err = ERR_INIT;

	if (app->config.retention_finished_days > 0 &&
	    !store_retain_batches(app->store, app->config.retention_finished_days, BATCHES_AT_ONCE, &batches, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "old_batches_not_removed", &err);
	if (!store_k8s_expire(app->store, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "half_sent_submissions_not_removed", &err);
	if (batches > 0)
		log_event(&app->log, LOG_LEVEL_INFO, "old_batches_removed", LOG_INT("batches", batches));
	return batches == BATCHES_AT_ONCE;
}

/* True when there may be more. */
static bool
keep_partitions(struct app *app, enum store_partitioned table)
{
	const char *made = NULL, *dropped = NULL;
	struct err err = ERR_INIT;
	struct arena arena;
	bool is_more;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_partition_make(app->store, &arena, table, &made, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "partition_not_made", &err);
	if (made != NULL)
		log_event(&app->log, LOG_LEVEL_INFO, "partition_made", LOG_TEXT("partition", made));
	if (!store_partition_drop(app->store, &arena, table, &dropped, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "partition_not_dropped", &err);
	if (dropped != NULL)
		log_event(&app->log, LOG_LEVEL_INFO, "partition_dropped", LOG_TEXT("partition", dropped));
	is_more = made != NULL || dropped != NULL;
	arena_release(&arena);
	return is_more;
}

/* True when there may be more at this place. */
static bool
sweep(struct app *app, enum store_partitioned table, int64_t *swept_to)
{
	struct err err = ERR_INIT;
	int64_t rows = 0;

	if (!store_sweep(app->store, table, *swept_to, app->config.retention_finished_days, SWEPT_AT_ONCE, ROWS_AT_ONCE, &rows,
			 swept_to, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "left_rows_not_removed", &err);
	if (rows > 0)
		log_event(&app->log, LOG_LEVEL_DEBUG, "left_rows_removed", LOG_INT("rows", rows));
	return rows == ROWS_AT_ONCE;
}

/* True when there may be more. */
static bool
keep_tables(struct app *app, struct retention *retention)
{
	bool is_more = false;

	for (int table = 0; table < STORE_PARTITIONED_COUNT; table++) {
		is_more |= keep_partitions(app, (enum store_partitioned)table);
		is_more |= sweep(app, (enum store_partitioned)table, &retention->swept_to[table]);
	}
	return is_more;
}

/* True when there may be more. */
static bool
add_sums(struct app *app)
{
	struct err err = ERR_INIT;
	int64_t batches = 0;

	if (!store_roll_up(app->store, SUMS_AT_ONCE, &batches, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "sums_not_added", &err);
	if (batches > 0) {
		FAILPOINT("retention.summed");
		log_event(&app->log, LOG_LEVEL_DEBUG, "sums_added", LOG_INT("batches", batches));
	}
	return batches == SUMS_AT_ONCE;
}

/* True when there is more. */
static bool
settle_places(struct app *app)
{
	struct err err = ERR_INIT;
	bool is_behind = false;

	if (!store_list_settle(app->store, PLACES_AT_ONCE, &is_behind, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "places_not_settled", &err);
	return is_behind;
}

void
retention_step(struct app *app, struct app_cluster *cluster, struct retention *retention)
{
	int64_t now_ms = clock_monotonic_ms();

	if (now_ms >= retention->places_due_ms)
		retention->places_due_ms = settle_places(app) ? now_ms : now_ms + PLACES_IDLE_MS;
	if (now_ms >= retention->sums_due_ms)
		retention->sums_due_ms = add_sums(app) ? now_ms : now_ms + SUMS_IDLE_MS;
	if (now_ms >= retention->objects_due_ms)
		retention->objects_due_ms = delete_objects(app, cluster) ? now_ms : now_ms + IDLE_MS;
	if (now_ms >= retention->rows_due_ms)
		retention->rows_due_ms = remove_rows(app) ? now_ms : now_ms + IDLE_MS;
	if (now_ms >= retention->tables_due_ms)
		retention->tables_due_ms = keep_tables(app, retention) ? now_ms : now_ms + IDLE_MS;
}
