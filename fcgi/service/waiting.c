/* SPDX-License-Identifier: Apache-2.0 */
#include "service/waiting.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "service/driver_pod.h"
#include "store/batch_store.h"

/* Two or three calls each: the dispatch that they are part of goes on soon. */
#define LOOKED_AT_ONCE 5
#define STEP_MS 50
/* A dispatch comes with each submission, too: looking goes on no faster for that. */
#define STEP_INTERVAL_MS 250
#define ROUND_INTERVAL_MS 5000
#define EVENTS_READ_MAX 20

static void
keep_newest(void *context, struct json_object *event)
{
	struct json_object **newest = context;

	if (*newest != NULL && !crd_event_is_newer(event, *newest))
		return;
	json_object_put(*newest);
	*newest = json_object_get(event);
}

/* The newest warning about the pod, the arena's, or NULL. */
static struct json_object *
newest_warning(struct app_cluster *cluster, struct arena *arena, struct json_object *pod)
{
	const char *namespace = json_string_at(pod, "metadata", "namespace", NULL);
	const char *uid = json_string_at(pod, "metadata", "uid", NULL);
	struct json_object *events = NULL, *items, *newest = NULL;
	struct err err = ERR_INIT;

	if (namespace == NULL || uid == NULL ||
	    !kube_get(cluster->kube,
		      arena_printf(arena, "/api/v1/namespaces/%s/events?limit=%d&fieldSelector=%s", namespace, EVENTS_READ_MAX,
				   kube_escape(arena, arena_printf(arena, "involvedObject.uid=%s,type=Warning", uid))),
		      &events, &err))
		return NULL;
	items = json_member(events, "items");
	for (size_t i = 0; i < json_count(items); i++)
		keep_newest(&newest, json_object_array_get_idx(items, i));
	json_object_put(events);
	return arena_own_json(arena, newest);
}

static const char *
why_no_pod(struct app_cluster *cluster, struct arena *arena, const struct batch *batch)
{
	struct json_object *object;
	struct err err = ERR_INIT;

	if (!kube_get(cluster->kube, crd_object_path(arena, batch), &object, &err))
		return NULL;
	arena_own_json(arena, object);
	/* With a status it is the object that knows, and the watch has said so. */
	return crd_is_taken_up(crd_of(batch), object) ? NULL : arena_printf(arena, "the Spark operator has not taken this "
		"application up yet: it is busy, or away, or does not look at namespace %s", batch->namespace);
}

static const char *
why_no_driver(struct app_cluster *cluster, struct arena *arena, const struct batch *batch, struct json_object *pod)
{
	const char *why = NULL;

	if (pod != NULL)
		why = crd_pod_waiting_for(arena, pod);
	else if (!batch_is_pod(batch))
		why = why_no_pod(cluster, arena, batch);

	if (why == NULL && pod != NULL && crd_pod_is_pending(pod))
		why = crd_event_text(arena, newest_warning(cluster, arena, pod));
	return why;
}

/* False when the API server is away: the others can wait, too. */
static bool
explain(struct app *app, struct app_cluster *cluster, struct arena *arena, const struct batch *batch)
{
	struct json_object *pod = NULL;
	struct err err = ERR_INIT;
	const char *why = NULL;

	if (!driver_pod_get(arena, cluster, batch, &pod, &err) && err.code != ERR_NOT_FOUND)
		return !err_is_transient(&err);
	if (batch->state == BATCH_STARTING)
		why = why_no_driver(cluster, arena, batch, pod);
	if (why != NULL && !store_waiting_note(app->store, batch->id, why, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "waiting_not_noted", &err, LOG_INT("batch", batch->id));
	driver_pod_compare(app, arena, cluster, batch, pod);
	return true;
}

void
waiting_explain(struct app *app, struct app_cluster *cluster, struct waiting *waiting)
{
	int64_t now_ms = clock_monotonic_ms();
	bool is_there = true, is_over;
	struct err err = ERR_INIT;
	struct batch *batches;
	struct arena arena;
	size_t count = 0, i = 0;

	if (now_ms < waiting->due_ms)
		return;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_waiting(app->store, &arena, cluster->config->name, waiting->after_id, LOOKED_AT_ONCE, &batches, &count,
			   &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "waiting_not_read", &err);
	while (i < count && is_there && (i == 0 || clock_monotonic_ms() - now_ms < STEP_MS))
		is_there = explain(app, cluster, &arena, &batches[i++]);
	is_over = !is_there || (i == count && count < LOOKED_AT_ONCE);
	waiting->after_id = is_over ? 0 : batches[i - 1].id;
	waiting->due_ms = clock_monotonic_ms() + (is_over ? ROUND_INTERVAL_MS : STEP_INTERVAL_MS);
	arena_release(&arena);
}
