/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/status.h"

#include <string.h>

#include "base/clock.h"
#include "batch/log_lines.h"

#define NS_PER_S 1000000000

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

const char *
status_state(struct json_object *application)
{
	return or_empty(json_string_at(application, "status", "applicationState", "state", NULL));
}

int
status_submission_attempts(struct json_object *application)
{
	return (int)json_int(json_member(application, "status"), "submissionAttempts", 0);
}

int
status_execution_attempts(struct json_object *application)
{
	return (int)json_int(json_member(application, "status"), "executionAttempts", 0);
}

const char *
status_submission_id(struct json_object *application)
{
	return or_empty(json_string_at(application, "status", "submissionID", NULL));
}

const char *
status_message(struct json_object *application)
{
	return json_string_at(application, "status", "applicationState", "errorMessage", NULL);
}

int64_t
status_time(struct json_object *application, const char *key)
{
	const char *text = json_string_at(application, "status", key, NULL);
	size_t size_bytes;
	int64_t at_ns;

	if (text == NULL || !log_time_parse(text, strlen(text), &at_ns, &size_bytes))
		return -1;
	return at_ns / NS_PER_S;
}

/* ---- made anew ---- */

static void
require_object(struct json_object *status, const char *key)
{
	if (json_member(status, key) == NULL)
		json_object_object_add(status, key, json_object_new_object());
}

static void
require_null(struct json_object *status, const char *key)
{
	if (!json_object_object_get_ex(status, key, NULL))
		json_object_object_add(status, key, NULL);
}

struct json_object *
status_copy(struct arena *arena, struct json_object *application)
{
	struct json_object *status = NULL;

	json_object_deep_copy(json_member(application, "status"), &status, NULL);
	if (!json_object_is_type(status, json_type_object)) {
		json_object_put(status);
		status = json_object_new_object();
	}
	require_object(status, "applicationState");
	require_object(status, "driverInfo");
	require_null(status, "lastSubmissionAttemptTime");
	require_null(status, "terminationTime");
	return arena_own_json(arena, status);
}

void
status_move(struct json_object *status, const char *state, const char *message)
{
	struct json_object *application_state = json_object_new_object();

	json_add_string(application_state, "state", state);
	if (message != NULL && message[0] != '\0')
		json_add_string(application_state, "errorMessage", message);
	json_object_object_add(status, "applicationState", application_state);
}

void
status_set_time(struct arena *arena, struct json_object *status, const char *key, int64_t now_s)
{
	char *text = arena_alloc(arena, CLOCK_RFC3339_BYTES);

	if (now_s >= 0)
		clock_rfc3339(now_s, text);
	json_add_string(status, key, now_s >= 0 ? text : NULL);
}

void
status_forget_attempt(struct arena *arena, struct json_object *status)
{
	status_set_time(arena, status, "terminationTime", -1);
	json_object_object_add(status, "driverInfo", json_object_new_object());
	json_object_object_del(status, "executorState");
	json_object_object_del(status, "sparkApplicationId");
}

void
status_forget_attempts(struct arena *arena, struct json_object *status, const char *submission_id)
{
	status_forget_attempt(arena, status);
	status_set_time(arena, status, "lastSubmissionAttemptTime", -1);
	json_object_object_del(status, "submissionAttempts");
	json_object_object_del(status, "executionAttempts");
	json_add_string(status, "submissionID", submission_id);
}

/* ---- what a submission came to ---- */

static struct json_object *
count_attempt(struct arena *arena, struct json_object *application, const char *submission_id, int64_t now_s)
{
	struct json_object *status = status_copy(arena, application);

	status_forget_attempt(arena, status);
	json_add_string(status, "submissionID", submission_id);
	json_add_int(status, "submissionAttempts", status_submission_attempts(application) + 1);
	status_set_time(arena, status, "lastSubmissionAttemptTime", now_s);
	return status;
}

