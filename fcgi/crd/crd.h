/*
 * crd/crd.h - an order as a SparkApplication object, and such an object's status as evidence. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of field names and rules: contract crds.md (Kubeflow spark-operator 38082f33, Apache spark-kubernetes-operator
 * d5acafd2). There are two definitions of SparkApplications; what they share is here, what each has of its own in
 * kubeflow*.c and apache*.c.
 */
#ifndef CRD_CRD_H
#define CRD_CRD_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"
#include "batch/lifecycle.h"

/* Labels on every object, and on every pod of it: how rows and objects find each other. */
#define CRD_LABEL_GATEWAY "sparkgate.io/gateway"        /* the key of the gateway's database */
#define CRD_LABEL_BATCH_UID "sparkgate.io/batch-uid"
#define CRD_LABEL_BATCH_ID "sparkgate.io/batch-id"
#define CRD_LABEL_NAME "sparkgate.io/name"              /* the batch's name, as far as a label can hold it; whole as annotation */
#define CRD_LABEL_PROTOCOL "sparkgate.io/protocol"      /* on driver pods that are a batch's object themselves */
#define CRD_PROTOCOL_EXECUTORS "k8s-executors"          /* on what is made for the executors of such a batch */

/* Somebody's own label, on the pod of a driver in client mode: this gateway may take it for what it says that it is. */
#define CRD_LABEL_DRIVER "sparkgate.io/driver"
#define CRD_DRIVER_CLIENT "client"

/*
 * Which operator is to run an object: absent for Kubeflow's, which asks for no label; CRD_OPERATOR_OWN for this gateway's own.
 * Copied to the pods like every label.
 */
#define CRD_LABEL_OPERATOR "sparkgate.io/operator"
#define CRD_OPERATOR_OWN "sparkgate"

/* On what Kueue is to admit: its LocalQueue. Never copied to the pods of an application that has it. */
#define CRD_LABEL_KUEUE_QUEUE "kueue.x-k8s.io/queue-name"
#define CRD_KUEUE "kueue"

#define CRD_DRIVER_CONTAINER "spark-kubernetes-driver"
#define CRD_EXECUTOR_CONTAINER "spark-kubernetes-executor"
#define CRD_POD_DELETED "the driver's pod was deleted, and not by this gateway"
#define CRD_DRIVER_DELETED "the pod was deleted"        /* by these words a status is known */

/* What the cluster's configuration adds; all may be NULL or empty. */
struct crd_target {
	const char *service_account;
	const char *image;
	const char *spark_version;
	const char *batch_scheduler;    /* "volcano", "yunikorn", "kueue" */
	const char *pip_config_map;     /* pip's settings, such as PIP_INDEX_URL */
	int time_to_live_s;             /* after the end, until the operator deletes the object; 0: a day */
	struct batch_pairs default_conf;
	struct batch_pairs enforced_conf;
};

/* One definition of SparkApplications. */
struct crd;

/* The one that an operator reads: by the word for it in rows and in the configuration. */
const struct crd *crd_of_operator(const char *operator_kind);
/* The one that the batch's object is of, whatever its cluster has now; not for a batch whose object is a pod. */
const struct crd *crd_of(const struct batch *batch);

/* "sparkoperator.k8s.io/v1beta2" */
const char *crd_api(const struct crd *crd);

/*
 * The object's spec. What an operator, or its webhook, would default is set here wherever the default could lose a job, a
 * log or a state (contract crds.md, rules 5, 6 and 9).
 *
 * ret_spec   the caller's to put
 * ret_asked  what crd_asked() says of the order; may be NULL
 * err        ERR_INVALID: which field, and the remedy
 */
MUST_CHECK bool crd_spec(struct arena *arena, const struct crd *crd, const struct batch_order *order,
			 const struct crd_target *target, struct json_object **ret_spec, struct json_object **ret_asked,
			 struct err *err);

/*
 * What an order asks for: members named as the columns of table batch that reports read (sql/schema/0011_report.sql);
 * what is not known is left out. The arena's; NULL: the order is none that crd_spec() takes.
 */
struct json_object *crd_asked(struct arena *arena, const struct batch_order *order, const struct crd_target *target);

/*
 * The whole object: names and labels from the row, so that creating it again finds it. What crd_spec() has as "metadata" in
 * the spec goes to the object's. The caller's to put.
 */
struct json_object *crd_object(const struct batch *batch, const char *gateway_key, struct json_object *spec);

/* "/apis/sparkoperator.k8s.io/v1beta2/namespaces/NS/sparkapplications", with "/NAME" unless name is NULL. */
char *crd_path(struct arena *arena, const struct crd *crd, const char *namespace, const char *name);

