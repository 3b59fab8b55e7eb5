/*
 * store/k8s_store.h - half-sent submissions of spark-submit --master k8s://, and the batches that they become.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Errors: see store/store.h. `owner` is who asks, NULL when nobody is known: another's submission is not found.
 */
#ifndef STORE_K8S_STORE_H
#define STORE_K8S_STORE_H

#include "base/arena.h"
#include "batch/batch.h"
#include "store/store.h"

/* A submission that is not complete yet; all of it is the arena's. */
struct store_k8s_submission {
	const char *uid;                /* what the client takes for its pod's */
	const char *namespace;
	const char *pod_name;
	const char *app_id;
	const char *cluster;            /* NULL: the configuration will say */
	const char *owner;
	const char *config_map;         /* the name of the piece that completes it */
	struct json_object *pod;
	struct json_object *parts;      /* objects by kind and name */
};

/*
 * Begins `wanted`, or finds the one that has this pod's name in this namespace; ret_submission->uid tells which. One that
 * has expired makes room.
 */
MUST_CHECK bool store_k8s_begin(struct store *store, struct arena *arena, const struct store_k8s_submission *wanted,
				int lives_s, struct store_k8s_submission *ret_submission, struct err *err);

/* err also ERR_NOT_FOUND: no such submission, it has expired, or it has as many parts, or bytes of them, as it may. */
MUST_CHECK bool store_k8s_part(struct store *store, const char *uid, const char *kind_and_name, struct json_object *object,
			       int most_parts, int most_bytes, const char *owner, struct err *err);

/* err also ERR_NOT_FOUND, with an empty msg */
MUST_CHECK bool store_k8s_show(struct store *store, struct arena *arena, const char *uid, const char *owner,
			       struct store_k8s_submission *ret_submission, struct err *err);
MUST_CHECK bool store_k8s_show_by_pod(struct store *store, struct arena *arena, const char *namespace, const char *pod_name,
				      const char *owner, struct store_k8s_submission *ret_submission, struct err *err);

/* Forgets it; err also ERR_NOT_FOUND, with an empty msg. */
MUST_CHECK bool store_k8s_drop(struct store *store, const char *namespace, const char *pod_name, const char *owner,
			       struct err *err);

MUST_CHECK bool store_k8s_expire(struct store *store, struct err *err);

/* What the complete submission is as a batch. */
struct store_k8s_batch {
	const char *uid;                /* the submission's */
	const char *name;
	const char *cluster;
	const char *request_text;       /* JSON, secrets replaced */
	const char *whole_request_text; /* its digest is kept */
	const char *request_id;
	const char *objects_text;       /* JSON, whole; kept until Kubernetes has them */
	const char *asked_text;         /* JSON, its members named as columns, for reports; NULL: not known */
	int claim_ms;                   /* nobody else pushes it before */
	const char *queue;              /* NULL: it asks for none */
	const char *limits;             /* as in store/turn_store.h; NULL: none */
};

/*
 * The submission goes; the row and the push that it owes come: together.
 * ret_is_new  false: the row was there, from an earlier call; nothing was changed
 * err         also ERR_NOT_FOUND: there is neither submission nor batch; ERR_FULL: by the limits it may neither run nor
 *             wait, and stays a submission; msg names the limit
 */
MUST_CHECK bool store_k8s_accept(struct store *store, struct arena *arena, const struct store_k8s_batch *new_batch,
				 struct batch *ret_batch, bool *ret_is_new, struct err *err);

/* The newest batch of that driver pod; cluster NULL: in any. err also ERR_NOT_FOUND, with an empty msg. */
MUST_CHECK bool store_k8s_batch_by_pod(struct store *store, struct arena *arena, const char *namespace, const char *pod_name,
				       const char *cluster, struct batch *ret_batch, struct err *err);

#endif
