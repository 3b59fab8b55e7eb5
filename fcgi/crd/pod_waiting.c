/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd.h"

#include <string.h>

#include "base/json.h"

static const char *
reason_and_message(struct arena *arena, const char *reason, const char *message)
{
	return message == NULL || message[0] == '\0' ? arena_strdup(arena, reason)
						    : arena_printf(arena, "%s: %s", reason, message);
}

/* Pending for good reasons: it takes a while to make a container. */
static bool
is_usual(const char *reason)
{
	return strcmp(reason, "ContainerCreating") == 0 || strcmp(reason, "PodInitializing") == 0;
}

static const char *
container_waits_for(struct arena *arena, struct json_object *statuses)
{
	for (size_t i = 0; i < json_count(statuses); i++) {
		struct json_object *waiting =
			json_at(json_object_array_get_idx(statuses, i), "state", "waiting", NULL);
		const char *reason = json_string(waiting, "reason");

		if (reason != NULL && !is_usual(reason))
			return reason_and_message(arena, reason, json_string(waiting, "message"));
	}
	return NULL;
}

static const char *
scheduler_says(struct arena *arena, struct json_object *conditions)
{
	for (size_t i = 0; i < json_count(conditions); i++) {
		struct json_object *condition = json_object_array_get_idx(conditions, i);
		const char *type = json_string(condition, "type"), *status = json_string(condition, "status");
		const char *reason = json_string(condition, "reason");

		if (type != NULL && strcmp(type, "PodScheduled") == 0 && status != NULL && strcmp(status, "False") == 0)
			return reason_and_message(arena, reason == NULL ? "Unscheduled" : reason,
						  json_string(condition, "message"));
	}
	return NULL;
}

const char *
crd_pod_waiting_for(struct arena *arena, struct json_object *pod)
{
	struct json_object *status = json_member(pod, "status");
	const char *why = scheduler_says(arena, json_member(status, "conditions"));

	if (why == NULL)
		why = container_waits_for(arena, json_member(status, "initContainerStatuses"));
	return why != NULL ? why : container_waits_for(arena, json_member(status, "containerStatuses"));
}

bool
crd_pod_is_pending(struct json_object *pod)
{
	const char *phase = json_string_at(pod, "status", "phase", NULL);

	return phase != NULL && strcmp(phase, "Pending") == 0;
}

/* Contract crds.md 9.8: reporters fill different ones of these. All are RFC 3339 in UTC, so text compares as time. */
static const char *
event_time(struct json_object *event)
{
	const char *at = json_string_at(event, "series", "lastObservedTime", NULL);

	if (at == NULL)
		at = json_string(event, "lastTimestamp");
	if (at == NULL)
		at = json_string(event, "eventTime");
	if (at == NULL)
		at = json_string_at(event, "metadata", "creationTimestamp", NULL);
	return at == NULL ? "" : at;
}

bool
crd_event_is_newer(struct json_object *event, struct json_object *than)
{
	return strcmp(event_time(event), event_time(than)) > 0;
}

const char *
crd_event_text(struct arena *arena, struct json_object *event)
{
	const char *reason = json_string(event, "reason");

	return reason == NULL ? NULL : reason_and_message(arena, reason, json_string(event, "message"));
}
