/*
 * spark/executor_request.h - the objects that a running driver has made for its executors, as somebody sent them:
 * what they say, and whether they stay within their namespace. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: contract k8s-facade.md 7 (Spark 3.5.9 and 4.3.0).
 */
#ifndef SPARK_EXECUTOR_REQUEST_H
#define SPARK_EXECUTOR_REQUEST_H

#include <json-c/json.h>

#include "base/arena.h"
#include "spark/pod_rules.h"

#define SPARK_LABEL_APP "spark-app-selector"
#define SPARK_LABEL_ROLE "spark-role"
#define SPARK_LABEL_INACTIVE "spark-exec-inactive"

/* Borrowed from the object. */
struct spark_executor_request {
	const char *name;
	const char *app_id;
	const char *app_name;           /* only pods tell; NULL: it is not known */
	const char *owner_name;         /* the driver's pod; NULL: the client names none */
	const char *owner_uid;          /* NULL with it */
};

/* Is it the pod of an executor, and not of a driver? */
bool spark_is_executor(struct json_object *pod);

/*
 * kind  "Pod", "ConfigMap" or "PersistentVolumeClaim"
 * err   ERR_INVALID: it is none of what a driver has made; ERR_FORBIDDEN: what it may not have
 */
MUST_CHECK bool spark_executor_request_read(struct json_object *object, const char *kind, const struct spark_pod_rules *rules,
					    struct spark_executor_request *ret_request, struct err *err);

/*
 * The only change that a driver makes to an executor: it labels one that it keeps, though it has ended. As a list of
 * changes (RFC 6902) or as a part of the pod, which Spark 3.5 and 4.x send.
 * err  ERR_FORBIDDEN: it is another change
 */
MUST_CHECK bool spark_executor_patch_check(struct json_object *patch, struct err *err);

/*
 * The value that a label selector wants of this label ("key=value", or "=="), the arena's; NULL: it wants no single
 * one. Whatever else stands in the selector can only make it select less.
 */
const char *spark_selected(struct arena *arena, const char *selector, const char *label);

#endif
