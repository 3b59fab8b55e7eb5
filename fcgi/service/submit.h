/*
 * service/submit.h - from an order to an accepted batch and its object.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_SUBMIT_H
#define SERVICE_SUBMIT_H

#include "batch/batch.h"
#include "service/app.h"

/* Who asks, and by which door. */
struct submit_origin {
	enum batch_protocol protocol;
	const char *user;               /* NULL: anonymous */
	const char *request_id;
	const char *client_key;         /* NULL: none; a request repeated with it is the same batch */
	const char *repeat_key;         /* the same, when the client gave none itself; NULL: none */
	const char *cluster;            /* NULL: see service/cluster_choice.h */
	const char *client_version;     /* of the Spark that sent it; NULL: none did, or it did not say */
	struct json_object *request;    /* as sent; secrets are replaced in what is stored, never here */
	struct json_object *meant;      /* what makes another one the same under a client key; NULL: all of it */
};

/*
 * Checks the order, commits the row, creates the object. After the commit the batch is never lost: if Kubernetes cannot
 * take it now the answer is success all the same and a watcher pushes it later.
 *
 * A request repeated with the same client key (a header, or conf spark.sparkgate.client.key for clients that can set
 * nothing else) answers the same batch, whichever worker gets it and however many do at once.
 *
 * err  ERR_CONFLICT: the client key was used for another request
 *      ERR_FULL: the cluster's limits let it neither run nor wait; nothing is kept
 *      ERR_INVALID, ERR_FORBIDDEN: the order, or Kubernetes' refusal of it; otherwise see store/store.h and
 *      service/cluster_choice.h
 */
MUST_CHECK bool submit_batch(struct app *app, struct arena *arena, struct batch_order *order,
			     const struct submit_origin *origin, struct batch *ret_batch, struct err *err);

/*
 * The row is committed, with a claim that began at accepted_ms (monotonic): from here on the batch is never lost, whatever
 * happens to this process. False: Kubernetes refuses its object for good; what it cannot take now is success.
 * is_followed  as in service/push.h
 */
MUST_CHECK bool submit_push_accepted(struct app *app, struct arena *arena, struct batch *batch, struct json_object *spec,
				     int64_t accepted_ms, bool is_followed, struct err *err);

/* The row is committed, and told so. */
void submit_tell_accepted(struct app *app, const struct batch *batch, const char *put_off);

/* The queue of people who come from YARN, for whom asks in no other way. */
#define SUBMIT_CONF_QUEUE "spark.yarn.queue"

/* err  ERR_INVALID: it is longer than a column with an index can be */
MUST_CHECK bool submit_check_queue(const char *queue, struct err *err);

/* A new one, RFC 9562 version 4; the arena's. */
const char *submit_make_uid(struct arena *arena);

/* A mapping of the configuration; the arena's. */
struct batch_pairs submit_pairs_of(struct arena *arena, const struct config_pair *pairs, size_t count);

#endif
