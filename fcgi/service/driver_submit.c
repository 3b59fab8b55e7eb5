/* SPDX-License-Identifier: Apache-2.0 */
#include "service/driver_submit.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "crd/crd.h"
#include "launch/launch.h"
#include "spark/amount.h"
#include "spark/pod_json.h"
#include "spark/submit_args.h"

/* What Kubernetes allows for a label's value. */
#define LABEL_BYTES 63

/* ---- names ---- */

bool
driver_submit_is_id(const char *text)
{
	size_t size_bytes = strlen(text);

	if (size_bytes == 0 || size_bytes > LABEL_BYTES || !isalnum((unsigned char)text[0]) ||
	    !isalnum((unsigned char)text[size_bytes - 1]))
		return false;
	for (size_t i = 0; i < size_bytes; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
			return false;
	}
	return true;
}

/* FNV-1a, its bits then mixed as MurmurHash3 ends: no secret, only the same for the same id, and another for others. */
static uint64_t
hash(const char *text, uint64_t begin)
{
	uint64_t sum = begin;

	for (; *text != '\0'; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	sum = (sum ^ (sum >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	sum = (sum ^ (sum >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return sum ^ (sum >> 33);
}

static void
set_names(struct arena *arena, const char *submission_id, struct spark_submission *submission)
{
	const char *unique = arena_printf(arena, "%016" PRIx64, hash(submission_id, UINT64_C(0xcbf29ce484222325)));
	uint64_t more = hash(submission_id, UINT64_C(0x84222325cbf29ce4));

	submission->app_id = arena_printf(arena, "spark-%s%016" PRIx64, unique, more);
	submission->resource_prefix = spark_resource_prefix(arena, submission->app_name, unique);
	if (submission->driver_pod == NULL)
		submission->driver_pod = arena_printf(arena, "%s-driver", submission->resource_prefix);
}

/* ---- what came with the request ---- */

static bool
check_type(struct json_object *value, enum json_type type, const char *path, const char *key, struct err *err)
{
	if (value == NULL || json_object_is_type(value, type))
		return true;
	return err_set(err, ERR_INVALID, "%s.%s: %s is wanted, as in a PodTemplateSpec", path, key,
		       type == json_type_array ? "a list" : "an object");
}

static bool
check_containers(struct json_object *containers, const char *path, struct err *err)
{
	for (size_t i = 0; i < json_count(containers); i++) {
		if (!json_object_is_type(json_object_array_get_idx(containers, i), json_type_object))
			return err_set(err, ERR_INVALID, "%s.spec.containers[%zu]: an object is wanted", path, i);
	}
	return true;
}

static bool
check_template(struct json_object *template, const char *path, const char *container_name, struct err *err)
{
	struct json_object *metadata = json_member(template, "metadata"), *spec = json_member(template, "spec");
	struct json_object *containers = json_member(spec, "containers"), *container;
	const char *name;

	if (template == NULL)
		return true;
	if (!json_object_is_type(template, json_type_object))
		return err_set(err, ERR_INVALID, "%s: an object is wanted, as in a PodTemplateSpec", path);
	if (!check_type(metadata, json_type_object, path, "metadata", err) ||
	    !check_type(json_member(metadata, "labels"), json_type_object, path, "metadata.labels", err) ||
	    !check_type(json_member(metadata, "annotations"), json_type_object, path, "metadata.annotations", err) ||
	    !check_type(json_member(metadata, "ownerReferences"), json_type_array, path, "metadata.ownerReferences",
			err) ||
	    !check_type(spec, json_type_object, path, "spec", err) ||
	    !check_type(json_member(spec, "volumes"), json_type_array, path, "spec.volumes", err) ||
	    !check_type(containers, json_type_array, path, "spec.containers", err) ||
	    !check_containers(containers, path, err))
		return false;
	container = spark_container(template, container_name);
	name = json_string(container, "name");
	/* the operator reads a driver's result from the container of that name */
	if (container != NULL && (name == NULL || strcmp(name, container_name) != 0))
		return err_set(err, ERR_INVALID, "%s: its container for Spark must be called %s", path, container_name);
	return true;
}

bool
driver_submit_check_templates(const struct driver_order *order, struct err *err)
{
	return check_template(order->driver_template, "driver_pod_template", SPARK_DRIVER_CONTAINER, err) &&
	       check_template(order->executor_template, "executor_pod_template", SPARK_EXECUTOR_CONTAINER, err);
}

/* The Kubeflow operator sets this label itself. */
static bool
set_label(const char *submission_id, struct spark_conf *conf, struct err *err)
{
	const char *key = "spark.kubernetes.driver.label." POD_LABEL_SUBMISSION, *given = spark_conf_get(conf, key);

	if (given != NULL && strcmp(given, submission_id) != 0)
		return err_set(err, ERR_INVALID, "%s: '%s' is not the submission_id; leave it out", key, given);
	spark_conf_set(conf, key, submission_id);
	return true;
}

bool
driver_submit_plan(struct app *app, struct arena *arena, const struct driver_order *order, struct driver_plan *ret_plan,
		   struct err *err)
{
	struct app_cluster *cluster = app_cluster_find(app, app->config.submitter_cluster);
	struct spark_submission *submission = &ret_plan->submission;

	*ret_plan = (struct driver_plan){ .cluster = cluster, .submission_id = order->submission_id };
	submission->driver_template = order->driver_template;
	submission->executor_template = order->executor_template;
	submission->version = cluster->config->spark_version;
	submission->submitted_at_ms = clock_wall_us() / 1000;
	if (spark_version_number(submission->version) < 3000)
		return err_set(err, ERR_INTERNAL, "clusters.%s.spark_version: '%s' is no Spark version from 3.0 on, e.g. "
			       "4.0.0; correct the gateway's configuration", cluster->config->name, submission->version);
	if (!spark_submit_args(arena, order->args, submission, err) ||
	    !set_label(order->submission_id, &submission->conf, err))
		return false;
	set_names(arena, order->submission_id, submission);
	return spark_submission_objects(arena, submission, &ret_plan->objects, err);
}

/* ---- in the cluster ---- */

/* Do both pods belong to the same application? */
static bool
has_same_owner(struct json_object *pod, struct json_object *other)
{
	struct json_object *owners = json_at(pod, "metadata", "ownerReferences", NULL);

	for (size_t i = 0; i < json_count(owners); i++) {
		if (crd_pod_is_of(other, json_string(json_object_array_get_idx(owners, i), "uid")))
			return true;
	}
	return false;
}

/*
 * A pod of that name is there. Closed behind its gate it has never run: if it is this submission's it is completed; if
 * the same application gave it up half-way, for this submission, it makes room. Any other is its owner's affair.
 */
static bool
adopt_pod(struct driver_plan *plan, struct launch *launch, struct err *err)
{
	struct json_object *pod;

	if (!launch_find_pod(launch, plan->submission.driver_pod, err))
		return false;
	pod = launch->pod;
	if (launch_is_of_submission(pod, plan->submission_id)) {
		if (launch_is_gated(pod) && json_string_at(pod, "metadata", "deletionTimestamp", NULL) != NULL)
			return launch_wait_for_removal(launch, "Pod", pod, err);
		return true;
	}
	launch->pod = NULL;
	if (launch_is_gated(pod) && has_same_owner(plan->objects.driver_pod, pod))
		return launch_wait_for_removal(launch, "Pod", pod, err);
	return err_set(err, ERR_EXISTS, "the driver pod %s already exists and belongs to another submission",
		       plan->submission.driver_pod);
}

/* A pod that was behind its gate is gone as soon as it is deleted, so a second try finds the name free. */
static bool
create_pod(struct driver_plan *plan, struct launch *launch, bool *ret_is_repeated, struct err *err)
{
	for (int tries_left = 2; tries_left > 0; tries_left--) {
		*ret_is_repeated = false;
		if (launch_create_pod(launch, plan->objects.driver_pod, err))
			return true;
		if (err->code != ERR_EXISTS)
			return false;
		*ret_is_repeated = true;
		if (adopt_pod(plan, launch, err))
			return true;
		if (err->code != ERR_CONFLICT)
			return false;
	}
	return false;
}

static bool
complete(struct driver_plan *plan, struct launch *launch, struct err *err)
{
	const struct launch_objects owned = { plan->objects.config_map, plan->objects.service, plan->objects.others };

	return launch_create_owned(launch, &owned, err) && launch_open(launch, err);
}

/* What is refused will be refused again: as with spark-submit, its pod goes, and the name is free. */
static void
give_up(struct launch *launch, const struct err *err)
{
	struct err ignored = ERR_INIT;

	/* if this fails the pod stays behind its gate, and goes with its application or for its next submission */
	if (launch->pod != NULL && launch_is_gated(launch->pod) && launch_is_refusal(err))
		(void)!launch_remove(launch, "Pod", launch->pod, &ignored);
}

/* Admission's refusal of an object, e.g. by pod security, is the object's fault, whatever status it has. */
static bool
fail(struct err *err)
{
	if (err->code == ERR_FORBIDDEN && launch_is_refusal(err))
		err->code = ERR_INVALID;
	return false;
}

bool
driver_submit(struct arena *arena, struct driver_plan *plan, struct driver_identity *ret_identity, struct err *err)
{
	const struct spark_submission *submission = &plan->submission;
	struct launch launch = { .kube = plan->cluster->kube, .arena = arena, .namespace = submission->namespace };

	if (!create_pod(plan, &launch, &ret_identity->is_repeated, err))
		return fail(err);
	if (launch_is_gated(launch.pod) && !complete(plan, &launch, err)) {
		give_up(&launch, err);
		return fail(err);
	}
	ret_identity->app_name = submission->app_name;
	ret_identity->app_id = json_string_at(launch.pod, "metadata", "labels", "spark-app-selector", NULL);
	ret_identity->pod = submission->driver_pod;
	ret_identity->uid = crd_uid_of(launch.pod);
	ret_identity->namespace = submission->namespace;
	ret_identity->created_at = json_string_at(launch.pod, "metadata", "creationTimestamp", NULL);
	return true;
}
