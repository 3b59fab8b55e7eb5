/*
 * crd/submission_priv.h - the parts of crd_submission_objects(), for the files of this room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRD_SUBMISSION_PRIV_H
#define CRD_SUBMISSION_PRIV_H

#include "base/json.h"
#include "crd/submission.h"
#include "spark/submission.h"

/* Of the Kubeflow operator's labels. */
#define CRD_LABEL_PREFIX "sparkoperator.k8s.io/"

enum submission_role { SUBMISSION_DRIVER, SUBMISSION_EXECUTOR, SUBMISSION_ROLE_COUNT };

/* One application on its way; everything is borrowed from it or the arena's. */
struct submission_work {
	struct arena *arena;
	struct json_object *application;
	struct json_object *spec;
	struct json_object *roles[SUBMISSION_ROLE_COUNT];       /* spec.driver, spec.executor */
	const struct submission_ids *ids;
	const char *name;
	const char *namespace;
	struct spark_conf *conf;
};

/* "driver", "executor" */
const char *crd_role_text(enum submission_role role);

/* Absent, null, false, "" or a list or object of nothing else: then a field asks for nothing. */
bool crd_field_is_empty(struct json_object *value);

/* Refuses what is not known or not supported. */
MUST_CHECK bool crd_submission_check_fields(const struct submission_work *work, struct err *err);

/* The properties that the operator's argument vector would be, later ones winning (contract crds.md 2.4). */
MUST_CHECK bool crd_submission_conf(const struct submission_work *work, struct err *err);
/* Volumes named spark-local-dir-*: by properties, so that Spark takes them for its scratch data. */
MUST_CHECK bool crd_submission_local_dirs(const struct submission_work *work, enum submission_role role,
					  struct err *err);
bool crd_is_local_dir(const char *volume);
/* The volume of this name, or NULL. */
struct json_object *crd_volume(const struct submission_work *work, const char *name);

/*
 * The service that leads to the driver's web UI, as the Kubeflow operator makes it beside spark-submit's objects. The
 * arena's; NULL when there is no UI.
 */
MUST_CHECK bool crd_submission_ui_service(const struct submission_work *work, struct json_object **ret_service,
					  struct err *err);

/* What the operator's webhook would do to a pod of this role; `pod` may also be a template. */
MUST_CHECK bool crd_submission_patch(const struct submission_work *work, enum submission_role role,
				     struct json_object *pod, struct err *err);

#endif
