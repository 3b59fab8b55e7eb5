/* SPDX-License-Identifier: Apache-2.0 */
#include "service/driver_pod.h"

#include "base/json.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "service/observe.h"
#include "store/batch_store.h"

#define ASKED_AT_ONCE 100

static bool
get_pod(struct arena *arena, struct app_cluster *cluster, const char *namespace, const char *pod,
	struct json_object **ret_pod, struct err *err)
{
	if (!kube_get(cluster->kube, arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", namespace, pod), ret_pod, err))
		return false;
	arena_own_json(arena, *ret_pod);
	return true;
}

/* The operator's own rule for the name; no template of ours changes it (contract crds.md 2.3). */
static const char *
driver_pod_name(struct arena *arena, const struct batch *batch)
{
	return batch->driver_pod != NULL ? batch->driver_pod : arena_printf(arena, "%s-driver", batch->object_name);
}

bool
driver_pod_second_look(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
		       struct json_object *object, struct batch_sight *sight)
{
	struct err err = ERR_INIT;
	struct json_object *pod;

	if (!get_pod(arena, cluster, batch->namespace, driver_pod_name(arena, batch), &pod, &err)) {
		if (err.code == ERR_NOT_FOUND)
			return true; /* no such pod any more: then the object's word stands */
		log_failure(&app->log, LOG_LEVEL_WARNING, "driver_not_asked", &err, LOG_INT("batch", batch->id));
		return false;
	}
	if (!crd_pod_is_of(pod, object))
		return true;
	log_event(&app->log, LOG_LEVEL_WARNING, "operator_lost_driver", LOG_INT("batch", batch->id),
		  LOG_TEXT("operator_message", sight->message));
	crd_pod_sight(arena, pod, sight);
	sight->follow_driver = true;
	return true;
}

static void
ask(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch)
{
	struct batch_sight sight = {
		.phase = BATCH_SEEN_FAILED,
		.reason = BATCH_DRIVER_LOST,
		.message = "driver pod not found",
	};
	struct err err = ERR_INIT;
	struct json_object *pod;

	if (get_pod(arena, cluster, batch->namespace, driver_pod_name(arena, batch), &pod, &err))
		crd_pod_sight(arena, pod, &sight);
	else if (err.code != ERR_NOT_FOUND)
		return; /* the API server is away: no evidence */
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
