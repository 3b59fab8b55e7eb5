/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

bool
crd_pod_is_of(struct json_object *pod, const char *object_uid)
{
	struct json_object *owners = json_at(pod, "metadata", "ownerReferences", NULL);

	for (size_t i = 0; object_uid != NULL && i < json_count(owners); i++) {
		const char *owner = json_string(json_object_array_get_idx(owners, i), "uid");

		if (owner != NULL && strcmp(owner, object_uid) == 0)
			return true;
	}
	return false;
}

const char *
crd_driver_container(struct json_object *pod)
{
	struct json_object *containers = json_at(pod, "spec", "containers", NULL);

	for (size_t i = 0; i < json_count(containers); i++) {
		if (text_is(json_string(json_object_array_get_idx(containers, i), "name"), CRD_DRIVER_CONTAINER))
			return CRD_DRIVER_CONTAINER;
	}
	return json_count(containers) == 0 ? NULL : json_string(json_object_array_get_idx(containers, 0), "name");
}

/* The driver container's terminated state, or NULL. */
static struct json_object *
driver_terminated(struct json_object *pod, const char *driver_container)
{
	struct json_object *containers = json_at(pod, "status", "containerStatuses", NULL);

	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);
		const char *name = json_string(container, "name");

		if (text_is(name, driver_container))
			return json_at(container, "state", "terminated", NULL);
	}
	return NULL;
}

/*
 * Taken away by the cluster: by its kubelet for want of memory or disk, by the scheduler for another pod of higher
 * priority, by a drain or a taint of its node. NULL when it was not. The word "Evicted" is what a status is known by.
 * Source: Kubernetes, "Pod disruption conditions" and "Node-pressure Eviction".
 */
static const char *
eviction(struct arena *arena, struct json_object *pod)
{
	const char *reason = json_string_at(pod, "status", "reason", NULL);
	const char *message = json_string_at(pod, "status", "message", NULL);
	struct json_object *conditions = json_at(pod, "status", "conditions", NULL);

	if (text_is(reason, "Evicted"))
		return message == NULL ? "Evicted" : arena_printf(arena, "Evicted: %s", message);
	for (size_t i = 0; i < json_count(conditions); i++) {
		struct json_object *condition = json_object_array_get_idx(conditions, i);
		const char *by = json_string(condition, "reason"), *why = json_string(condition, "message");

		if (text_is(json_string(condition, "type"), "DisruptionTarget") &&
		    text_is(json_string(condition, "status"), "True"))
			return arena_printf(arena, "Evicted by %s: %s", by == NULL ? "the cluster" : by, why == NULL ? "" : why);
	}
	return NULL;
}

/* Somebody deleted its pod while it ran, and the signal ended it. */
static bool
is_deleted(struct json_object *pod, int64_t exit_code)
{
	return (exit_code == 143 || exit_code == 137) &&
	       json_string_at(pod, "metadata", "deletionTimestamp", NULL) != NULL;
}

static enum batch_reason
exit_reason(struct json_object *pod, int64_t exit_code, const char *reason, const char *evicted)
{
	if (text_is(reason, "OOMKilled"))
		return BATCH_OUT_OF_MEMORY;
	if (evicted != NULL)
		return BATCH_EVICTED;
	return is_deleted(pod, exit_code) ? BATCH_DRIVER_LOST : BATCH_EXIT_CODE;
}

/* The exit code decides, not the phase: sidecars may run on, or fail on their own. */
static void
judge_exit(struct arena *arena, struct json_object *pod, struct json_object *terminated, struct batch_sight *sight)
{
	int64_t exit_code = json_int(terminated, "exitCode", -1);
	const char *reason = json_string(terminated, "reason"), *why = json_string(terminated, "message");
	const char *evicted = eviction(arena, pod);

	sight->phase = exit_code == 0 ? BATCH_SEEN_SUCCEEDED : BATCH_SEEN_FAILED;
	sight->has_exit_code = true;
	sight->exit_code = (int)exit_code;
	if (exit_code == 0)
		return;
	sight->reason = exit_reason(pod, exit_code, reason, evicted);
	if (sight->reason == BATCH_DRIVER_LOST)
		evicted = CRD_DRIVER_DELETED;
	/* the operator's own words, and what it leaves out: e.g. that the image has no such program */
	sight->message = arena_printf(arena, "driver container failed with ExitCode: %" PRId64 ", Reason: %s%s%s%s%s", exit_code,
				      reason == NULL ? "" : reason, why == NULL ? "" : ": ", why == NULL ? "" : why,
				      evicted == NULL ? "" : "; ", evicted == NULL ? "" : evicted);
}

