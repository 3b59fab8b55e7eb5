/* SPDX-License-Identifier: Apache-2.0 */
#include "service/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crd/crd.h"
#include "kube/watch.h"
#include "service/arrivals.h"
#include "service/cancel.h"
#include "service/driver_pod.h"
#include "service/k8s_app_end.h"
#include "service/log_follow.h"
#include "service/observe.h"
#include "service/operator_kind.h"
#include "service/push.h"
#include "service/reload.h"
#include "service/report_limit.h"
#include "service/retention.h"
#include "service/turn.h"
#include "service/waiting.h"
#include "store/batch_store.h"
#include "store/cluster_store.h"
#include "store/listen.h"

/* After a failure of the API server or the database: soon enough for the 2 s that a state may be late. */
#define PAUSE_MS 500
/* How often the proof of life is written for people and metrics. */
#define NOTE_INTERVAL_MS 5000
/*
 * While one event comes after the other, logs and dispatch wait so long: about what a turn of the logs takes. One event
 * a turn would be 20 states a second when the logs are busy.
 */
#define EVENTS_TURN_MS 50
/* Without the right to list pods everything else goes on; after this it is asked for again. */
#define PODS_RETRY_MS 30000
/* Where the configuration leaves the operator to the API server, that may have another answer by now. */
#define OPERATOR_ASK_MS 10000
/* Objects of an operator that the cluster had before are no part of the watch: they are asked for one by one. */
#define OTHERS_ASK_MS 1000
#define OTHERS_RETRY_MS 10000
#define OTHERS_AT_ONCE 20
/* Rows compared with a list at a time. */
#define COMPARE_AT_ONCE 500

struct follower {
	struct app *app;
	struct app_cluster *cluster;
	const volatile sig_atomic_t *stop;
	char name[128];                 /* of this watcher: host and process */
	char action[64];                /* for its log lines */
	bool reconfigured;              /* another configuration stands ready */
	uint64_t lease_generation;      /* of the connection that holds the lease; 0: none */
	bool waiting_told;
	bool lost_evidence;             /* an event could not be written: list anew */
	bool cut_off;                   /* the watch broke and is not there again: nothing is heard */
	bool event_came;                /* another one may be there already */
	int64_t turned_ms;              /* when logs and dispatch had their turn */
	int64_t leased_ms, dispatched_ms, noted_ms, synced_ms;
	struct retention retention;
	int64_t reports_due_ms;         /* when long ones are looked for again */
	int wake_fd;                    /* epoll: logs and database, beside the watch */
	struct waiting waiting;
	struct arrivals arrivals;
	struct kube_watch *pods;        /* those that are batches' objects themselves; NULL: there are none in this cluster */
	bool pods_refused;              /* the gateway lacks the right to list them */
	const char *operator_kind;      /* whose SparkApplications are watched */
	int64_t operator_asked_ms, others_due_ms, others_after_id;
};

/* Another watch's connection is being made and has no descriptor yet: looked at again this soon. */
#define CONNECTING_MS 50

static void
pause_ms(const struct follower *follower, int wait_ms)
{
	if (!*follower->stop)
		poll(NULL, 0, wait_ms);
}

static void
note(struct follower *follower, const char *what, const char *error)
{
	struct err err = ERR_INIT;

	/* a failure shows itself at the next statement that matters */
	if (store_watch_note(follower->app->store, follower->cluster->config->name, follower->name, what, error, &err))
		follower->noted_ms = clock_monotonic_ms();
}

static bool
holds_lease(const struct follower *follower)
{
	return follower->lease_generation != 0 && follower->lease_generation == store_generation(follower->app->store);
}

