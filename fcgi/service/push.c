/* SPDX-License-Identifier: Apache-2.0 */
#include "service/push.h"

#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "service/health.h"
#include "service/pod_push.h"
#include "store/batch_store.h"

/* Pushes of one round: few, so that the watch between two rounds is not kept waiting. */
#define OWED_AT_ONCE 10
/* The next try comes later and later: a quota or an outage lasts, and asking more often does not end it. */
#define DELAY_LEAST_MS 1000
#define DELAY_MOST_MS 30000

int
push_claim_ms(const struct config *config)
{
	/*
	 * A create and, when that finds the name taken, a get; each may connect anew. A driver's pod and its objects are more
	 * calls: whoever takes them over meanwhile does what they do, to the same names.
	 */
	return 2 * (config->kube_request_timeout_ms + config->kube_connect_timeout_ms) + 1000;
}

static int
delay_ms(int tries)
{
	int delay = DELAY_LEAST_MS;

	while (--tries > 0 && delay < DELAY_MOST_MS)
		delay *= 2;
	return delay < DELAY_MOST_MS ? delay : DELAY_MOST_MS;
}

/* A wrong credential or an unreachable server is the operator's to mend, not the client's: the batch waits. */
static bool
is_permanent(const struct err *err)
{
	return !err_is_transient(err) && err->code != ERR_UNAUTHORIZED && err->code != ERR_CONFLICT &&
	       err->code != ERR_INTERNAL;
}

static enum push_outcome
defer(struct app *app, const struct batch *batch, int tries, const struct err *why)
{
	struct err err = ERR_INIT;
	int wait_ms = why->retry_after_s > 0 && tries <= 1 ? (int)why->retry_after_s * 1000 : delay_ms(tries);

	metrics_add(&app->metrics, METRIC_PUSH_DEFERRED, 1);
	log_failure(&app->log, LOG_LEVEL_WARNING, "push_deferred", why, LOG_INT("batch", batch->id),
		    LOG_TEXT("cluster", batch->cluster), LOG_INT("tries", tries));
	/* Without the record the claim runs out and the watcher takes it up just the same, only later. */
	FAILPOINT("push.defer");
	if (!store_push_deferred(app->store, batch, wait_ms, why->msg, &err))
		log_failure(&app->log, LOG_LEVEL_ERROR, "push_not_recorded", &err, LOG_INT("batch", batch->id));
	FAILPOINT("push.deferred");
	return PUSH_DEFERRED;
}

static enum push_outcome
refuse(struct app *app, const struct batch *batch, const struct err *why)
{
	struct err err = ERR_INIT;

	metrics_add(&app->metrics, METRIC_PUSH_REFUSED, 1);
	log_failure(&app->log, LOG_LEVEL_WARNING, "push_refused", why, LOG_INT("batch", batch->id),
		    LOG_TEXT("cluster", batch->cluster));
	FAILPOINT("push.refuse");
	if (!store_refused(app->store, batch, why->msg, &err))
		log_failure(&app->log, LOG_LEVEL_ERROR, "push_not_recorded", &err, LOG_INT("batch", batch->id));
	FAILPOINT("push.refused");
	return PUSH_REFUSED;
}

static bool
record(struct app *app, struct arena *arena, struct batch *batch, const struct push_try *try)
{
	struct err err = ERR_INIT;

	if (!try->is_followed)
		return store_pushed(app->store, arena, batch, try->by, batch, &err) ||
		       (log_failure(&app->log, LOG_LEVEL_WARNING, "push_not_recorded", &err, LOG_INT("batch", batch->id)), false);
	batch->state = BATCH_STARTING;
	batch->message = NULL;
	return true;
}

static enum push_outcome
done(struct app *app, struct arena *arena, struct batch *batch, const struct push_try *try)
{
	metrics_add(&app->metrics, strcmp(try->by, "worker") == 0 ? METRIC_PUSHED_BY_WORKER : METRIC_PUSHED_BY_WATCHER, 1);
	if (record(app, arena, batch, try))
		log_event(&app->log, LOG_LEVEL_INFO, "batch_pushed", LOG_INT("batch", batch->id), LOG_TEXT("by", try->by),
			  LOG_TEXT("object", batch_object_name(batch)));
	FAILPOINT("push.recorded");
	return PUSH_DONE;
}

