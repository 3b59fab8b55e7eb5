/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

/*
 * Contract crds.md 3.2 and 8.1. The states in between (SUCCEEDING, FAILING, ...) are never final: a retry may follow, and
 * they last for a moment. UNKNOWN (node lost) and whatever a later operator invents are no evidence of anything.
 */
static const struct {
	const char *state;
	enum batch_phase phase;
} phases[] = {
	{ "", BATCH_SEEN_STARTING },
	{ "SUBMITTED", BATCH_SEEN_STARTING },
	{ "PENDING_RERUN", BATCH_SEEN_STARTING },
	{ "RESUMING", BATCH_SEEN_STARTING },
	{ "INVALIDATING", BATCH_SEEN_STARTING },
	{ "SUBMISSION_FAILED", BATCH_SEEN_STARTING },
	{ "SUSPENDING", BATCH_SEEN_STARTING },
	{ "SUSPENDED", BATCH_SEEN_STARTING },
	{ "RUNNING", BATCH_SEEN_RUNNING },
	{ "SUCCEEDING", BATCH_SEEN_RUNNING },
	{ "FAILING", BATCH_SEEN_RUNNING },
	{ "COMPLETED", BATCH_SEEN_SUCCEEDED },
	{ "FAILED", BATCH_SEEN_FAILED },
};

/* The operator's words (crds.md 3.3). Submission comes first, because spark-submit's whole stderr follows those words. */
static const struct {
	const char *words;
	enum batch_reason reason;
} failures[] = {
	{ "failed to submit spark application", BATCH_SUBMISSION_FAILED },
	{ "failed during batch scheduler setup", BATCH_SUBMISSION_FAILED },
	{ "Reason: OOMKilled", BATCH_OUT_OF_MEMORY },
	{ "Evicted", BATCH_EVICTED },
	{ "; " CRD_DRIVER_DELETED, BATCH_DRIVER_LOST },
	{ "driver container failed with ExitCode", BATCH_EXIT_CODE },
	{ "driver pod not found", BATCH_DRIVER_LOST },
};

static enum batch_phase
phase_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_COUNT(phases); i++) {
		if (strcmp(phases[i].state, state) == 0)
			return phases[i].phase;
	}
	return BATCH_SEEN_NOTHING_NEW;
}

static enum batch_reason
reason_of(const char *message)
{
	for (size_t i = 0; message != NULL && i < ARRAY_COUNT(failures); i++) {
		if (strstr(message, failures[i].words) != NULL)
			return failures[i].reason;
	}
	return BATCH_FAILED;
}

const char *
crd_kubeflow_state(struct json_object *object)
{
	return json_string_at(object, "status", "applicationState", "state", NULL);
}

/* The driver has failed and is to be run again: the operator waits for its turn. Without a retry left FAILED follows. */
static bool
is_to_rerun(struct json_object *object)
{
	struct json_object *policy = json_at(object, "spec", "restartPolicy", NULL);
	const char *state = crd_kubeflow_state(object), *type = json_string(policy, "type");

	if (state == NULL || strcmp(state, "FAILING") != 0 || type == NULL)
		return false;
	return strcmp(type, "Always") == 0 ||
	       (strcmp(type, "OnFailure") == 0 && json_int(json_member(object, "status"), "executionAttempts", 0) <=
							  json_int(policy, "onFailureRetries", -1));
}

/* Waiting for another try; in other states the message may be left from an earlier one. */
static bool
is_put_off(struct json_object *object)
{
	const char *state = crd_kubeflow_state(object);

	return state != NULL && (strcmp(state, "SUBMISSION_FAILED") == 0 || strcmp(state, "PENDING_RERUN") == 0 ||
				 is_to_rerun(object));
}

/* Runs so far; one that is waited for is counted when another was before it. */
static int
read_attempts(struct json_object *object)
{
	int attempts = (int)json_int(json_member(object, "status"), "executionAttempts", 0);
	const char *state = crd_kubeflow_state(object);
	bool waits = is_to_rerun(object) || (state != NULL && strcmp(state, "PENDING_RERUN") == 0);

	return attempts > 0 && waits ? attempts + 1 : attempts;
}

