/*
 * crd/crd_priv.h - what the two definitions of SparkApplications share: an order with its conf sorted out, and what each of
 * them does with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRD_CRD_PRIV_H
#define CRD_CRD_PRIV_H

#include "crd/crd.h"
#include "crd/scheduling.h"

/* Written where nobody says which Spark the image has: both definitions require a version, neither operator runs by it. */
#define CRD_SPARK_VERSION_UNKNOWN "3.5.0"

/* A driver that is supervised runs again without end: int32 is what both definitions allow. */
#define CRD_SUPERVISED_RUNS INT32_MAX
#define CRD_SUPERVISED_INTERVAL_S 5

/* Where nobody says. A definition's own default would be Always for ":latest", which an offline cluster cannot do. */
#define CRD_PULL_POLICY "IfNotPresent"

enum crd_language { CRD_JAVA, CRD_PYTHON, CRD_R };

struct crd_role {
	const char *memory;             /* NULL: nobody said */
	int64_t cores;                  /* 0: nobody said */
	const char *image;              /* NULL: that of both */
	const char *service_account;    /* NULL: the namespace's default */
};

enum { CRD_DYNAMIC_INITIAL, CRD_DYNAMIC_MIN, CRD_DYNAMIC_MAX, CRD_DYNAMIC_COUNT };

/*
 * An order after its layers and precedences (contract crds.md 6.1): defaults < request's conf < request's fields < what is
 * enforced; lists are joined, the request's first. Both definitions only write it down.
 */
struct crd_wanted {
	const struct batch_order *order;
	const struct crd_target *target;
	enum crd_language language;
	struct batch_strings jars, py_files, files, archives;
	const char *image;
	const char *pull_policy;        /* NULL: nobody said */
	struct crd_role driver, executor;
	int64_t executors_count;        /* at the start; 0 only with dynamic allocation: as Spark likes */
	bool dynamic;                   /* allocation of executors */
	int64_t dynamic_counts[CRD_DYNAMIC_COUNT];      /* -1: nobody said */
	const char *shuffle_tracking;   /* "true", "false", NULL: nobody said */
	struct scheduling scheduling;
	const char *pex;                /* among the files, that is to be the driver's Python; NULL: none */
	const char *requirements;       /* packages that Python wants (crd/python_env.h); NULL: none */
	struct batch_pairs conf;        /* what has no place above */
};

/* The conf keys of dynamic_counts. */
extern const char *const crd_dynamic_keys[CRD_DYNAMIC_COUNT];

MUST_CHECK bool crd_want(struct arena *arena, const struct batch_order *order, const struct crd_target *target,
			 struct crd_wanted *ret_wanted, struct err *err);

/* What crd_asked() tells of an order. */
struct json_object *crd_asked_of(struct arena *arena, const struct crd_wanted *wanted);

/* The template of a role's pods: installs those packages, places them; the caller's to put. NULL: it would be empty. */
struct json_object *crd_pod_template(const struct crd_wanted *wanted, const struct crd_role *role, const char *container);

/* The caller's to put. */
struct json_object *crd_strings(const struct batch_strings *strings);
struct json_object *crd_pairs(const struct batch_pairs *pairs);

/* err  ERR_INVALID: it could not be a label */
MUST_CHECK bool crd_check_kueue_queue(const char *queue, struct err *err);

void crd_add_unless_null(struct json_object *object, const char *key, const char *text);

/* After the end, until the operator deletes the object. */
int crd_time_to_live_s(const struct crd_target *target);

struct crd {
	const char *api;                /* group and version */
	bool (*write_spec)(struct arena *arena, const struct crd_wanted *wanted, struct json_object *spec, struct err *err);
	/* What of the object's name and labels must stand in the spec too; NULL: nothing. */
	void (*finish_spec)(struct json_object *spec, const char *name, struct json_object *labels);
	void (*sight)(struct arena *arena, struct json_object *object, struct batch_sight *ret_sight);
	bool (*pod_knows_more)(struct json_object *object);
	bool (*ends_with_driver)(struct json_object *object);
	const char *(*state)(struct json_object *object);       /* borrowed; NULL: none yet */
	const char *(*driver_pod)(struct arena *arena, const struct batch *batch);
	const char *name_label;         /* on driver pods: the object's name; NULL: the status names the pod */
};

/* Of their status files. */
void crd_kubeflow_sight(struct arena *arena, struct json_object *object, struct batch_sight *ret_sight);
bool crd_kubeflow_pod_knows_more(struct json_object *object);
bool crd_kubeflow_ends_with_driver(struct json_object *object);
const char *crd_kubeflow_state(struct json_object *object);
void crd_apache_sight(struct arena *arena, struct json_object *object, struct batch_sight *ret_sight);
bool crd_apache_pod_knows_more(struct json_object *object);
bool crd_apache_ends_with_driver(struct json_object *object);
const char *crd_apache_state(struct json_object *object);

extern const struct crd crd_kubeflow;
extern const struct crd crd_apache;

/* An object's deletionTimestamp, borrowed, or NULL. */
const char *crd_deleted_at(struct json_object *object);

/* At most LIMIT_MESSAGE_BYTES of an operator's words, without the frames of Java's stacks. */
const char *crd_shorten(struct arena *arena, const char *message);

#endif
