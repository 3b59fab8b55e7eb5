/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

bool
crd_pod_is_of(struct json_object *pod, struct json_object *object)
{
	struct json_object *owners = json_at(pod, "metadata", "ownerReferences", NULL);
	const char *uid = json_string_at(object, "metadata", "uid", NULL);
	size_t count = json_object_is_type(owners, json_type_array) ? json_object_array_length(owners) : 0;

	for (size_t i = 0; uid != NULL && i < count; i++) {
		const char *owner = json_string(json_object_array_get_idx(owners, i), "uid");

		if (owner != NULL && strcmp(owner, uid) == 0)
			return true;
	}
	return false;
}

/* The driver container's terminated state, or NULL. */
static struct json_object *
driver_terminated(struct json_object *pod)
{
	struct json_object *containers = json_at(pod, "status", "containerStatuses", NULL);
	size_t count = json_object_is_type(containers, json_type_array) ? json_object_array_length(containers) : 0;

	for (size_t i = 0; i < count; i++) {
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
	const char *reason = json_string(terminated, "reason");

	sight->phase = exit_code == 0 ? BATCH_SEEN_SUCCEEDED : BATCH_SEEN_FAILED;
	if (exit_code == 0)
		return;
	sight->reason = reason != NULL && strcmp(reason, "OOMKilled") == 0 ? BATCH_OUT_OF_MEMORY : BATCH_EXIT_CODE;
	sight->message = arena_printf(arena, "driver container failed with ExitCode: %" PRId64 ", Reason: %s", exit_code,
				      reason == NULL ? "" : reason);
}

static void
judge_failed_pod(struct arena *arena, struct json_object *pod, struct batch_sight *sight)
{
	const char *reason = json_string_at(pod, "status", "reason", NULL);
	const char *message = json_string_at(pod, "status", "message", NULL);

	sight->phase = BATCH_SEEN_FAILED;
	sight->reason = reason != NULL && strcmp(reason, "Evicted") == 0 ? BATCH_EVICTED : BATCH_FAILED;
	sight->message = arena_printf(arena, "driver pod failed: %s %s", reason == NULL ? "" : reason,
				      message == NULL ? "" : message);
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
	else if (strcmp(phase, "Succeeded") == 0)
		ret_sight->phase = BATCH_SEEN_SUCCEEDED;
	else
		judge_failed_pod(arena, pod, ret_sight);
}