static bool
take_lease(struct follower *follower)
{
	struct app *app = follower->app;
	struct err err = ERR_INIT;
	bool leased = false;

	if (!store_lease_try(app->store, follower->cluster->config->name, &leased, &err)) {
		log_failure(&app->log, LOG_LEVEL_WARNING, "lease_not_tried", &err);
		pause_ms(follower, PAUSE_MS);
		return false;
	}
	if (!leased) {
		if (!follower->waiting_told)
			log_event(&app->log, LOG_LEVEL_INFO, "lease_held_by_another");
		follower->waiting_told = true;
		log_follow_drop_all(follower->cluster->logs);
		pause_ms(follower, app->config.watcher_takeover_ms);
		return false;
	}
	follower->waiting_told = false;
	follower->lease_generation = store_generation(app->store);
	follower->leased_ms = clock_monotonic_ms();
	log_event(&app->log, LOG_LEVEL_INFO, "lease_taken");
	note(follower, "leased", NULL);
	return true;
}

typedef bool (*observe_fn)(struct app *app, struct app_cluster *cluster, struct json_object *object, bool is_gone);

struct listing {
	struct follower *follower;
	observe_fn observe;
	struct json_object *objects;    /* that are listed, by listed_key(): a set */
};

/* A batch that was run again has several objects, and only the last one's absence means something. */
#define LISTED_KEY_BYTES 320

static const char *
listed_key(char key[LISTED_KEY_BYTES], const char *uid, const char *object_name)
{
	snprintf(key, LISTED_KEY_BYTES, "%s/%s", uid, object_name);
	return key;
}

static bool
on_listed(void *context, struct json_object *item, struct err *err)
{
	struct listing *listing = context;
	const char *uid = crd_batch_uid(item), *name = crd_name_of(item);
	char key[LISTED_KEY_BYTES];

	if (uid != NULL && name != NULL)
		json_object_object_add(listing->objects, listed_key(key, uid, name), NULL);
	if (*listing->follower->stop)
		return err_set(err, ERR_UNAVAILABLE, "stopping");
	if (!listing->observe(listing->follower->app, listing->follower->cluster, item, false))
		return err_set(err, ERR_UNAVAILABLE, "the database did not take what was seen");
	return true;
}

/* Not in a complete list: asked once more by name, for a list can be of the moment before the create. */
static bool
check_absent(struct follower *follower, struct arena *arena, const struct batch *batch, struct err *err)
{
	bool is_pod = batch_is_pod(batch);
	const struct batch_sight gone = {
		.phase = BATCH_SEEN_GONE,
		.message = is_pod ? "the driver's pod is gone, not by this gateway: how it ended was not seen"
				  : "the SparkApplication is gone, not by this gateway: how its driver ended was not seen",
	};
	AUTO_JSON struct json_object *object = NULL;

	if (kube_get(follower->cluster->kube, crd_object_path(arena, batch), &object, err)) {
		/* of pods, and of another operator's objects, there may be no list: then this is how they are seen */
		if (!crd_is_another(object, batch))
			return (is_pod ? observe_pod : observe_object)(follower->app, follower->cluster, object, false) ||
			       err_set(err, ERR_UNAVAILABLE, "the database did not take what was seen");
	} else if (err->code != ERR_NOT_FOUND) {
		return false;
	}
	return observe_sight(follower->app, arena, batch, &gone) ||
	       err_set(err, ERR_UNAVAILABLE, "the database did not take what was seen");
}

/* Not when its object is of an operator that the cluster had before. */
static bool
is_watched(const struct follower *follower, const struct batch *batch)
{
	return batch_is_pod(batch) || crd_of(batch) == crd_of_operator(follower->operator_kind);
}

