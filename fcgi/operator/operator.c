/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/operator.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "kube/watch.h"
#include "operator/lease.h"
#include "operator/reconcilers.h"
#include "operator/submit.h"

/* After a failure of the API server. */
#define PAUSE_MS 500
/* The longest wait: the lease wants to be renewed, and a signal may have come just before. */
#define WAIT_MS 1000
/* While a connection is being made there is nothing to wait for. */
#define CONNECTING_MS 20

struct following {
	const struct config *config;
	struct log *log;
	const volatile sig_atomic_t *stop;
	struct kube *kube;
	struct lease *lease;
	struct reconcilers *reconcilers;
	struct seen *seen;
	bool was_held;
	bool waiting_told;
	int64_t listed_ms;
};

typedef void (*see_fn)(struct seen *seen, struct json_object *object, bool is_deleted);

/* One of the two collections. */
struct collection {
	const char *path;
	char *version;
	see_fn see;
	struct kube_watch *watch;
};

enum { APPLICATIONS, PODS, COLLECTIONS };

static void
pause_ms(const struct following *following, int wait_ms)
{
	if (!*following->stop)
		poll(NULL, 0, wait_ms);
}

/* ---- the lease ---- */

static void
tell_lease(struct following *following)
{
	bool held = lease_is_held(following->lease);

	if (held != following->was_held)
		log_event(following->log, LOG_LEVEL_INFO, held ? "lease_taken" : "lease_lost");
	else if (!held && !following->waiting_told && lease_holder(following->lease)[0] != '\0') {
		log_event(following->log, LOG_LEVEL_INFO, "lease_held_by_another",
			  LOG_TEXT("holder", lease_holder(following->lease)));
		following->waiting_told = true;
	}
	if (held)
		following->waiting_told = false;
	following->was_held = held;
}

static bool
keep_lease(struct following *following)
{
	struct err err = ERR_INIT;

	if (!lease_keep(following->lease, &err))
		log_failure(following->log, LOG_LEVEL_WARNING, "lease_not_kept", &err);
	tell_lease(following);
	return lease_is_held(following->lease);
}

/* ---- lists ---- */

struct listing {
	struct following *following;
	see_fn see;
};

static bool
on_listed(void *context, struct json_object *item, struct err *err)
{
	struct listing *listing = context;

	if (*listing->following->stop)
		return err_set(err, ERR_UNAVAILABLE, "stopping");
	listing->see(listing->following->seen, item, false);
	return true;
}

static bool
begin(struct following *following, struct collection *collection, struct err *err)
{
	static const char query[] = "labelSelector=sparkgate.io%2Foperator%3D" CRD_OPERATOR_OWN;
	struct listing listing = { following, collection->see };

	return kube_list(following->kube, collection->path, query, on_listed, &listing, &collection->version, err) &&
	       kube_watch_new(following->kube, collection->path, query, collection->version, &collection->watch, err);
}

/* ---- watches ---- */

/* Takes all that has come; false when a new list is needed. */
static bool
drain(struct following *following, struct collection *collection, bool *ret_came)
{
	struct err err = ERR_INIT;
	struct kube_event event;

	while (!*following->stop && kube_watch_next(collection->watch, 0, -1, &event, &err)) {
		if (event.kind != KUBE_BOOKMARK)
			collection->see(following->seen, event.object, event.kind == KUBE_DELETED);
		*ret_came = true;
	}
	if (*following->stop || err.code == ERR_TIMEOUT)
		return true;
	log_failure(following->log, LOG_LEVEL_WARNING, "watch_interrupted", &err);
	pause_ms(following, PAUSE_MS);
	return err.code == ERR_UNAVAILABLE;
}

