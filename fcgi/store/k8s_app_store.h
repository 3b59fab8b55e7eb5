/*
 * store/k8s_app_store.h - applications whose drivers have their executors made by --master k8s://: as batches, and
 * what is heard of them while they run. Errors: see store/store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_K8S_APP_STORE_H
#define STORE_K8S_APP_STORE_H

#include "base/arena.h"
#include "batch/batch.h"
#include "store/store.h"

struct store_k8s_app {
	struct batch batch;
	bool driver_marked;             /* the driver's pod has the batch's labels */
	/* of those that are due: */
	bool is_silent;                 /* nothing was heard of its driver for too long */
	bool is_over;                   /* its driver has stopped it, and no more is to be expected */
};

/* What the first sight of an application tells. */
struct store_k8s_app_sight {
	const char *cluster;
	const char *namespace;
	const char *app_id;
	const char *owner;              /* NULL: nobody is known */
	const char *name;               /* NULL: not yet */
	const char *request_text;       /* JSON */
	const char *request_id;
	const char *message;            /* for people, until more is known */
};

/* The newest batch of that application; cluster NULL: in any. err also ERR_NOT_FOUND, with an empty msg. */
MUST_CHECK bool store_k8s_app_find(struct store *store, struct arena *arena, const char *namespace, const char *app_id,
				   const char *cluster, struct store_k8s_app *ret_app, struct err *err);

/* Makes the batch, or finds it: of all that see an application first at the same time, one makes it. */
MUST_CHECK bool store_k8s_app_accept(struct store *store, struct arena *arena, const struct store_k8s_app_sight *sight,
				     struct store_k8s_app *ret_app, bool *ret_is_new, struct err *err);

/*
 * Something is about to be made for it, within limit_ms: until then no kill of it is believed to be complete.
 * name  NULL: none is known; the first one stays
 * err   also ERR_NOT_FOUND, with an empty msg: it has ended, or is to be killed
 */
MUST_CHECK bool store_k8s_app_creating(struct store *store, int64_t id, int limit_ms, const char *name, struct err *err);

/* Its driver has asked for something. */
MUST_CHECK bool store_k8s_app_heard(struct store *store, int64_t id, struct err *err);

/* Its driver has begun to remove what it had. Watchers are told. */
MUST_CHECK bool store_k8s_app_stopped(struct store *store, int64_t id, struct err *err);

/* ret_known false: another pod, or this one, was known before. */
MUST_CHECK bool store_k8s_app_driver(struct store *store, int64_t id, const char *pod_name, const char *pod_uid,
				     const char *container, bool *ret_known, struct err *err);
MUST_CHECK bool store_k8s_app_marked(struct store *store, int64_t id, struct err *err);

/* Those of a cluster that a watcher is to look at. */
MUST_CHECK bool store_k8s_app_due(struct store *store, struct arena *arena, const char *cluster, int silence_s, int limit,
				  struct store_k8s_app **ret_apps, size_t *ret_count, struct err *err);
MUST_CHECK bool store_k8s_app_look_later(struct store *store, int64_t id, int delay_s, struct err *err);

#endif