/* A watcher misses deletions between a lost stream and a new list: rows whose object is not listed are looked at. */
static bool
compare(struct follower *follower, struct json_object *objects, const char *listed_at, struct err *err)
{
	struct batch *batches;
	size_t count = COMPARE_AT_ONCE;
	int64_t after_id = 0;

	while (count == COMPARE_AT_ONCE) {
		struct arena arena;
		bool compared;

		arena_init(&arena, LIMIT_ARENA_BYTES);
		compared = store_unfinished(follower->app->store, &arena, follower->cluster->config->name, after_id,
					    COMPARE_AT_ONCE, listed_at, &batches, &count, err);
		for (size_t i = 0; compared && i < count; i++) {
			const char *name = batch_object_name(&batches[i]);
			char key[LISTED_KEY_BYTES];

			after_id = batches[i].id;
			/* of a driver that ran before the pod may not be known */
			if (name != NULL && !json_object_object_get_ex(objects, listed_key(key, batches[i].uid, name), NULL) &&
			    is_watched(follower, &batches[i]))
				compared = check_absent(follower, &arena, &batches[i], err);
		}
		arena_release(&arena);
		if (!compared)
			return false;
	}
	return true;
}

/* What is listed of a cluster, and then watched: SparkApplications, and pods that are batches' objects themselves. */
struct collections {
	const char *path, *query;
	char *version;
	const char *pods_path, *pods_query;     /* NULL: no pods come to this cluster */
	char *pods_version;
};

static bool
list_and_compare(struct follower *follower, struct arena *arena, struct collections *collections, struct err *err)
{
	struct kube *kube = follower->cluster->kube;
	struct listing listing = { follower, observe_object, arena_own_json(arena, json_object_new_object()) };
	const char *listed_at;

	/* What is pushed after this moment may rightly be missing in the list. */
	if (!store_now(follower->app->store, arena, &listed_at, err) ||
	    !kube_list(kube, collections->path, collections->query, on_listed, &listing, &collections->version, err))
		return false;
	listing.observe = observe_pod;
	if (collections->pods_path != NULL && !kube_list(kube, collections->pods_path, collections->pods_query, on_listed,
							 &listing, &collections->pods_version, err)) {
		if (err->code != ERR_FORBIDDEN)
			return false;
		log_failure(&follower->app->log, LOG_LEVEL_ERROR, "pods_not_followed", err);
		collections->pods_path = NULL;
		follower->pods_refused = true;
	}
	return compare(follower, listing.objects, listed_at, err);
}

/*
 * Which operator's objects are to be watched. Only an answer changes it: an API server that does not give one says nothing
 * about its definitions.
 */
static bool
ask_operator(struct follower *follower, struct arena *arena, const char **ret_kind, struct err *err)
{
	const struct config_cluster *config = follower->cluster->config;

	follower->operator_asked_ms = clock_monotonic_ms();
	*ret_kind = config_operator_text(config->operator_kind);
	if (config->operator_kind != CONFIG_OPERATOR_AUTO)
		return true;
	if (!operator_kind_ask(follower->cluster->kube, arena, ret_kind, err) ||
	    !store_operator_note(follower->app->store, config->name, *ret_kind, err))
		return false;
	if (*ret_kind == NULL)
		return err_set(err, ERR_UNAVAILABLE, "the API server serves no definition of SparkApplications");
	if (!text_is(follower->operator_kind, *ret_kind))
		log_event(&follower->app->log, LOG_LEVEL_INFO, "operator_found", LOG_TEXT("operator", *ret_kind));
	return true;
}

static void
ask_operator_again(struct follower *follower)
{
	struct err err = ERR_INIT;
	struct arena arena;
	const char *kind;

	if (follower->cluster->config->operator_kind != CONFIG_OPERATOR_AUTO ||
	    clock_monotonic_ms() - follower->operator_asked_ms < OPERATOR_ASK_MS)
		return;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (ask_operator(follower, &arena, &kind, &err) && !text_is(follower->operator_kind, kind))
		follower->lost_evidence = true; /* list anew: the other objects */
	arena_release(&arena);
}

