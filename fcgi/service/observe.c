/* SPDX-License-Identifier: Apache-2.0 */
#include "service/observe.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "batch/retry.h"
#include "crd/crd.h"
#include "launch/gate.h"
#include "service/driver_log.h"
#include "service/driver_pod.h"
#include "service/log_follow.h"
#include "service/retry.h"
#include "store/batch_store.h"

/* A move may be lost to another one that came in between; what to do then depends on the row as it is now. */
#define MOVE_TRIES 3

static bool
lost(struct app *app, const struct batch *batch, const struct err *err)
{
	log_failure(&app->log, LOG_LEVEL_ERROR, "batch_not_moved", err, LOG_INT("batch", batch->id));
	return false;
}

/*
 * False: its completion has begun, and this sight comes again then; or, with err, the database is away. What ends here is
 * in the database before: this process may die, and the object be deleted, before the log is complete.
 */
static bool
log_is_complete(struct app *app, struct log_follow *logs, const struct batch *batch, const struct batch_sight *sight,
		struct err *err)
{
	if (batch_sight_is_end(sight) && !batch->end_is_seen) {
		if (!store_end_seen(app->store, batch, sight, err))
			return false;
		FAILPOINT("end.seen");
	}
	return log_follow_is_complete(logs, batch, sight);
}

bool
observe_sight(struct app *app, struct arena *arena, const struct batch *seen, const struct batch_sight *evidence)
{
	struct app_cluster *cluster = app_cluster_find(app, seen->cluster);
	struct log_follow *logs = cluster == NULL ? NULL : cluster->logs;
	struct batch batch = *seen;
	struct err err = ERR_INIT;
	bool won = false;

	if (logs != NULL && evidence->phase == BATCH_SEEN_RUNNING && !batch_state_is_final(seen->state))
		log_follow_begin(logs, seen, evidence->driver_pod != NULL ? evidence->driver_pod : seen->driver_pod);
	for (int i = 0; i < MOVE_TRIES && !won; i++) {
		struct batch_sight sight = *evidence;
		enum retry_outcome outcome;
		struct batch_move move;

		if (i > 0 && !store_show(app->store, arena, seen->id, &batch, &err))
			break;
		if (batch.retries != seen->retries)
			return true; /* what was seen is of an earlier run */
		batch_recall_end(&batch, &sight);
		if (!batch_next(&batch, &sight, &move))
			return true;
		/* A final state promises that the log is there: clients ask for it at once and never again. */
		if (batch_state_is_final(move.state)) {
			if (logs != NULL && !log_is_complete(app, logs, &batch, &sight, &err))
				return err.code == ERR_NONE || lost(app, seen, &err);
			if (batch_retry_is_due(&batch, &move)) {
				outcome = retry_begin(app, arena, cluster, &batch, &sight, &move, &err);
				if (outcome == RETRY_LOST)
					continue;
				if (outcome != RETRY_NONE)
					return outcome == RETRY_MADE || lost(app, seen, &err);
				err = (struct err)ERR_INIT;
			}
			driver_log_explain(app, &batch, &move);
		}
		FAILPOINT("state.move");
		if (!store_move(app->store, &batch, &sight, &move, &won, &err))
			break;
		FAILPOINT("state.moved");
		if (won && move.state != batch.state) {
			metrics_add(&app->metrics, METRIC_STATE_MOVES, 1);
			if (move.state == BATCH_KILLED)
				metrics_add(&app->metrics, METRIC_KILLS, 1);
			log_event(&app->log, LOG_LEVEL_INFO, "batch_moved", LOG_INT("batch", batch.id),
				  LOG_TEXT("from", batch_state_text(batch.state)),
				  LOG_TEXT("to", batch_state_text(move.state)),
				  LOG_TEXT("reason", batch_reason_text(move.reason)));
		}
	}
	return won || lost(app, seen, &err);
}

/* An object that must not run: a batch never runs twice, nor after it was killed. */
static void
delete_unwanted(struct app *app, struct app_cluster *cluster, struct arena *arena, const struct batch *batch,
		const char *object_uid)
{
	struct err err = ERR_INIT;

	log_event(&app->log, LOG_LEVEL_WARNING, "unwanted_object_deleted", LOG_INT("batch", batch->id),
		  LOG_TEXT("object", batch_object_name(batch)), LOG_TEXT("uid", object_uid));
	if (!kube_delete(cluster->kube, crd_object_path(arena, batch), object_uid, &err) && err.code != ERR_NOT_FOUND)
		log_failure(&app->log, LOG_LEVEL_WARNING, "unwanted_object_not_deleted", &err, LOG_INT("batch", batch->id));
}