/* An init container that failed: the driver's own was never begun. NULL: none. */
static const char *
init_failure(struct arena *arena, struct json_object *pod)
{
	struct json_object *containers = json_at(pod, "status", "initContainerStatuses", NULL);

	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);
		struct json_object *terminated = json_at(container, "state", "terminated", NULL);
		const char *name = json_string(container, "name"), *reason = json_string(terminated, "reason");
		const char *why = json_string(terminated, "message");
		int64_t exit_code = json_int(terminated, "exitCode", 0);

		if (exit_code != 0)
			return arena_printf(arena, "init container %s failed with ExitCode: %" PRId64 ", Reason: %s%s%s",
					    name == NULL ? "" : name, exit_code, reason == NULL ? "" : reason,
					    why == NULL ? "" : ": ", why == NULL ? "" : why);
	}
	return NULL;
}

static void
judge_failed_pod(struct arena *arena, struct json_object *pod, struct batch_sight *sight)
{
	const char *reason = json_string_at(pod, "status", "reason", NULL);
	const char *message = json_string_at(pod, "status", "message", NULL);
	const char *init = init_failure(arena, pod), *evicted = eviction(arena, pod);

	sight->phase = BATCH_SEEN_FAILED;
	sight->reason = evicted != NULL ? BATCH_EVICTED : BATCH_FAILED;
	if (evicted != NULL && reason != NULL && !text_is(reason, "Evicted"))
		sight->message = arena_printf(arena, "driver pod failed: %s; %s", reason, evicted);
	else if (evicted != NULL)
		sight->message = arena_printf(arena, "driver pod failed: %s", evicted);
	else if (reason == NULL && message == NULL && init != NULL)
		sight->message = init;
	else
		sight->message = arena_printf(arena, "driver pod failed: %s%s%s", reason == NULL ? "no reason is given" : reason,
					      message == NULL ? "" : ": ", message == NULL ? "" : message);
}

static void
judge(struct arena *arena, struct json_object *pod, const char *driver_container, struct batch_sight *ret_sight)
{
	struct json_object *terminated = driver_terminated(pod, driver_container);
	const char *phase = json_string_at(pod, "status", "phase", NULL);

	*ret_sight = (struct batch_sight){
		.phase = BATCH_SEEN_NOTHING_NEW,
		.app_id = json_string_at(pod, "metadata", "labels", "spark-app-selector", NULL),
		.driver_pod = json_string_at(pod, "metadata", "name", NULL),
	};
	if (terminated != NULL)
		judge_exit(arena, pod, terminated, ret_sight);
	else if (phase == NULL || strcmp(phase, "Unknown") == 0)
		return; /* the node is lost: the pod may run on */
	else if (strcmp(phase, "Pending") == 0)
		ret_sight->phase = BATCH_SEEN_STARTING;
	else if (strcmp(phase, "Running") == 0)
		ret_sight->phase = BATCH_SEEN_RUNNING;
	else if (strcmp(phase, "Succeeded") == 0) {
		/* all of its containers ended with 0 */
		ret_sight->phase = BATCH_SEEN_SUCCEEDED;
		ret_sight->has_exit_code = true;
	}
	else
		judge_failed_pod(arena, pod, ret_sight);
}

void
crd_pod_sight(struct arena *arena, struct json_object *pod, struct batch_sight *ret_sight)
{
	judge(arena, pod, CRD_DRIVER_CONTAINER, ret_sight);
}

void
crd_pod_object_sight(struct arena *arena, struct json_object *pod, const struct batch *batch, struct batch_sight *ret_sight)
{
	judge(arena, pod, batch->driver_container == NULL ? CRD_DRIVER_CONTAINER : batch->driver_container, ret_sight);
	if (batch_is_client(batch))
		ret_sight->app_id = NULL;
	ret_sight->object_uid = crd_uid_of(pod);
	ret_sight->attempts = 1; /* nobody makes it anew */
	if (ret_sight->phase == BATCH_SEEN_FAILED && ret_sight->reason == BATCH_DRIVER_LOST) {
		ret_sight->phase = BATCH_SEEN_GONE;
		ret_sight->message = CRD_POD_DELETED;
	}
}