/* Batches from before the cluster had another operator. */
static void
look_at_others(struct follower *follower)
{
	struct err err = ERR_INIT;
	struct batch *batches;
	struct arena arena;
	size_t count = 0;
	bool seen = true;

	if (clock_monotonic_ms() < follower->others_due_ms)
		return;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (!store_other_operator(follower->app->store, &arena, follower->cluster->config->name, follower->operator_kind,
				  follower->others_after_id, OTHERS_AT_ONCE, &batches, &count, &err))
		log_failure(&follower->app->log, LOG_LEVEL_WARNING, "others_not_read", &err);
	for (size_t i = 0; i < count && seen; i++)
		seen = check_absent(follower, &arena, &batches[i], &err);
	if (!seen)
		log_failure(&follower->app->log, LOG_LEVEL_WARNING, "others_not_seen", &err);
	follower->others_after_id = seen && count == OTHERS_AT_ONCE ? batches[count - 1].id : 0;
	follower->others_due_ms = clock_monotonic_ms() + (seen ? OTHERS_ASK_MS : OTHERS_RETRY_MS);
	arena_release(&arena);
}

/* Looked at between two pieces of work: nothing of the old configuration is in use when the new one comes. */
static bool
goes_on(struct follower *follower)
{
	if (!follower->reconfigured)
		follower->reconfigured = reload_is_ready(follower->app);
	return !*follower->stop && !follower->reconfigured;
}

static void
dispatch(struct follower *follower)
{
	store_drain(follower->app->store);
	turn_give(follower->app, follower->cluster);
	while (!*follower->stop && push_owed(follower->app, follower->cluster))
		;
	cancel_owed(follower->app, follower->cluster);
	driver_pod_ask_followed(follower->app, follower->cluster);
	if (follower->cluster->config->k8s_submissions)
		k8s_app_look(follower->app, follower->cluster, follower->leased_ms);
	look_at_others(follower);
	ask_operator_again(follower);
	retention_step(follower->app, follower->cluster, &follower->retention);
	report_limit_step(follower->app, &follower->reports_due_ms);
	waiting_explain(follower->app, follower->cluster, &follower->waiting);
	metrics_add(&follower->app->metrics, METRIC_DATABASE_FAILURES, store_take_failures(follower->app->store));
	follower->dispatched_ms = clock_monotonic_ms();
	if (follower->dispatched_ms - follower->noted_ms > NOTE_INTERVAL_MS && !follower->cut_off)
		note(follower, "heard", NULL);
}

static bool
dispatch_is_due(const struct follower *follower)
{
	return clock_monotonic_ms() - follower->dispatched_ms >= follower->app->config.watcher_dispatch_interval_ms;
}

/* A connection that was made anew has another socket; a closed one leaves the set by itself. */
static void
listen_to_database(const struct follower *follower)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = store_wake_fd(follower->app->store);

	if (fd >= 0)
		epoll_ctl(follower->wake_fd, EPOLL_CTL_ADD, fd, &event);
}

static void
interrupted(struct follower *follower, const struct err *err)
{
	log_failure(&follower->app->log, LOG_LEVEL_WARNING, "watch_interrupted", err);
	note(follower, "interrupted", err->msg);
	follower->cut_off = true;
	pause_ms(follower, PAUSE_MS);
}

/* Told at once: until then new batches go to other clusters. */
static void
heard_again(struct follower *follower)
{
	if (follower->cut_off)
		note(follower, "heard", NULL);
	follower->cut_off = false;
}

/* Takes all that has come of pods; false when a new list is needed. */
static bool
drain_pods(struct follower *follower, bool *ret_came)
{
	struct epoll_event readable = { .events = EPOLLIN };
	struct err err = ERR_INIT;
	struct kube_event event;

	*ret_came = false;
	while (!*follower->stop && kube_watch_next(follower->pods, 0, -1, &event, &err)) {
		*ret_came = true;
		metrics_add(&follower->app->metrics, METRIC_WATCH_EVENTS, 1);
		if (event.kind != KUBE_BOOKMARK &&
		    !observe_pod(follower->app, follower->cluster, event.object, event.kind == KUBE_DELETED)) {
			follower->lost_evidence = true;
			return false;
		}
	}
	/* a connection that was made anew has another descriptor; a closed one leaves the set by itself */
	if (kube_watch_fd(follower->pods) >= 0)
		epoll_ctl(follower->wake_fd, EPOLL_CTL_ADD, kube_watch_fd(follower->pods), &readable);
	if (*follower->stop || err.code == ERR_TIMEOUT)
		return true;
	interrupted(follower, &err);
	return err.code == ERR_UNAVAILABLE;
}