/* Somebody made it under the batch's name and labels; its own has gone by. */
static bool
observe_remade(struct app *app, struct app_cluster *cluster, struct arena *arena, const struct batch *batch,
	       const char *object_uid)
{
	const struct batch_sight gone = {
		.phase = BATCH_SEEN_GONE,
		.message = batch_is_pod(batch) ? "the driver's pod was deleted and made anew, and not by this gateway"
					       : "the SparkApplication was deleted and made anew, and not by this gateway",
	};

	delete_unwanted(app, cluster, arena, batch, object_uid);
	return batch_state_is_final(batch->state) || observe_sight(app, arena, batch, &gone);
}

/*
 * A push whose record was lost: the object itself is the proof of it. A pod of a batch that has ended without is none: it
 * was refused and goes.
 */
static bool
note_pushed(struct app *app, struct arena *arena, struct batch *batch, struct err *err)
{
	if (batch_is_pod(batch) && batch_state_is_final(batch->state))
		return true;
	return batch->pushed_at != NULL || store_pushed(app->store, arena, batch, "watch", batch, err);
}

static bool
observe_batch(struct app *app, struct app_cluster *cluster, struct arena *arena, struct batch *batch,
	      struct json_object *object, bool is_gone)
{
	bool is_pod = batch_is_pod(batch);
	struct batch_sight sight;

	if (is_pod)
		crd_pod_object_sight(arena, object, batch, &sight);
	else
		crd_sight(arena, crd_of(batch), object, &sight);
	if (crd_is_another(object, batch) && batch_is_client(batch))
		return true; /* somebody has made it, with all labels, from the driver's pod: it is none of ours */
	if (crd_is_another(object, batch))
		return is_gone || observe_remade(app, cluster, arena, batch, sight.object_uid);
	if (batch_state_is_final(batch->state)) {
		/* it appears late: its push was held up longer than its claim; or it was refused, and stayed behind its gate */
		if ((batch->state == BATCH_KILLED || (is_pod && launch_is_gated(object))) && !is_gone)
			delete_unwanted(app, cluster, arena, batch, sight.object_uid);
		return true;
	}
	/*
	 * An object that had ended before it was deleted has ended: its last state counts, not its absence. Not so when it
	 * only called a driver failed that ran on.
	 */
	if (is_gone && (!batch_sight_is_end(&sight) || batch->driver_followed)) {
		sight.phase = BATCH_SEEN_GONE;
		sight.message = is_pod ? CRD_POD_DELETED : NULL;
		sight.has_exit_code = false;
	} else if (!is_pod && batch_sight_is_end(&sight) && crd_pod_knows_more(crd_of(batch), object) &&
		   !driver_pod_second_look(app, arena, cluster, batch, &sight)) {
		return false;
	} else if (!is_pod && !driver_pod_find(app, arena, cluster, batch, &sight)) {
		return false;
	}
	return observe_sight(app, arena, batch, &sight);
}

/* A pod behind its gate is not pushed yet: what belongs to it is missing. */
static bool
is_evidence(const struct batch *batch, struct json_object *object, bool of_pod)
{
	if (batch_is_pod(batch) != of_pod || (!of_pod && !crd_is_of(crd_of(batch), object)))
		return false; /* somebody has put our labels on something else */
	return !of_pod || batch->pushed_at != NULL || batch_state_is_final(batch->state) || !launch_is_gated(object);
}

/* All objects of a batch have its labels; what counts is said by its current run's. */
static bool
is_current(const struct batch *batch, struct json_object *object)
{
	return batch_is_pod(batch) || text_is(crd_name_of(object), batch->object_name);
}

/* Ended long ago. Unless its push was held up for so long that it only comes now: then nobody has taken it up. */
static void
observe_earlier(struct app *app, struct app_cluster *cluster, struct arena *arena, const struct batch *batch,
		struct json_object *object, bool is_gone)
{
	struct batch earlier = *batch;

