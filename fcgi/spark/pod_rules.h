/*
 * spark/pod_rules.h - what pods that somebody sent may have, so that they stay within their namespace. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: Kubernetes, "Pod Security Standards", level "baseline". Fields that are not known here are refused: a field
 * of tomorrow may open a node.
 */
#ifndef SPARK_POD_RULES_H
#define SPARK_POD_RULES_H

#include <json-c/json.h>

#include "base/err.h"

struct spark_pod_rules {
	bool host_access;               /* pods may use their node: its network, its files, its rights */
	const char *service_account;    /* the only one that a pod may have; NULL: its namespace's default */
};

/* A name that can stand in a path and is taken by Kubernetes: RFC 1123, a subdomain. */
bool spark_is_object_name(const char *text);

/* Spark's application id, as the label spark-app-selector can have it. */
bool spark_is_app_id(const char *text);

/*
 * A pod's spec.
 * role  "driver" or "executor", for the words
 * err   ERR_FORBIDDEN: what it may not have; ERR_INVALID
 */
MUST_CHECK bool spark_pod_check(struct json_object *spec, const struct spark_pod_rules *rules, const char *role,
				struct err *err);

/*
 * Labels and annotations of any object: none of the gateway's own. What else metadata can hold, e.g. owners and
 * finalizers, is not taken over.
 */
MUST_CHECK bool spark_metadata_check(struct json_object *object, struct err *err);

/* Only members of these names, or ERR_FORBIDDEN. where: the object's own, for the words */
MUST_CHECK bool spark_members_check(struct json_object *object, const char *where, const char *const *known, size_t count,
				    struct err *err);

#endif
