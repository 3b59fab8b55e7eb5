/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_app_end.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crd/crd.h"
#include "service/k8s_app_driver.h"
#include "service/object.h"
#include "service/observe.h"
#include "store/k8s_app_store.h"

/* The watch between two rounds is not kept waiting: silent ones take a call or two each. */
#define LOOKED_AT_ONCE 20
/* Until one is looked at again that goes on, or of which nothing could be learned. */
#define AGAIN_S 10

/*
 * One that runs is a sign of its driver: without it an executor ends by itself. One that only waits for a node is
 * none.
 */
static bool
on_executor(void *context, struct json_object *pod, struct err *err)
{
	bool *is_running = context;

	(void)err;
	if (text_is(json_string_at(pod, "status", "phase", NULL), "Running"))
		*is_running = true;
	return true;
}

static bool
has_running_executor(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch, bool *ret_has,
		     struct err *err)
{
	const char *gateway_key, *selector;
	char *version = NULL;
	bool listed;

	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	selector = arena_printf(arena, "%s,spark-role=executor", crd_executors_selector(arena, batch, gateway_key));
	*ret_has = false;
	listed = kube_list(cluster->kube, arena_printf(arena, "/api/v1/namespaces/%s/pods", batch->namespace),
			   arena_printf(arena, "labelSelector=%s", kube_escape(arena, selector)), on_executor, ret_has, &version, err);
	free(version);
	return listed;
}

/* False: not now. */
static bool
end_silent(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch)
{
	const struct batch_sight silent = {
		.phase = BATCH_SEEN_FAILED,
		.reason = BATCH_DRIVER_LOST,
		.message = arena_printf(arena, "nothing was heard of the driver for %d s, and none of its executors runs",
					app->config.watcher_driver_silence_s),
	};
	struct err err = ERR_INIT;
	bool is_running;

	if (!has_running_executor(app, arena, cluster, batch, &is_running, &err) ||
	    (!is_running && !object_delete_executors(app, arena, cluster, batch, &err))) {
		log_failure(&app->log, LOG_LEVEL_WARNING, "application_not_looked_at", &err, LOG_INT("batch", batch->id));
		return false;
	}
	FAILPOINT("k8s.app.silent");
	return !is_running && observe_sight(app, arena, batch, &silent);
}

static bool
look_at(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct store_k8s_app *known, bool counts_silence)
{
	const struct batch *batch = &known->batch;
	const struct batch_sight stopped = {
		.phase = BATCH_SEEN_SUCCEEDED,
		.message = batch->driver_pod == NULL ? "the driver has stopped the application in order; with which exit code it ended "
						       "is not known here"
						     : "the driver has stopped the application in order, and its pod does other things",
	};

	if (batch->driver_pod != NULL && !known->driver_marked)
		k8s_app_driver_mark(app, arena, cluster, batch);
	if (known->is_over)
		return observe_sight(app, arena, batch, &stopped);
	return known->is_silent && counts_silence && end_silent(app, arena, cluster, batch);
}

void
k8s_app_look(struct app *app, struct app_cluster *cluster, int64_t leased_ms)
{
	int silence_s = app->config.watcher_driver_silence_s;
	bool counts_silence = clock_monotonic_ms() - leased_ms > (int64_t)silence_s * 1000;
	struct store_k8s_app *apps;
	struct err err = ERR_INIT;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_k8s_app_due(app->store, &arena, cluster->config->name, silence_s, LOOKED_AT_ONCE, &apps, &count, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "applications_not_read", &err);
	for (size_t i = 0; i < count; i++) {
		if (!look_at(app, &arena, cluster, &apps[i], counts_silence) &&
		    !store_k8s_app_look_later(app->store, apps[i].batch.id, AGAIN_S, &err))
			log_failure(&app->log, LOG_LEVEL_WARNING, "application_not_noted", &err, LOG_INT("batch", apps[i].batch.id));
	}
	arena_release(&arena);
}