	for (int run = 0; run < batch->retries && !is_gone; run++) {
		earlier.object_name = batch_object_of_run(arena, batch->first_object_name, run);
		if (text_is(crd_name_of(object), earlier.object_name) && !crd_is_taken_up(crd_of(batch), object))
			delete_unwanted(app, cluster, arena, &earlier, crd_uid_of(object));
	}
}

static bool
not_observed(struct app *app, const char *uid, const struct err *err)
{
	if (err->code == ERR_NOT_FOUND)
		return true; /* without a row it is no business of ours */
	log_failure(&app->log, LOG_LEVEL_ERROR, "object_not_observed", err, LOG_TEXT("uid", uid));
	return false;
}

static bool
observe_of(struct app *app, struct app_cluster *cluster, struct arena *arena, struct batch *batch, struct json_object *object,
	   bool of_pod, bool is_gone)
{
	struct err err = ERR_INIT;

	if (!is_evidence(batch, object, of_pod))
		return true;
	if (!is_current(batch, object)) {
		observe_earlier(app, cluster, arena, batch, object, is_gone);
		return true;
	}
	if (!note_pushed(app, arena, batch, &err))
		return not_observed(app, batch->uid, &err);
	return !is_current(batch, object) || observe_batch(app, cluster, arena, batch, object, is_gone);
}

static bool
observe(struct app *app, struct app_cluster *cluster, struct json_object *object, bool of_pod, bool is_gone)
{
	const char *uid = crd_batch_uid(object);
	struct err err = ERR_INIT;
	struct batch batch;
	struct arena arena;
	bool observed;

	if (uid == NULL)
		return true;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	observed = store_show_by_uid(app->store, &arena, uid, &batch, &err)
			   ? observe_of(app, cluster, &arena, &batch, object, of_pod, is_gone)
			   : not_observed(app, uid, &err);
	arena_release(&arena);
	return observed;
}

/* NULL: it has no row. */
static struct batch *
row_of(struct batch *batches, size_t count, struct json_object *object)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(batches[i].uid, crd_batch_uid(object)))
			return &batches[i];
	}
	return NULL;
}

/* What cannot be noted together, or is none of it, is looked at one by one, as ever. */
static void
note_arrivals(struct app *app, struct arena *arena, struct batch *batches, size_t batches_count,
	      struct json_object *const *objects, size_t count)
{
	struct batch **news = arena_alloc(arena, count * sizeof(*news) + 1);
	struct err err = ERR_INIT;
	size_t news_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct batch *batch = row_of(batches, batches_count, objects[i]);

		if (batch != NULL && batch->pushed_at == NULL && is_evidence(batch, objects[i], false) &&
		    is_current(batch, objects[i]))
			news[news_count++] = batch;
	}
	if (news_count > 1 && !store_pushed_all(app->store, arena, news, news_count, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "arrivals_not_noted", &err);
}

static bool
observe_one_by_one(struct app *app, struct app_cluster *cluster, struct json_object *const *objects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!observe(app, cluster, objects[i], false, false))
			return false;
	}
	return true;
}

bool
observe_arrivals(struct app *app, struct app_cluster *cluster, struct json_object *const *objects, size_t count)
{
	struct err err = ERR_INIT;
	struct batch *batches;
	size_t batches_count;
	const char **uids;
	struct arena arena;
	bool observed = true;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	uids = arena_alloc(&arena, count * sizeof(*uids) + 1);
	for (size_t i = 0; i < count; i++)
		uids[i] = crd_batch_uid(objects[i]);
	if (!store_show_by_uids(app->store, &arena, uids, count, &batches, &batches_count, &err)) {
		arena_release(&arena);
		/* one of them may be to blame, e.g. a label that is no uid */
		return observe_one_by_one(app, cluster, objects, count);
	}
	note_arrivals(app, &arena, batches, batches_count, objects, count);
	for (size_t i = 0; observed && i < count; i++) {
		struct batch *batch = row_of(batches, batches_count, objects[i]);

		observed = batch == NULL || observe_of(app, cluster, &arena, batch, objects[i], false, false);
	}
	arena_release(&arena);
	return observed;
}

bool
observe_object(struct app *app, struct app_cluster *cluster, struct json_object *object, bool is_gone)
{
	return observe(app, cluster, object, false, is_gone);
}

bool
observe_pod(struct app *app, struct app_cluster *cluster, struct json_object *pod, bool is_gone)
{
	return observe(app, cluster, pod, true, is_gone);
}