static int
wait_ms(const struct follower *follower)
{
	int interval_ms = follower->app->config.watcher_dispatch_interval_ms;

	return follower->pods != NULL && kube_watch_fd(follower->pods) < 0 && interval_ms > CONNECTING_MS ? CONNECTING_MS
													  : interval_ms;
}

/* The watch resumes by itself; what it cannot mend ends the loop, and a new list follows. */
static bool
watch_goes_on(struct follower *follower, struct kube_watch *watch)
{
	struct app *app = follower->app;
	int64_t resync_ms = follower->pods_refused ? PODS_RETRY_MS : (int64_t)app->config.watcher_resync_interval_s * 1000;
	bool events_first = follower->event_came && clock_monotonic_ms() - follower->turned_ms < EVENTS_TURN_MS;
	bool pods_came = false;
	struct err err = ERR_INIT;
	struct kube_event event;

	if (follower->lost_evidence || clock_monotonic_ms() - follower->synced_ms > resync_ms)
		return false;
	if (!events_first) {
		if (log_follow_turn(follower->cluster->logs) || dispatch_is_due(follower))
			dispatch(follower);
		follower->turned_ms = clock_monotonic_ms();
	}
	if (!arrivals_look(&follower->arrivals, app, follower->cluster)) {
		follower->lost_evidence = true;
		return false;
	}
	if (follower->pods != NULL && !drain_pods(follower, &pods_came))
		return false;
	listen_to_database(follower);
	follower->event_came = kube_watch_next(
		watch, events_first || pods_came ? 0 : arrivals_wait_ms(&follower->arrivals, wait_ms(follower)), follower->wake_fd,
		&event, &err);
	if (follower->event_came || kube_watch_is_open(watch))
		heard_again(follower);
	if (follower->event_came) {
		metrics_add(&app->metrics, METRIC_WATCH_EVENTS, 1);
		if (event.kind != KUBE_BOOKMARK)
			follower->lost_evidence = !arrivals_take(&follower->arrivals, app, follower->cluster, &event);
		return true;
	}
	if (err.code == ERR_TIMEOUT) {
		if (store_drain(app->store))
			dispatch(follower);
		return true;
	}
	interrupted(follower, &err);
	return err.code == ERR_UNAVAILABLE;
}

static bool
watch(struct follower *follower, const struct collections *collections, struct err *err)
{
	struct kube *kube = follower->cluster->kube;
	struct kube_watch *watch;
	bool good;

	if (!kube_watch_new(kube, collections->path, collections->query, collections->version, &watch, err))
		return false;
	good = collections->pods_path == NULL ||
	       kube_watch_new(kube, collections->pods_path, collections->pods_query, collections->pods_version,
			      &follower->pods, err);
	while (good && goes_on(follower) && holds_lease(follower) && watch_goes_on(follower, watch))
		;
	arrivals_drop(&follower->arrivals);
	kube_watch_free(follower->pods);
	follower->pods = NULL;
	kube_watch_free(watch);
	return good;
}