/* Until one of the two watches brings something. */
static bool
wait_for_more(struct following *following, struct collection *collections)
{
	struct collection *first = &collections[APPLICATIONS];
	int wake_fd = kube_watch_fd(collections[PODS].watch);
	struct err err = ERR_INIT;
	struct kube_event event;

	if (kube_watch_next(first->watch, wake_fd < 0 ? CONNECTING_MS : WAIT_MS, wake_fd, &event, &err)) {
		if (event.kind != KUBE_BOOKMARK)
			first->see(following->seen, event.object, event.kind == KUBE_DELETED);
		return true;
	}
	/* what else went wrong shows itself again at the next draining */
	return err.code != ERR_GONE;
}

static bool
goes_on(struct following *following, struct collection *collections)
{
	int64_t resync_ms = (int64_t)following->config->watcher_resync_interval_s * 1000;
	bool came = false;

	if (clock_monotonic_ms() - following->listed_ms > resync_ms)
		return false;
	for (int i = 0; i < COLLECTIONS; i++) {
		if (!drain(following, &collections[i], &came))
			return false;
	}
	return came || wait_for_more(following, collections);
}

/* The watches are followed here, what they bring is worked on by others. */
static bool
follow_watches(struct following *following, struct collection *collections, struct err *err)
{
	log_event(following->log, LOG_LEVEL_INFO, "cluster_synced",
		  LOG_INT("applications", (int64_t)seen_count(following->seen)));
	if (!reconcilers_begin(following->reconcilers, following->seen, err))
		return false;
	while (!*following->stop && keep_lease(following) && goes_on(following, collections))
		;
	reconcilers_end(following->reconcilers);
	return true;
}

static bool
follow_once(struct following *following, struct arena *arena, struct err *err)
{
	struct collection collections[COLLECTIONS] = {
		[APPLICATIONS] = { .path = crd_path(arena, crd_of_operator(CRD_OPERATOR_OWN),
						    kube_namespace(following->kube), NULL),
				   .see = seen_application },
		[PODS] = { .path = submit_pod_path(following->kube, arena, NULL), .see = seen_pod },
	};
	bool followed = true;

	following->seen = seen_new();
	for (int i = 0; followed && i < COLLECTIONS; i++)
		followed = begin(following, &collections[i], err);
	following->listed_ms = clock_monotonic_ms();
	/* a page of a list takes many times what is kept of it, and nothing as large follows for a while */
	malloc_trim(0);
	followed = followed && follow_watches(following, collections, err);
	for (int i = 0; i < COLLECTIONS; i++) {
		kube_watch_free(collections[i].watch);
		free(collections[i].version);
	}
	seen_free(following->seen);
	return followed;
}

static void
work_until_stopped(struct following *following)
{
	while (!*following->stop) {
		struct err failure = ERR_INIT;
		struct arena arena;

		if (!keep_lease(following)) {
			pause_ms(following, PAUSE_MS);
			continue;
		}
		arena_init(&arena, LIMIT_ARENA_BYTES);
		if (!follow_once(following, &arena, &failure) && !*following->stop) {
			log_failure(following->log, LOG_LEVEL_WARNING, "cluster_not_synced", &failure);
			pause_ms(following, PAUSE_MS);
		}
		arena_release(&arena);
	}
}

bool
operator_run(const struct config *config, const struct config_cluster *cluster, struct log *log,
	     const volatile sig_atomic_t *stop, struct err *err)
{
	struct following following = { .config = config, .log = log, .stop = stop };
	struct events *events = NULL;
	bool good;

	/* one heap for all threads: they wait for the API server most of the time, and several would never be full */
	mallopt(M_ARENA_MAX, 1);
	if (!kube_new(config, cluster, &following.kube, err))
		return false;
	following.lease = lease_new(following.kube);
	good = events_new(config, cluster, log, &events, err) &&
	       reconcilers_new(config, cluster, log, following.lease, events, &following.reconcilers, err);
	if (good)
		work_until_stopped(&following);
	reconcilers_free(following.reconcilers);
	events_free(events);
	lease_free(following.lease);
	kube_free(following.kube);
	return good;
}
