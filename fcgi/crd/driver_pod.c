/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

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

/* The driver container's terminated state, or NULL. */
static struct json_object *
driver_terminated(struct json_object *pod)
{
	struct json_object *containers = json_at(pod, "status", "containerStatuses", NULL);

	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);
		const char *name = json_string(container, "name");

		if (name != NULL && strcmp(name, CRD_DRIVER_CONTAINER) == 0)
			return json_at(container, "state", "terminated", NULL);
	}
	return NULL;
}

/* The exit code decides, not the phase: sidecars may run on, or fail on their own. */
static void
judge_exit(struct arena *arena, struct json_object *terminated, struct batch_sight *sight)
{
	int64_t exit_code = json_int(terminated, "exitCode", -1);
	const char *reason = json_string(terminated, "reason"), *why = json_string(terminated, "message");

	sight->phase = exit_code == 0 ? BATCH_SEEN_SUCCEEDED : BATCH_SEEN_FAILED;
	sight->has_exit_code = true;
	sight->exit_code = (int)exit_code;
	if (exit_code == 0)
		return;
	sight->reason = reason != NULL && strcmp(reason, "OOMKilled") == 0 ? BATCH_OUT_OF_MEMORY : BATCH_EXIT_CODE;
	/* the operator's own words, and what it leaves out: e.g. that the image has no such program */
	sight->message = arena_printf(arena, "driver container failed with ExitCode: %" PRId64 ", Reason: %s%s%s", exit_code,
				      reason == NULL ? "" : reason, why == NULL ? "" : ": ", why == NULL ? "" : why);
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
		int64_t exit_code = json_int(terminated, "exitCode", 0);

		if (exit_code != 0)
			return arena_printf(arena, "init container %s failed with ExitCode: %" PRId64 ", Reason: %s",
					    name == NULL ? "" : name, exit_code, reason == NULL ? "" : reason);
	}
	return NULL;
}

static void
judge_failed_pod(struct arena *arena, struct json_object *pod, struct batch_sight *sight)
{
	const char *reason = json_string_at(pod, "status", "reason", NULL);
	const char *message = json_string_at(pod, "status", "message", NULL);
	const char *init = init_failure(arena, pod);

	sight->phase = BATCH_SEEN_FAILED;
	sight->reason = reason != NULL && strcmp(reason, "Evicted") == 0 ? BATCH_EVICTED : BATCH_FAILED;
	if (reason == NULL && message == NULL && init != NULL)
		sight->message = init;
	else
		sight->message = arena_printf(arena, "driver pod failed: %s%s%s", reason == NULL ? "no reason is given" : reason,
					      message == NULL ? "" : ": ", message == NULL ? "" : message);
}

void
crd_pod_sight(struct arena *arena, struct json_object *pod, struct batch_sight *ret_sight)
{
	struct json_object *terminated = driver_terminated(pod);
	const char *phase = json_string_at(pod, "status", "phase", NULL);

	*ret_sight = (struct batch_sight){
		.phase = BATCH_SEEN_NOTHING_NEW,
		.app_id = json_string_at(pod, "metadata", "labels", "spark-app-selector", NULL),
		.driver_pod = json_string_at(pod, "metadata", "name", NULL),
	};
	if (terminated != NULL)
		judge_exit(arena, terminated, ret_sight);
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
