/*
 * spark/submission_priv.h - the parts of a submission, for the files of this room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SPARK_SUBMISSION_PRIV_H
#define SPARK_SUBMISSION_PRIV_H

#include "base/json.h"
#include "spark/pod_json.h"
#include "spark/submission.h"

/* Which Spark has what, as spark_version_number() counts. */
#define SPARK_SINCE_POD_CLAIMS 4000     /* volume claims for one pod only; types of host paths; subPathExpr of mounts */
#define SPARK_SINCE_CONNECT_PORT 4001
#define SPARK_SINCE_NETWORK_POLICY 4002 /* and the service says what spark-connect speaks */
#define SPARK_SINCE_NO_ESCALATION 4003  /* the container's securityContext; publishNotReadyAddresses */

enum spark_language { SPARK_JAVA, SPARK_PYTHON, SPARK_R };

/* Everything that is derived once and used by more than one object. */
struct spark_plan {
	struct arena *arena;
	struct spark_submission *submission;
	struct spark_conf *conf;                /* the submission's */
	int version;
	enum spark_language language;
	const char *service_name;
	const char *config_map_name;
	const char *template_map_name;          /* of the executors' pod template */
	int driver_port, block_manager_port, ui_port, connect_port;     /* connect_port 0: none */
	bool has_network_policy;
	struct json_object *labels;             /* of the driver pod; the arena's */
	struct json_object *others;             /* the arena's; parts add to it */
};

/* Adds the properties of this prefix as members, without the prefix. */
void spark_add_prefixed(struct json_object *object, const struct spark_conf *conf, const char *prefix);

MUST_CHECK bool spark_plan_make(struct arena *arena, struct spark_submission *submission, struct spark_plan *ret_plan,
				struct err *err);
/* Completes the properties with what the driver needs to know of itself. */
MUST_CHECK bool spark_plan_complete_conf(struct spark_plan *plan, struct err *err);

/* Each returns the arena's, or NULL with err set. */
struct json_object *spark_driver_pod(struct spark_plan *plan, struct err *err);
struct json_object *spark_config_map(struct spark_plan *plan, struct err *err);
struct json_object *spark_template_map(struct spark_plan *plan);
struct json_object *spark_service(struct spark_plan *plan);
struct json_object *spark_network_policy(struct spark_plan *plan);

/* cpu and memory of the driver container. */
MUST_CHECK bool spark_driver_resources(struct spark_plan *plan, struct json_object *container, struct err *err);
/* Volumes named by properties spark.kubernetes.driver.volumes.*; claims that they want go to the plan's others. */
MUST_CHECK bool spark_driver_volumes(struct spark_plan *plan, struct json_object *pod_spec,
				     struct json_object *container, struct err *err);
/* Secrets as files and variables. */
MUST_CHECK bool spark_driver_secrets(struct spark_plan *plan, struct json_object *pod_spec,
				     struct json_object *container, struct err *err);
/* Files of Hadoop and Kerberos. */
MUST_CHECK bool spark_driver_hadoop(struct spark_plan *plan, struct json_object *pod_spec,
				    struct json_object *container, struct err *err);
/* Scratch space: the volumes that are named so, else one that lives as long as the pod. */
void spark_local_dirs(struct spark_plan *plan, struct json_object *pod_spec, struct json_object *container);

#endif
