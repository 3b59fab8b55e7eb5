/*
 * service/k8s_submit.h - what spark-submit --master k8s:// sends for a driver, piece by piece, becomes a batch.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: contract k8s-facade.md 3 and 4. The driver's pod comes first and its configuration, which names the cluster,
 * last: until then the pieces are only kept, in the database, where any worker finds them. With the last one the row is
 * committed, and then all of it is created.
 */
#ifndef SERVICE_K8S_SUBMIT_H
#define SERVICE_K8S_SUBMIT_H

#include "batch/access.h"
#include "batch/batch.h"
#include "service/app.h"

/* Who asks, and where. */
struct k8s_origin {
	const char *user;               /* NULL: anonymous */
	const char *request_id;
	const char *cluster;            /* that the address named; NULL: none */
	const char *namespace;
	const char *address;            /* from which the request came; NULL: the front does not say */
};

/*
 * Is that namespace open to spark-submit, in the cluster that the address names or in any?
 * ret_cluster  that one, or the first of them
 * err          ERR_NOT_FOUND: there is no such cluster; ERR_FORBIDDEN
 */
MUST_CHECK bool k8s_submit_open(struct app *app, const struct k8s_origin *origin, struct app_cluster **ret_cluster,
				struct err *err);

/*
 * The driver's pod. Sent again, it is the one that is kept, or that runs already.
 * ret_pod  as the client is to take it, with a uid; the arena's
 * err      ERR_EXISTS: another submission has a pod of that name; ERR_INVALID, ERR_FORBIDDEN: what of it is wrong
 */
MUST_CHECK bool k8s_submit_begin(struct app *app, struct arena *arena, const struct k8s_origin *origin,
				 struct json_object *pod, struct json_object **ret_pod, struct err *err);

/*
 * What belongs to it, by the uid of its owner. The config map of the driver's properties makes it a batch; then an error is
 * the submission's end.
 * ret_object  as the client is to take it; the arena's
 * err         ERR_NOT_FOUND: no such submission, or it has expired; ERR_INVALID, ERR_FORBIDDEN
 */
MUST_CHECK bool k8s_submit_part(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *kind,
				const char *name, struct json_object *object, struct json_object **ret_object,
				struct err *err);

/* The pod of a submission that is not complete; err ERR_NOT_FOUND: there is none. */
MUST_CHECK bool k8s_submit_show(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				struct json_object **ret_pod, struct err *err);

/*
 * The newest batch of that pod.
 * err  ERR_NOT_FOUND: there is none; ERR_FORBIDDEN: the caller may not do that to it
 */
MUST_CHECK bool k8s_submit_find(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				enum access access, struct batch *ret_batch, struct err *err);

/* Forgets a submission that is not complete; ends the batch of that pod, or deletes the pod of one that has ended. */
MUST_CHECK bool k8s_submit_delete(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				  struct err *err);

#endif
