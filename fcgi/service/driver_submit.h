/*
 * service/driver_submit.h - what spark-submit does for somebody else's operator: driver pod, config map and service of
 * one argument vector. No batch, no row: whoever asks keeps the books, and follows the pod.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All names follow from the submission's id, and the pod carries it as a label: a request that is repeated, because its
 * answer was lost or its worker killed, finds its own pod, and completes what is missing behind the pod's gate
 * (launch/launch.h). What is not known here is a driver that has run and was deleted since: it would be made again.
 */
#ifndef SERVICE_DRIVER_SUBMIT_H
#define SERVICE_DRIVER_SUBMIT_H

#include "service/app.h"
#include "spark/submission.h"

struct driver_order {
	const char *submission_id;              /* a label's value */
	struct json_object *args;               /* spark-submit's, an array of strings */
	struct json_object *driver_template;    /* pod templates, or NULL */
	struct json_object *executor_template;
};

/* The objects, and to whom they go; all of it is the arena's. */
struct driver_plan {
	struct app_cluster *cluster;
	const char *submission_id;
	struct spark_submission submission;
	struct spark_objects objects;
};

struct driver_identity {
	const char *app_name;
	const char *app_id;
	const char *pod;
	const char *uid;
	const char *namespace;
	const char *created_at;                 /* RFC 3339 */
	bool is_repeated;                       /* the pod was there already */
};

/* Can it be a label's value, by which its pod is found again? */
bool driver_submit_is_id(const char *text);

/*
 * Is it a template that a pod can be laid on?
 * err  ERR_INVALID: what of it is wrong
 */
MUST_CHECK bool driver_submit_check_templates(const struct driver_order *order, struct err *err);

/*
 * Asks nobody.
 * err  ERR_INVALID: which argument, and the remedy
 */
MUST_CHECK bool driver_submit_plan(struct app *app, struct arena *arena, const struct driver_order *order,
				   struct driver_plan *ret_plan, struct err *err);

/*
 * err  ERR_EXISTS: another submission has a pod of that name
 *      ERR_INVALID: Kubernetes refuses an object, in its words
 *      ERR_QUOTA, ERR_CONFLICT, ERR_TIMEOUT, ERR_UNAVAILABLE: the same request may succeed a little later
 *      ERR_FORBIDDEN: the gateway lacks a right; and what kube/kube.h has beside these
 */
MUST_CHECK bool driver_submit(struct arena *arena, struct driver_plan *plan, struct driver_identity *ret_identity,
			      struct err *err);

#endif