/* From a new list to the end of its watch. */
static bool
follow_once(struct follower *follower, struct arena *arena, struct err *err)
{
	const char *namespace = kube_namespace(follower->cluster->kube);
	struct collections collections = { 0 };
	struct app *app = follower->app;
	const char *gateway_key, *operator_kind;
	bool followed;

	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	if (!ask_operator(follower, arena, &operator_kind, err))
		return false;
	follower->operator_kind = operator_kind;
	collections.path = crd_path(arena, crd_of_operator(follower->operator_kind), namespace, NULL);
	collections.query = arena_printf(arena, "labelSelector=%s",
					 kube_escape(arena, arena_printf(arena, CRD_LABEL_GATEWAY "=%s", gateway_key)));
	if (follower->cluster->config->k8s_submissions) {
		collections.pods_path = arena_printf(arena, "/api/v1/namespaces/%s/pods", namespace);
		collections.pods_query = arena_printf(arena, "labelSelector=%s",
						      kube_escape(arena, crd_pods_selector(arena, gateway_key)));
	}
	follower->lost_evidence = false;
	follower->pods_refused = false;
	metrics_add(&app->metrics, METRIC_WATCH_RELISTS, 1);
	followed = list_and_compare(follower, arena, &collections, err);
	FAILPOINT("follow.listed");
	if (followed) {
		follower->synced_ms = clock_monotonic_ms();
		log_event(&app->log, LOG_LEVEL_INFO, "cluster_synced");
		note(follower, "synced", NULL);
		follower->cut_off = false;
		followed = watch(follower, &collections, err);
	}
	free(collections.version);
	free(collections.pods_version);
	return followed;
}

static bool
prepare(struct follower *follower, struct err *err)
{
	struct app_cluster *cluster = follower->cluster;
	struct epoll_event event = { .events = EPOLLIN };

	if (!log_follow_new(follower->app, cluster, &cluster->logs, err))
		return false;
	follower->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (follower->wake_fd >= 0 &&
	    epoll_ctl(follower->wake_fd, EPOLL_CTL_ADD, log_follow_fd(cluster->logs), &event) == 0)
		return true;
	return err_set(err, ERR_INTERNAL, "no descriptor is left");
}

static void
release(struct follower *follower)
{
	log_follow_free(follower->cluster->logs);
	follower->cluster->logs = NULL;
	if (follower->wake_fd >= 0)
		close(follower->wake_fd);
}

static void
follow_on(struct follower *follower)
{
	struct app *app = follower->app;

	while (goes_on(follower)) {
		struct err err = ERR_INIT;
		struct arena arena;

		if (!holds_lease(follower) && !take_lease(follower))
			continue;
		arena_init(&arena, LIMIT_ARENA_BYTES);
		if (!follow_once(follower, &arena, &err) && goes_on(follower)) {
			log_failure(&app->log, LOG_LEVEL_WARNING, "cluster_not_synced", &err);
			metrics_add(&app->metrics, METRIC_KUBE_FAILURES, 1);
			note(follower, "interrupted", err.msg);
			/* kills and pushes wait for the API server as well, but the database may have work for it */
			pause_ms(follower, PAUSE_MS);
		}
		arena_release(&arena);
	}
}

enum follow_end
follow_cluster(struct app *app, struct app_cluster *cluster, const volatile sig_atomic_t *stop)
{
	struct follower follower = { .app = app, .cluster = cluster, .stop = stop, .wake_fd = -1 };
	struct err err = ERR_INIT;
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(follower.name, sizeof(follower.name), "%s/%d", host, (int)getpid());
	app->log.user = NULL;
	snprintf(follower.action, sizeof(follower.action), "following cluster %s", cluster->config->name);
	app->log.action = follower.action;
	if (prepare(&follower, &err)) {
		follow_on(&follower);
		/* workers note themselves what they push, until somebody follows the cluster again */
		if (holds_lease(&follower))
			note(&follower, "left", NULL);
	} else {
		log_failure(&app->log, LOG_LEVEL_ERROR, "cluster_not_followed", &err);
	}
	release(&follower);
	app->log.action = NULL;
	return follower.reconfigured && !*stop ? FOLLOW_RECONFIGURED : FOLLOW_STOPPED;
}
