/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cancel.h"

#include "base/failpoint.h"
#include "base/limits.h"
#include "service/log_follow.h"
#include "service/object.h"
#include "service/observe.h"

#define OWED_AT_ONCE 50

bool
cancel_batch(struct app *app, struct arena *arena, int64_t id, enum store_kill kind, const char *user,
	     const char *request_id, struct batch *ret_batch, struct err *err)
{
	FAILPOINT("delete.begin");
	if (!store_kill_request(app->store, arena, id, kind, user, request_id, ret_batch, err))
		return false;
	FAILPOINT("delete.committed");
	log_event(&app->log, LOG_LEVEL_INFO, kind == STORE_DELETE ? "batch_deleted" : "batch_kill_requested",
		  LOG_INT("batch", id), LOG_TEXT("state", batch_state_text(ret_batch->state)));
	return true;
}

bool
cancel_all(struct app *app, enum batch_protocol protocol, const char *cluster, const char *user, const char *request_id,
	   struct err *err)
{
	int64_t count;

	if (!store_kill_all(app->store, protocol, cluster, user, request_id, &count, err))
		return false;
	log_event(&app->log, LOG_LEVEL_INFO, "all_batches_kill_requested",
		  LOG_TEXT("protocol", batch_protocol_text(protocol)), LOG_TEXT("cluster", cluster),
		  LOG_INT("batches", count));
	return true;
}

/* False when the API server is away: the others can wait, too. */
static bool
kill_one(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct store_owed_kill *owed)
{
	const struct batch_sight gone = { .phase = BATCH_SEEN_GONE };
	struct err err = ERR_INIT;

	/* it never gets a turn now, and nothing of it was ever made */
	if (batch_waits_for_turn(&owed->batch))
		return observe_sight(app, arena, &owed->batch, &gone);
	/* The pod and its log go with the object. */
	if (cluster->logs != NULL && !log_follow_may_kill(cluster->logs, &owed->batch))
		return true;
	FAILPOINT("kill.delete");
	if (object_delete(app, arena, cluster, &owed->batch, &err)) {
		FAILPOINT("kill.deleted");
		return true; /* taken; the watch, or the next round's 404, says when it is gone */
	}
	if (err.code != ERR_NOT_FOUND) {
		log_failure(&app->log, LOG_LEVEL_WARNING, "kill_put_off", &err, LOG_INT("batch", owed->batch.id));
		metrics_add(&app->metrics, METRIC_KUBE_FAILURES, 1);
		return !err_is_transient(&err);
	}
	/* what could not be written is still owed in the next round */
	return owed->held || observe_sight(app, arena, &owed->batch, &gone);
}

void
cancel_owed(struct app *app, struct app_cluster *cluster)
{
	struct store_owed_kill *owed;
	struct err err = ERR_INIT;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_kills_owed(app->store, &arena, cluster->config->name, OWED_AT_ONCE, &owed, &count, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "kills_not_read", &err);
	for (size_t i = 0; i < count; i++) {
		if (!kill_one(app, &arena, cluster, &owed[i]))
			break;
	}
	arena_release(&arena);
}
