/*
 * spark/submission.h - what spark-submit makes for Kubernetes in cluster mode: driver pod, config map with the
 * properties, headless service. No I/O; knows nothing of SparkApplication objects.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sources: the recorded requests of spark-submit 3.5.9, 4.0.1, 4.2.1 and 4.3.0 (contract k8s-facade.md section 3) and
 * Spark's documentation of its Kubernetes properties.
 */
#ifndef SPARK_SUBMISSION_H
#define SPARK_SUBMISSION_H

#include <json-c/json.h>

#include "spark/conf.h"

#define SPARK_DRIVER_CONTAINER "spark-kubernetes-driver"
#define SPARK_EXECUTOR_CONTAINER "spark-kubernetes-executor"
/* A volume of this name, in pods or properties, takes Spark's scratch data. */
#define SPARK_LOCAL_DIR_PREFIX "spark-local-dir-"

struct spark_submission {
	const char *version;            /* Spark's, e.g. 4.3.0: some things depend on it */
	const char *app_name;
	const char *app_id;             /* "spark-" and 32 hex */
	const char *resource_prefix;
	const char *driver_pod;         /* name */
	const char *namespace;
	const char *proxy_user;         /* NULL: none */
	const char *main_class;         /* NULL: none, as for Python */
	const char *main_file;
	struct json_object *args;       /* array of strings, or NULL */
	struct json_object *driver_template;    /* a pod template to start from, or NULL; left as it is */
	struct json_object *executor_template;  /* the same for the executors: the driver reads it from its config map */
	int64_t submitted_at_ms;        /* 0: not told */
	struct spark_conf conf;         /* completed with what the driver needs */
};

struct spark_objects {
	struct json_object *driver_pod;
	struct json_object *config_map;
	struct json_object *service;
	struct json_object *others;     /* an array */
};

/*
 * ret_objects  the arena's
 * err          ERR_INVALID: which property, and the remedy
 */
MUST_CHECK bool spark_submission_objects(struct arena *arena, struct spark_submission *submission,
					 struct spark_objects *ret_objects, struct err *err);

/*
 * The prefix that spark-submit makes of an application's name for what has no name of its own, e.g. the service: as a
 * DNS label, and what must be unique behind it.
 */
const char *spark_resource_prefix(struct arena *arena, const char *app_name, const char *unique);

#endif
