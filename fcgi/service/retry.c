/* SPDX-License-Identifier: Apache-2.0 */
#include "service/retry.h"

#include "base/failpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "crd/crd.h"
#include "store/batch_store.h"

/* The spec of the object that has failed, the arena's; ERR_NOT_FOUND: it is gone, or another is in its place. */
static bool
read_spec(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct json_object **ret_spec,
	  struct err *err)
{
	struct json_object *object;

	if (cluster == NULL)
		return err_set(err, ERR_UNAVAILABLE, "cluster %s is not in the gateway's configuration any more", batch->cluster);
	if (!kube_get(cluster->kube, crd_object_path(arena, batch), &object, err))
		return false;
	arena_own_json(arena, object);
	*ret_spec = json_member(object, "spec");
	return (*ret_spec != NULL && text_is(crd_batch_uid(object), batch->uid) && !crd_is_another(object, batch)) ||
	       err_set(err, ERR_NOT_FOUND, "%s is not this batch's", batch->object_name);
}

enum retry_outcome
retry_begin(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
	    const struct batch_sight *sight, struct batch_move *end, struct err *err)
{
	struct json_object *spec;
	bool won;

	FAILPOINT("retry.begin");
	if (!read_spec(arena, cluster, batch, &spec, err)) {
		if (err->code != ERR_NOT_FOUND)
			return RETRY_LATER;
		end->message = arena_printf(arena, "%s (not run again: its SparkApplication, of which the next would be made, "
					    "is gone)", end->message == NULL ? "failed" : end->message);
		return RETRY_NONE;
	}
	FAILPOINT("retry.write");
	if (!store_retry(app->store, batch, sight, end, spec, &won, err))
		return RETRY_LATER;
	if (!won)
		return RETRY_LOST;
	FAILPOINT("retry.written");
	metrics_add(&app->metrics, METRIC_RETRIES, 1);
	log_event(&app->log, LOG_LEVEL_INFO, "batch_retried", LOG_INT("batch", batch->id), LOG_INT("run", batch->retries + 1),
		  LOG_INT("runs_at_most", batch->retry.max + 1), LOG_TEXT("reason", batch_reason_text(end->reason)));
	return RETRY_MADE;
}