/* Is the object of this definition? */
bool crd_is_of(const struct crd *crd, struct json_object *object);

/* Adds those labels; what stands there under their names is replaced. */
void crd_add_labels(struct json_object *labels, const struct batch *batch, const char *gateway_key);

/*
 * The same on what is made for the executors of a batch: it is told from the driver's pod by CRD_LABEL_PROTOCOL, so
 * that no watch of drivers brings executors. And the label selector of these objects; the arena's.
 */
void crd_add_executor_labels(struct json_object *labels, const struct batch *batch, const char *gateway_key);
const char *crd_executors_selector(struct arena *arena, const struct batch *batch, const char *gateway_key);

/* Was this made for the executors of a batch of this gateway? */
bool crd_is_executors(struct json_object *object, const char *gateway_key);

/* The label selector of driver pods that are batches' objects themselves; the arena's. */
const char *crd_pods_selector(struct arena *arena, const char *gateway_key);

/* The path of the batch's object: of its SparkApplication, or of the pod that is its object itself. */
char *crd_object_path(struct arena *arena, const struct batch *batch);

/* The uid of the batch that an object belongs to, borrowed, or NULL. */
const char *crd_batch_uid(struct json_object *object);

/* Has somebody made this object under the batch's name, after the batch's own was deleted? */
bool crd_is_another(struct json_object *object, const struct batch *batch);

/*
 * What an object's status says; strings are the arena's or borrowed from the object. A failure that came with the object's
 * own deletion (propagationPolicy=Foreground takes the driver first) is that deletion: BATCH_SEEN_GONE.
 */
void crd_sight(struct arena *arena, const struct crd *crd, struct json_object *object, struct batch_sight *ret_sight);

/*
 * Does the driver pod of an object that says "failed" know better, or more? Kubeflow's "driver pod already exist" and "not
 * found" are no proof of failure: they also come when the operator, or the API server, was killed between spark-submit and
 * the write of the status (contract crds.md, rule 3), and when the operator has not heard of the pod yet. Of a driver that
 * never ran the operators only say so: the pod says why.
 */
bool crd_pod_knows_more(const struct crd *crd, struct json_object *object);

/*
 * Is the end of the driver the end of the application, even though its operator has not said so? Not when the driver is, or
 * may be, run again, nor when somebody is deleting or suspending the application.
 */
bool crd_ends_with_driver(const struct crd *crd, struct json_object *object);

/* Has its operator taken it up: is there any status? */
bool crd_is_taken_up(const struct crd *crd, struct json_object *object);

/* The driver pod's name: what the row knows, else what the operator calls it. The arena's. */
const char *crd_driver_pod(struct arena *arena, const struct batch *batch);

/* The label selector of the batch's driver pods where a status does not name them (contract crds.md 5.1); else NULL. */
const char *crd_driver_pods_selector(struct arena *arena, const struct batch *batch);

/* metadata.name and metadata.uid of any object of Kubernetes, borrowed; NULL: it has none (yet). */
const char *crd_name_of(struct json_object *object);
const char *crd_uid_of(struct json_object *object);

/* Is the driver pod the object's of that uid? By its owner reference. */
bool crd_pod_is_of(struct json_object *pod, const char *object_uid);

/* What a driver pod says by itself: its phase and the driver container's exit code (contract crds.md 3.3 and 9.7). */
void crd_pod_sight(struct arena *arena, struct json_object *pod, struct batch_sight *ret_sight);

/*
 * The same of a pod that is the batch's object itself. That it was deleted while it ran is no failure of the driver:
 * BATCH_SEEN_GONE. In client mode the pod is not Spark's: its labels say nothing of the application.
 */
void crd_pod_object_sight(struct arena *arena, struct json_object *pod, const struct batch *batch,
			  struct batch_sight *ret_sight);

/*
 * The container in which the driver of a pod runs, as far as its pod tells: Spark's own name, else the first one;
 * borrowed, or NULL.
 */
const char *crd_driver_container(struct json_object *pod);

/* Why a driver pod does not run, in Kubernetes' words, or NULL; the arena's (contract crds.md 9.7). */
const char *crd_pod_waiting_for(struct arena *arena, struct json_object *pod);
bool crd_pod_is_pending(struct json_object *pod);

/* Events of the core API (contract crds.md 9.8). The text is the arena's; NULL for no event. */
bool crd_event_is_newer(struct json_object *event, struct json_object *than);
const char *crd_event_text(struct arena *arena, struct json_object *event);

#endif
