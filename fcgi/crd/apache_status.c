/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/*
 * Contract crds.md 5.2 and 8.2. A stopping state is not the end: the driver may be run again, and pods are still being
 * removed. A terminal one does not say how it ended: the last stopping state before it does (rule 7).
 */
enum group { INITIALISING, STARTING, RUNNING, STOPPING, TERMINAL };

struct state {
	const char *name;
	enum group group;
	enum batch_phase end;           /* of a stopping one */
	enum batch_reason reason;
};

static const struct state states[] = {
	{ "Submitted", INITIALISING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "ScheduledToRestart", STARTING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "DriverRequested", STARTING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "DriverStarted", RUNNING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "DriverReady", RUNNING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "InitializedBelowThresholdExecutors", RUNNING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "RunningHealthy", RUNNING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "RunningWithPartialCapacity", RUNNING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "RunningWithBelowThresholdExecutors", RUNNING, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "Succeeded", STOPPING, BATCH_SEEN_SUCCEEDED, BATCH_NO_REASON },
	{ "Failed", STOPPING, BATCH_SEEN_FAILED, BATCH_FAILED },
	{ "DriverStartTimedOut", STOPPING, BATCH_SEEN_FAILED, BATCH_FAILED },
	{ "DriverReadyTimedOut", STOPPING, BATCH_SEEN_FAILED, BATCH_FAILED },
	{ "ExecutorsStartTimedOut", STOPPING, BATCH_SEEN_FAILED, BATCH_FAILED },
	{ "SchedulingFailure", STOPPING, BATCH_SEEN_FAILED, BATCH_SUBMISSION_FAILED },
	{ "DriverEvicted", STOPPING, BATCH_SEEN_FAILED, BATCH_EVICTED },
	{ "ResourceReleased", TERMINAL, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
	{ "TerminatedWithoutReleaseResources", TERMINAL, BATCH_SEEN_NOTHING_NEW, BATCH_NO_REASON },
};

/* What a later operator invents is not among them: no evidence of anything. */
static const struct state *
find_state(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
		if (text_is(name, states[i].name))
			return &states[i];
	}
	return NULL;
}

static const char *
name_in(struct json_object *entry)
{
	return json_string(entry, "currentStateSummary");
}

const char *
crd_apache_state(struct json_object *object)
{
	return name_in(json_at(object, "status", "currentState", NULL));
}

/* The newest entry of the history that is a stopping state, or NULL. Its keys are numbers as texts: "10" comes after "9". */
static struct json_object *
last_stop(struct json_object *object)
{
	struct json_object *history = json_at(object, "status", "stateTransitionHistory", NULL), *last = NULL;
	long long last_number = -1;

	if (!json_object_is_type(history, json_type_object))
		return NULL;
	json_object_object_foreach(history, key, entry) {
		const struct state *state = find_state(name_in(entry));
		long long number = strtoll(key, NULL, 10);

		if (state != NULL && state->group == STOPPING && number > last_number) {
			last = entry;
			last_number = number;
		}
	}
	return last;
}

/* 0 before the first driver was asked for. Attempts are numbered from 0, and the next one has its number when it is awaited. */
static int
read_attempts(struct json_object *object, const struct state *state)
{
	int64_t id = json_int(json_at(object, "status", "currentAttemptSummary", "attemptInfo", NULL), "id", 0);

	if (state == NULL || (state->group == INITIALISING && id == 0))
		return 0;
	return id >= 0 && id < INT32_MAX ? (int)id + 1 : 0;
}

static bool
may_run_again(struct json_object *object)
{
	const char *policy = json_string_at(object, "spec", "applicationTolerations", "restartConfig", "restartPolicy", NULL);

	return policy != NULL && strcmp(policy, "Never") != 0;
}

/* Both are RFC 3339 in UTC, and only one of them has a fraction: to the second, text compares as time. */
static bool
is_of_deletion(struct json_object *object, struct json_object *stop)
{
	static const size_t second = sizeof("2026-11-22T03:15:00") - 1;
	const char *deleted_at = crd_deleted_at(object), *at = json_string(stop, "lastTransitionTime");

	return deleted_at != NULL && at != NULL && strncmp(at, deleted_at, second) >= 0;
}

/* "Spark application has been shutdown as requested.": the answer to a deletion. */
static bool
is_shut_down(struct json_object *object)
{
	const char *message = json_string_at(object, "status", "currentState", "message", NULL);

	return crd_deleted_at(object) != NULL || (message != NULL && strstr(message, "shutdown as requested") != NULL);
}

