/* SPDX-License-Identifier: Apache-2.0 */
#include "service/observe.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "service/driver_log.h"
#include "service/driver_pod.h"
#include "service/log_follow.h"
#include "store/batch_store.h"

/* A move may be lost to another one that came in between; what to do then depends on the row as it is now. */
#define MOVE_TRIES 3

bool
observe_sight(struct app *app, struct arena *arena, const struct batch *seen, const struct batch_sight *sight)
{
	struct app_cluster *cluster = app_cluster_find(app, seen->cluster);
	struct log_follow *logs = cluster == NULL ? NULL : cluster->logs;
	struct batch batch = *seen;
	struct err err = ERR_INIT;
	bool won = false;

	if (logs != NULL && sight->phase == BATCH_SEEN_RUNNING && !batch_state_is_final(seen->state))
		log_follow_begin(logs, seen, sight->driver_pod != NULL ? sight->driver_pod : seen->driver_pod);
	for (int i = 0; i < MOVE_TRIES && !won; i++) {
		struct batch_move move;

		if (i > 0 && !store_show(app->store, arena, seen->id, &batch, &err))
			break;
		if (!batch_next(&batch, sight, &move))
			return true;
		/* A final state promises that the log is there: clients ask for it at once and never again. */
		if (batch_state_is_final(move.state)) {
			if (logs != NULL && !log_follow_is_complete(logs, &batch, sight))
				return true; /* this sight is remembered, and comes again then */
			driver_log_explain(app, &batch, &move);
		}
		FAILPOINT("state.move");
		if (!store_move(app->store, &batch, sight, &move, &won, &err))
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
	if (!won)
		log_failure(&app->log, LOG_LEVEL_ERROR, "batch_not_moved", &err, LOG_INT("batch", seen->id));
	return won;
}

/* A killed batch's object that appears late: its push was held up longer than its claim. It must not run. */
static void
delete_late(struct app *app, struct app_cluster *cluster, struct arena *arena, const struct batch *batch)
{
	struct err err = ERR_INIT;

	log_event(&app->log, LOG_LEVEL_WARNING, "late_object_deleted", LOG_INT("batch", batch->id),
		  LOG_TEXT("object", batch->object_name));
	if (!kube_delete(cluster->kube, crd_kubeflow_path(arena, batch->namespace, batch->object_name), NULL, &err) &&
	    err.code != ERR_NOT_FOUND)
		log_failure(&app->log, LOG_LEVEL_WARNING, "late_object_not_deleted", &err, LOG_INT("batch", batch->id));
}

/* A push whose record was lost: the object itself is the proof of it. */
static bool
note_pushed(struct app *app, struct arena *arena, struct batch *batch, struct err *err)
{
	return batch->pushed_at != NULL || store_pushed(app->store, arena, batch->id, "watch", batch, err);
}

static bool
observe_batch(struct app *app, struct app_cluster *cluster, struct arena *arena, struct batch *batch,
	      struct json_object *object, bool is_gone)
{
	struct batch_sight sight;

	crd_kubeflow_sight(arena, object, &sight);
	if (batch_state_is_final(batch->state)) {
		if (batch->state == BATCH_KILLED && !is_gone)
			delete_late(app, cluster, arena, batch);
		return true;
	}
	/* An object that had ended before it was deleted has ended: its last state counts, not its absence. */
	if (is_gone && sight.phase != BATCH_SEEN_SUCCEEDED && sight.phase != BATCH_SEEN_FAILED)
		sight.phase = BATCH_SEEN_GONE;
	else if (crd_kubeflow_is_doubtful(object) &&
		 !driver_pod_second_look(app, arena, cluster, batch, object, &sight))
		return false;
	return observe_sight(app, arena, batch, &sight);
}

bool
observe_object(struct app *app, struct app_cluster *cluster, struct json_object *object, bool is_gone)
{
	const char *uid = crd_batch_uid(object);
	struct err err = ERR_INIT;
	struct batch batch;
	struct arena arena;
	bool observed;

	if (uid == NULL)
		return true;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	observed = store_show_by_uid(app->store, &arena, uid, &batch, &err) && note_pushed(app, &arena, &batch, &err);
	if (observed)
		observed = observe_batch(app, cluster, &arena, &batch, object, is_gone);
	else if (err.code == ERR_NOT_FOUND)
		observed = true; /* without a row it is no business of ours */
	else
		log_failure(&app->log, LOG_LEVEL_ERROR, "object_not_observed", &err, LOG_TEXT("uid", uid));
	arena_release(&arena);
	return observed;
}
