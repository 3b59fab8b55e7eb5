/*
 * crd/submission.h - what a SparkApplication (sparkoperator.k8s.io/v1beta2) becomes in Kubernetes: driver pod, config map,
 * service. No I/O, nothing random: the same object and ids give the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It stands for three programs at once: the Kubeflow operator's argument vector for spark-submit (contract crds.md 2.1 to
 * 2.5), spark-submit's cluster mode (k8s-facade.md section 3, fcgi/spark/) and the operator's webhook, which patches pods.
 * Executors are made by the driver, where no webhook of ours can reach them: what it would patch there goes into an
 * executor pod template. A field that cannot be done is an error, never silently left out.
 */
#ifndef CRD_SUBMISSION_H
#define CRD_SUBMISSION_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* What one attempt is called. All of them are the caller's choice, so that a repeated attempt finds its own objects. */
struct submission_ids {
	const char *submission_id;      /* uuid of the attempt */
	const char *app_id;             /* "spark-" and 32 hex */
	const char *resource_prefix;    /* e.g. NAME-HEX16: crd_submission_resource_prefix() */
	const char *driver_pod;         /* its name; crd_submission_driver_pod() says what the object wants */
	int64_t submitted_at_ms;        /* Unix time for spark.app.submitTime; 0: left out */
};

/*
 * The caller's to put. Only the driver pod has an owner, the SparkApplication, and only if that has a uid; all others
 * belong to the driver pod, whose uid is known once it was created: the caller adds that.
 */
struct submission_objects {
	struct json_object *driver_pod;
	struct json_object *config_map;
	struct json_object *service;
	struct json_object *ui_service; /* to the driver's web UI; NULL when that is off */
	/* An array, often empty: config map of the executors' pod template, volume claims, NetworkPolicy (Spark 4.2 on).
	   The driver pod does not start without the first two. */
	struct json_object *others;
};

/*
 * err  ERR_INVALID: which field, and the remedy. Nothing was made then.
 */
MUST_CHECK bool crd_submission_objects(struct arena *arena, struct json_object *application,
				       const struct submission_ids *ids, struct submission_objects *ret_objects,
				       struct err *err);

/* Puts all of them; for callers that gave none away. */
void crd_submission_put(struct submission_objects *objects);

/* The driver pod's name (contract crds.md 2.3): the same for every attempt, so two never coexist. The arena's. */
const char *crd_submission_driver_pod(struct arena *arena, struct json_object *application);

/* What spark-submit would call the service and the like: the application's name as a DNS label, then `unique`. */
const char *crd_submission_resource_prefix(struct arena *arena, struct json_object *application, const char *unique);

#endif
