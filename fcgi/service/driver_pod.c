/* SPDX-License-Identifier: Apache-2.0 */
#include "service/driver_pod.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crd/crd.h"
#include "service/observe.h"
#include "store/batch_store.h"

#define ASKED_AT_ONCE 100

static bool
get_named(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct json_object **ret_pod,
	  struct err *err)
{
	const char *path = arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", batch->namespace, crd_driver_pod(arena, batch));

	if (!kube_get(cluster->kube, path, ret_pod, err))
		return false;
	arena_own_json(arena, *ret_pod);
	return true;
}

struct choice {
	struct arena *arena;
	const char *object_uid;         /* NULL: not known yet */
	const char *name;               /* what the operator would call the pod */
	struct json_object *pod;        /* the arena's */
};

/* Of several, which are attempts, the one of that name, else the newest. */
static bool
choose(void *context, struct json_object *pod, struct err *err)
{
	struct choice *choice = context;
	const char *created_at = json_string_at(pod, "metadata", "creationTimestamp", NULL);
	const char *best_at = json_string_at(choice->pod, "metadata", "creationTimestamp", NULL);

	(void)err;
	if ((choice->object_uid != NULL && !crd_pod_is_of(pod, choice->object_uid)) ||
	    text_is(crd_name_of(choice->pod), choice->name))
		return true;
	if (choice->pod == NULL || text_is(crd_name_of(pod), choice->name) ||
	    (created_at != NULL && best_at != NULL && strcmp(created_at, best_at) > 0))
		choice->pod = arena_own_json(choice->arena, json_object_get(pod));
	return true;
}

static bool
get_labelled(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, const char *selector,
	     struct json_object **ret_pod, struct err *err)
{
	struct choice choice = { arena, batch->object_uid, crd_driver_pod(arena, batch), NULL };
	char *version = NULL;
	bool listed = kube_list(cluster->kube, arena_printf(arena, "/api/v1/namespaces/%s/pods", batch->namespace),
				arena_printf(arena, "labelSelector=%s", kube_escape(arena, selector)), choose, &choice,
				&version, err);

	free(version);
	*ret_pod = choice.pod;
	return listed && (choice.pod != NULL || err_set(err, ERR_NOT_FOUND, "no driver pod of %s", batch->object_name));
}

bool
driver_pod_get(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct json_object **ret_pod,
	       struct err *err)
{
	const char *selector = crd_driver_pods_selector(arena, batch);

	if (selector == NULL)
		return get_named(arena, cluster, batch, ret_pod, err);
	if (batch->driver_pod != NULL && get_named(arena, cluster, batch, ret_pod, err))
		return true;
	if (batch->driver_pod != NULL && err->code != ERR_NOT_FOUND)
		return false;
	if (get_labelled(arena, cluster, batch, selector, ret_pod, err))
		return true;
	/* without the right to list pods, the operator's rule for their names is left */
	return err->code == ERR_FORBIDDEN && batch->driver_pod == NULL && get_named(arena, cluster, batch, ret_pod, err);
}

bool
driver_pod_find(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
		struct batch_sight *sight)
{
	struct batch wanted = *batch;
	struct err err = ERR_INIT;
	struct batch_sight of_pod;
	struct json_object *pod;

	if (sight->driver_pod != NULL || (sight->phase != BATCH_SEEN_RUNNING && !batch_sight_is_end(sight)) ||
	    crd_driver_pods_selector(arena, batch) == NULL)
		return true;
	/* the row may still name the pod of the attempt before */
	wanted.driver_pod = NULL;
	wanted.attempts = batch->retries + sight->attempts;
	wanted.object_uid = sight->object_uid;
	if (text_is(batch->driver_pod, crd_driver_pod(arena, &wanted)))
		return true;
	if (!driver_pod_get(arena, cluster, &wanted, &pod, &err)) {
		if (err.code == ERR_NOT_FOUND)
			return true; /* it is gone */
		log_failure(&app->log, LOG_LEVEL_WARNING, "driver_not_found", &err, LOG_INT("batch", batch->id));
		return !err_is_transient(&err);
	}
	crd_pod_sight(arena, pod, &of_pod);
	sight->driver_pod = of_pod.driver_pod;
	sight->app_id = of_pod.app_id;
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
	    !kube_get(cluster->kube, crd_object_path(arena, batch), &object, &err))
		return;
	arena_own_json(arena, object);
	crd_sight(arena, crd_of(batch), object, &of_object);
	if (batch_sight_is_end(&of_object) || !crd_ends_with_driver(crd_of(batch), object) ||
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