/* What the driver's own status says, which the operator kept: the words are those of crd_pod_sight(). */
static bool
read_driver_status(struct arena *arena, struct json_object *stop, struct batch_sight *sight)
{
	struct json_object *status = json_member(stop, "lastObservedDriverStatus"), *pod;
	struct batch_sight of_pod;

	if (!json_object_is_type(status, json_type_object))
		return false;
	pod = arena_own_json(arena, json_object_new_object());
	json_object_object_add(pod, "status", json_object_get(status));
	crd_pod_sight(arena, pod, &of_pod);
	if (of_pod.phase != BATCH_SEEN_FAILED)
		return false;
	sight->reason = of_pod.reason;
	sight->message = of_pod.message;
	sight->has_exit_code = of_pod.has_exit_code;
	sight->exit_code = of_pod.exit_code;
	return true;
}

static void
read_failure(struct arena *arena, struct json_object *stop, const struct state *state, struct batch_sight *sight)
{
	const char *message = json_string(stop, "message");
	bool has_words = message != NULL && message[0] != '\0';

	sight->reason = state->reason;
	if (state->reason == BATCH_FAILED && has_words && strstr(message, "Driver removed") != NULL)
		sight->reason = BATCH_DRIVER_LOST;
	sight->message = has_words ? arena_printf(arena, "%s: %s", state->name, crd_shorten(arena, message)) : state->name;
	if (state->reason == BATCH_FAILED || state->reason == BATCH_EVICTED)
		(void)read_driver_status(arena, stop, sight);
}

static void
read_end(struct arena *arena, struct json_object *object, struct batch_sight *sight)
{
	struct json_object *stop = last_stop(object);
	const struct state *state = find_state(name_in(stop));

	if (state == NULL) {
		sight->phase = is_shut_down(object) ? BATCH_SEEN_GONE : BATCH_SEEN_FAILED;
		sight->reason = BATCH_FAILED;
		sight->message = sight->phase == BATCH_SEEN_GONE ? NULL : "the application ended, and its status does not say how";
		return;
	}
	sight->phase = state->end;
	if (state->end == BATCH_SEEN_SUCCEEDED)
		sight->has_exit_code = true; /* the operator calls nothing else a success */
	else if (is_of_deletion(object, stop))
		sight->phase = BATCH_SEEN_GONE;
	else
		read_failure(arena, stop, state, sight);
}

static enum batch_phase
phase_of(struct json_object *object, const struct state *state)
{
	switch (state->group) {
	case RUNNING:
		return BATCH_SEEN_RUNNING;
	case STOPPING:
		/* decided with the terminal state that follows, or with the next attempt */
		return state->end == BATCH_SEEN_FAILED && may_run_again(object) ? BATCH_SEEN_STARTING : BATCH_SEEN_RUNNING;
	default:
		return BATCH_SEEN_STARTING;
	}
}

void
crd_apache_sight(struct arena *arena, struct json_object *object, struct batch_sight *ret_sight)
{
	struct json_object *current = json_at(object, "status", "currentState", NULL);
	const char *name = name_in(current), *message = json_string(current, "message");
	const struct state *state = find_state(name);

	*ret_sight = (struct batch_sight){
		.phase = name == NULL || name[0] == '\0' ? BATCH_SEEN_STARTING : BATCH_SEEN_NOTHING_NEW,
		.object_uid = crd_uid_of(object),
		.attempts = read_attempts(object, state),
	};
	if (state == NULL)
		return;
	if (state->group == TERMINAL) {
		read_end(arena, object, ret_sight);
		return;
	}
	ret_sight->phase = phase_of(object, state);
	/* why there is no driver (any more): its last end, or what kept it from being made */
	if (ret_sight->phase == BATCH_SEEN_STARTING && message != NULL && message[0] != '\0' &&
	    (state->group == STOPPING || text_is(name, "ScheduledToRestart")))
		ret_sight->message = crd_shorten(arena, message);
}

/* An operator that was away may have missed the driver's end, and what it kept of it has no deletion: the pod is asked. */
bool
crd_apache_pod_knows_more(struct json_object *object)
{
	const struct state *current = find_state(crd_apache_state(object));
	const struct state *stop = find_state(name_in(last_stop(object)));

	if (current == NULL || current->group != TERMINAL)
		return false;
	if (stop == NULL)
		return !is_shut_down(object);
	return stop->end == BATCH_SEEN_FAILED && stop->reason != BATCH_SUBMISSION_FAILED;
}

bool
crd_apache_ends_with_driver(struct json_object *object)
{
	return !may_run_again(object) && crd_deleted_at(object) == NULL;
}
