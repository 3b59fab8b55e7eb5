/*
 * spark/driver_request.h - the objects that spark-submit --master k8s:// makes for a driver, as somebody sent them: what
 * they say, and whether they stay within their namespace. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: contract k8s-facade.md 3.
 */
#ifndef SPARK_DRIVER_REQUEST_H
#define SPARK_DRIVER_REQUEST_H

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"
#include "spark/pod_rules.h"

/* What a driver's pod says; borrowed from it. */
struct spark_driver_request {
	const char *pod_name;
	const char *app_id;             /* label spark-app-selector, one for each submission */
	const char *config_map;         /* that holds spark.properties, and is sent last */
	const char *image;
	const char *main_class;         /* NULL: none is given */
	const char *resource;           /* NULL: none is given */
	struct json_object *container;  /* the driver's */
	struct json_object *labels;
};

/*
 * err  ERR_INVALID: no driver's pod, and what of it is not; ERR_FORBIDDEN: what it may not have
 */
MUST_CHECK bool spark_driver_request_read(struct json_object *pod, const struct spark_pod_rules *rules,
					  struct spark_driver_request *ret_request, struct err *err);

/* The same for what belongs to the driver with that application id; `kind` is that of the path. */
MUST_CHECK bool spark_driver_part_check(struct json_object *object, const char *kind, const char *name, const char *app_id,
					struct err *err);

/* Has the driver's pod been shaped by this property? Then to change it in the driver's properties comes too late. */
bool spark_shapes_driver(const char *key);

#endif
