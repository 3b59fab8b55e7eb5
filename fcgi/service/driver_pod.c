/* SPDX-License-Identifier: Apache-2.0 */
#include "service/driver_pod.h"

#include "base/json.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "service/observe.h"
#include "store/batch_store.h"

#define ASKED_AT_ONCE 100

bool
driver_pod_get(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct json_object **ret_pod,
	       struct err *err)
{
	/* else the operator's own rule for the name; no template of ours changes it (contract crds.md 2.3) */
	const char *name = batch->driver_pod != NULL ? batch->driver_pod : arena_printf(arena, "%s-driver", batch->object_name);

	if (!kube_get(cluster->kube, arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", batch->namespace, name), ret_pod,
		      err))
		return false;
	arena_own_json(arena, *ret_pod);
	return true;
}

bool
driver_pod_second_look(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
		       struct batch_sight *sight)
{
	struct batch_sight of_pod;
	struct err err = ERR_INIT;
	struct json_object *pod;

	if (!driver_pod_get(arena, cluster, batch, &pod, &err)) {
		if (err.code == ERR_NOT_FOUND)
			return true; /* no such pod any more: then the object's word stands */
		log_failure(&app->log, LOG_LEVEL_WARNING, "driver_not_asked", &err, LOG_INT("batch", batch->id));
		return false;
	}
	if (!crd_pod_is_of(pod, sight->object_uid))
		return true;
	crd_pod_sight(arena, pod, &of_pod);
	of_pod.object_uid = sight->object_uid;
	of_pod.follow_driver = !batch_sight_is_end(&of_pod);
	if (of_pod.follow_driver)
		log_event(&app->log, LOG_LEVEL_WARNING, "operator_lost_driver", LOG_INT("batch", batch->id),
			  LOG_TEXT("operator_message", sight->message));
	*sight = of_pod;
	return true;
}

static const struct batch_sight driver_gone = {
	.phase = BATCH_SEEN_FAILED,
	.reason = BATCH_DRIVER_LOST,
	.message = "driver pod not found",
};

static void
ask(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch)
{
	struct batch_sight sight = driver_gone;
	struct err err = ERR_INIT;
	struct json_object *pod = NULL;

	if (!driver_pod_get(arena, cluster, batch, &pod, &err) && err.code != ERR_NOT_FOUND)
		return; /* the API server is away: no evidence */
	/* another object's under the same name is not the batch's driver */
	if (pod != NULL && (batch->object_uid == NULL || crd_pod_is_of(pod, batch->object_uid)))
		crd_pod_sight(arena, pod, &sight);
	if (!observe_sight(app, arena, batch, &sight))
		return; /* asked again in the next round */
}

void
driver_pod_ask_followed(struct app *app, struct app_cluster *cluster)
{
	struct err err = ERR_INIT;
	struct batch *batches;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_driver_followed(app->store, &arena, cluster->config->name, ASKED_AT_ONCE, &batches, &count, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "followed_not_read", &err);
	for (size_t i = 0; i < count; i++)
		ask(app, &arena, cluster, &batches[i]);
	arena_release(&arena);
}

/* A driver that ran and is not there any more has ended, too. */
static bool
has_ended(struct arena *arena, const struct batch *batch, struct json_object *pod, struct batch_sight *ret_sight)
{
	*ret_sight = driver_gone;
	if (pod == NULL)
		return batch->state == BATCH_RUNNING && batch->driver_pod != NULL;
	crd_pod_sight(arena, pod, ret_sight);
	return batch_sight_is_end(ret_sight);
}

void
driver_pod_compare(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
		   struct json_object *pod)
{
	struct batch_sight of_pod, of_object;
	struct err err = ERR_INIT;
	struct json_object *object;

	if (batch_is_pod(batch)) {
		if (pod != NULL)
			(void)!observe_pod(app, cluster, pod, false); /* what of it is lost comes again in the next round */
		return;
	}
	/* An object that cannot be read, or is gone, is the watch's business. */
	if (!has_ended(arena, batch, pod, &of_pod) ||
	    !kube_get(cluster->kube, crd_kubeflow_path(arena, batch->namespace, batch->object_name), &object, &err))
		return;
	arena_own_json(arena, object);
	crd_kubeflow_sight(arena, object, &of_object);
	if (batch_sight_is_end(&of_object) || !crd_kubeflow_ends_with_driver(object) ||
	    (pod != NULL && !crd_pod_is_of(pod, of_object.object_uid)))
		return;
	if (!batch->end_is_seen) {
		metrics_add(&app->metrics, METRIC_OPERATOR_BEHIND, 1);
		log_event(&app->log, LOG_LEVEL_INFO, "operator_behind_driver", LOG_INT("batch", batch->id));
	}
	if (!observe_sight(app, arena, batch, &of_pod))
		return; /* looked at again in the next round */
}

void
driver_pod_look(struct app *app, struct app_cluster *cluster, int64_t batch_id)
{
	struct err err = ERR_INIT;
	struct json_object *pod;
	struct batch batch;
	struct arena arena;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	/* what fails here is looked at again by waiting_explain() */
	if (store_show(app->store, &arena, batch_id, &batch, &err) && !batch_state_is_final(batch.state) &&
	    batch.kill_requested_at == NULL && driver_pod_get(&arena, cluster, &batch, &pod, &err))
		driver_pod_compare(app, &arena, cluster, &batch, pod);
	arena_release(&arena);
}