bool
crd_kubeflow_pod_knows_more(struct json_object *object)
{
	static const char *const words[] = {
		/* said of pods that the operator has not heard of yet, too: its view lags after an outage of the API server */
		"driver pod already exist", "driver pod not found",
		/* evicted, refused by the kubelet, an init container failed */
		"driver container status missing",
		/* the image has no such program, or it cannot be run */
		"Reason: StartError", "Reason: ContainerCannotRun",
		/* ended by SIGTERM or SIGKILL: whose, the pod tells */
		"ExitCode: 143,", "ExitCode: 137,",
	};
	const char *state = crd_kubeflow_state(object);
	const char *message = json_string_at(object, "status", "applicationState", "errorMessage", NULL);

	if (state == NULL || strcmp(state, "FAILED") != 0 || message == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (strstr(message, words[i]) != NULL)
			return true;
	}
	return false;
}

bool
crd_kubeflow_ends_with_driver(struct json_object *object)
{
	/* contract crds.md 3.3 */
	static const char *const runs_again[] = { "PENDING_RERUN", "INVALIDATING", "SUSPENDING", "SUSPENDED", "RESUMING" };
	const char *state = crd_kubeflow_state(object);
	const char *restart = json_string_at(object, "spec", "restartPolicy", "type", NULL);

	if (restart == NULL || strcmp(restart, "Never") != 0 ||
	    json_object_get_boolean(json_at(object, "spec", "suspend", NULL)) || crd_deleted_at(object) != NULL)
		return false;
	for (size_t i = 0; state != NULL && i < ARRAY_COUNT(runs_again); i++) {
		if (strcmp(state, runs_again[i]) == 0)
			return false;
	}
	return true;
}

/* "driver container failed with ExitCode: 3, Reason: Error" (contract crds.md 3.3) */
static bool
read_exit_code(const char *message, int *ret_exit_code)
{
	const char *at = message == NULL ? NULL : strstr(message, "driver container failed with ExitCode:");

	return at != NULL && sscanf(at, "driver container failed with ExitCode: %d", ret_exit_code) == 1;
}

static void
read_end(struct arena *arena, struct json_object *object, const char *message, struct batch_sight *sight)
{
	const char *ended_at = json_string_at(object, "status", "terminationTime", NULL);

	/* both are RFC 3339 in UTC with seconds, so text compares as time */
	if (sight->phase == BATCH_SEEN_FAILED && ended_at != NULL && crd_deleted_at(object) != NULL &&
	    strcmp(ended_at, crd_deleted_at(object)) >= 0) {
		sight->phase = BATCH_SEEN_GONE;
	} else if (sight->phase == BATCH_SEEN_FAILED) {
		sight->reason = reason_of(message);
		sight->message = message == NULL || message[0] == '\0' ? "the application failed" : crd_shorten(arena, message);
		sight->has_exit_code = read_exit_code(message, &sight->exit_code);
	} else {
		/* the operator calls nothing else completed */
		sight->has_exit_code = true;
	}
}

void
crd_kubeflow_sight(struct arena *arena, struct json_object *object, struct batch_sight *ret_sight)
{
	struct json_object *status = json_member(object, "status");
	const char *state = crd_kubeflow_state(object);
	const char *message = json_string_at(status, "applicationState", "errorMessage", NULL);
	const char *app_id = json_string(status, "sparkApplicationId");
	const char *driver_pod = json_string_at(status, "driverInfo", "podName", NULL);
	enum batch_phase phase = is_to_rerun(object) ? BATCH_SEEN_STARTING : phase_of(state == NULL ? "" : state);

	*ret_sight = (struct batch_sight){
		.phase = phase,
		.app_id = app_id != NULL && app_id[0] != '\0' ? app_id : NULL,
		.driver_pod = driver_pod != NULL && driver_pod[0] != '\0' ? driver_pod : NULL,
		.object_uid = json_string_at(object, "metadata", "uid", NULL),
		.attempts = read_attempts(object),
	};
	if (batch_sight_is_end(ret_sight)) {
		read_end(arena, object, message, ret_sight);
	} else if (is_put_off(object) && message != NULL && message[0] != '\0') {
		/* why there is no driver: quota, an admission webhook, an image that spark-submit does not like, its last end */
		ret_sight->message = crd_shorten(arena, message);
	}
}