struct json_object *
status_submitted(struct arena *arena, struct json_object *application, const struct submission_ids *ids, int64_t now_s)
{
	struct json_object *status = count_attempt(arena, application, ids->submission_id, now_s);

	status_move(status, STATE_SUBMITTED, NULL);
	json_add_int(status, "executionAttempts", status_execution_attempts(application) + 1);
	json_add_string(status, "sparkApplicationId", ids->app_id);
	json_add_string(json_member(status, "driverInfo"), "podName", ids->driver_pod);
	return status;
}

void
status_show_ui(struct arena *arena, struct json_object *status, struct json_object *service)
{
	struct json_object *driver = json_member(status, "driverInfo");
	struct json_object *ports = json_at(service, "spec", "ports", NULL);
	int64_t port = json_count(ports) == 0 ? 0 : json_int(json_object_array_get_idx(ports, 0), "port", 0);
	const char *name = json_string_at(service, "metadata", "name", NULL);
	const char *namespace = json_string_at(service, "metadata", "namespace", NULL);
	const char *address = json_string_at(service, "spec", "clusterIP", NULL);

	if (address == NULL || strcmp(address, "None") == 0)
		address = arena_printf(arena, "%s.%s.svc", or_empty(name), or_empty(namespace));
	json_add_string(driver, "webUIServiceName", or_empty(name));
	json_add_int(driver, "webUIPort", port);
	json_add_string(driver, "webUIAddress", arena_printf(arena, "%s:%lld", address, (long long)port));
}

struct json_object *
status_not_submitted(struct arena *arena, struct json_object *application, const struct submission_ids *ids,
		     const char *message, bool is_final, int64_t now_s)
{
	struct json_object *status = count_attempt(arena, application, ids->submission_id, now_s);

	status_move(status, is_final ? STATE_FAILED : STATE_SUBMISSION_FAILED, message);
	if (is_final)
		status_set_time(arena, status, "terminationTime", now_s);
	return status;
}

/* ---- executors ---- */

static bool
has_ended(const char *state)
{
	return state != NULL && (strcmp(state, "COMPLETED") == 0 || strcmp(state, "FAILED") == 0);
}

static bool
set_state(struct json_object *states, const char *name, const char *state)
{
	const char *before = json_string(states, name);

	if (has_ended(before) || (before != NULL && strcmp(before, state) == 0))
		return false;
	json_add_string(states, name, state);
	return true;
}

static bool
set_states(struct json_object *states, struct json_object *seen)
{
	bool changed = false;

	if (seen == NULL)
		return false;
	json_object_object_foreach(seen, name, state)
	{
		changed |= set_state(states, name, json_object_get_string(state));
	}
	return changed;
}

bool
status_see_executors(struct json_object *status, struct json_object *seen, const char *missing)
{
	struct json_object *states = json_member(status, "executorState");
	bool is_new = states == NULL;
	bool changed = false;

	if (is_new)
		states = json_object_new_object();
	json_object_object_foreach(states, name, old)
	{
		(void)old;
		if (json_member(seen, name) == NULL)
			changed |= set_state(states, name, missing);
	}
	changed |= set_states(states, seen);
	if (is_new && changed)
		json_object_object_add(status, "executorState", states);
	else if (is_new)
		json_object_put(states);
	return changed;
}

const char *
status_executor_state(struct json_object *pod)
{
	static const struct {
		const char *phase;
		const char *state;
	} states[] = {
		{ "Pending", "PENDING" },
		{ "Running", "RUNNING" },
		{ "Succeeded", "COMPLETED" },
		{ "Failed", "FAILED" },
	};
	const char *phase = json_string_at(pod, "status", "phase", NULL);

	for (size_t i = 0; phase != NULL && i < ARRAY_COUNT(states); i++) {
		if (strcmp(states[i].phase, phase) == 0)
			return states[i].state;
	}
	return "UNKNOWN";
}