/* The name is taken: by an earlier push of this very batch, or by something else? */
static bool
is_ours(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct err *err)
{
	char *path = crd_path(arena, crd_of(batch), batch->namespace, batch->object_name);
	AUTO_JSON struct json_object *object = NULL;
	const char *uid;

	if (!kube_get(cluster->kube, path, &object, err))
		/* created and deleted in between: the next try tells */
		return err->code == ERR_NOT_FOUND ? err_set(err, ERR_UNAVAILABLE, "%s vanished", batch->object_name)
						  : false;
	uid = crd_batch_uid(object);
	if (uid != NULL && strcmp(uid, batch->uid) == 0)
		return true;
	return err_set(err, ERR_INVALID, "another SparkApplication has the name %s in namespace %s", batch->object_name,
		       batch->namespace);
}

static bool
create(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
       struct json_object *spec, struct err *err)
{
	struct json_object *object;
	const char *gateway_key, *path;

	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	if (batch_is_pod(batch))
		return pod_push(arena, cluster, batch, spec, gateway_key, err);
	object = arena_own_json(arena, crd_object(batch, gateway_key, spec));
	/* Strict: what the cluster's definition does not know is refused with its name, instead of being left out silently. */
	path = arena_printf(arena, "%s?fieldValidation=Strict", crd_path(arena, crd_of(batch), batch->namespace, NULL));
	if (kube_create(cluster->kube, path, object, NULL, err))
		return true;
	return err->code == ERR_EXISTS && is_ours(arena, cluster, batch, err);
}

enum push_outcome
push_object(struct app *app, struct arena *arena, struct batch *batch, struct json_object *spec, const struct push_try *try,
	    struct err *err)
{
	struct app_cluster *cluster = app_cluster_find(app, batch->cluster);
	int64_t began_ms = clock_monotonic_ms();

	if (cluster == NULL) {
		err_set_(err, ERR_UNAVAILABLE, "cluster %s is not in the gateway's configuration any more", batch->cluster);
		return defer(app, batch, try->number, err);
	}
	FAILPOINT("push.create");
	if (create(app, arena, cluster, batch, spec, err)) {
		FAILPOINT("push.created");
		health_note_reached(cluster);
		return done(app, arena, batch, try);
	}
	if (is_permanent(err))
		return refuse(app, batch, err);
	metrics_add(&app->metrics, METRIC_KUBE_FAILURES, 1);
	if (err->code == ERR_TIMEOUT || err->code == ERR_UNAVAILABLE)
		health_note_unreachable(cluster, clock_monotonic_ms() - began_ms, err);
	return defer(app, batch, try->number, err);
}

/*
 * Claimed one at a time: what a watcher holds when it is killed waits until its claim runs out, and a claim on many
 * would have to last for the sum of their timeouts. False: none is due, or trying another is pointless now.
 */
static bool
push_next(struct app *app, struct app_cluster *cluster)
{
	struct err err = ERR_INIT, why = ERR_INIT;
	struct store_push *push;
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_push_claim(app->store, &arena, cluster->config->name, push_claim_ms(&app->config), 1, &push, &count,
			      &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "pushes_not_claimed", &err);
	FAILPOINT("push.claimed");
	if (count > 0)
		push_object(app, &arena, &push->batch, push->spec,
			    &(struct push_try){ .by = "watcher", .number = push->tries }, &why);
	arena_release(&arena);
	/* An API server that is away costs a whole timeout each: the rest of the round would only add up. */
	return count > 0 && why.code != ERR_TIMEOUT && why.code != ERR_UNAVAILABLE;
}

bool
push_owed(struct app *app, struct app_cluster *cluster)
{
	for (int i = 0; i < OWED_AT_ONCE; i++) {
		if (!push_next(app, cluster))
			return false;
	}
	return true;
}
