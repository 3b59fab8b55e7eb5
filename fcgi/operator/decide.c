/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/decide.h"

#include <string.h>

#include "crd/crd.h"
#include "operator/ids.h"
#include "operator/retry.h"
#include "operator/status.h"

/* A pod that is being removed is looked at again after this, in case its last event was lost. */
#define REMOVAL_LOOK_S 5

struct deciding {
	struct arena *arena;
	const struct operator_view *view;
	struct operator_decision *decision;
	const char *id;                 /* of the attempt that the status speaks of; "": there was none */
	const struct submission_ids *none;      /* of the attempt before the first of the spec as it is now */
};

static void
act(struct deciding *deciding, enum operator_act what)
{
	deciding->decision->act = what;
}

static struct json_object *
write_state(struct deciding *deciding, const char *state, const char *message)
{
	struct json_object *status = status_copy(deciding->arena, deciding->view->application);

	status_move(status, state, message);
	deciding->decision->status = status;
	act(deciding, OPERATOR_WRITE);
	return status;
}

static void
wait_until(struct deciding *deciding, int64_t due_s)
{
	deciding->decision->due_s = due_s;
	act(deciding, OPERATOR_WAIT);
}

static bool
is_suspended(const struct deciding *deciding)
{
	struct json_object *suspend = json_at(deciding->view->application, "spec", "suspend", NULL);

	return json_object_is_type(suspend, json_type_boolean) && json_object_get_boolean(suspend);
}

/* ---- the driver pod ---- */

static const char *
driver_id(const struct deciding *deciding)
{
	return json_string_at(deciding->view->driver_pod, "metadata", "labels", POD_LABEL_SUBMISSION, NULL);
}

/* Of this application, whatever attempt. */
static bool
is_own_driver(const struct deciding *deciding)
{
	return deciding->view->driver_pod != NULL &&
	       crd_pod_is_of(deciding->view->driver_pod, crd_uid_of(deciding->view->application));
}

/* Of the attempt that the status speaks of. */
static bool
is_of_attempt(const struct deciding *deciding)
{
	const char *id = driver_id(deciding);

	return id != NULL && strcmp(id, deciding->id) == 0 && is_own_driver(deciding);
}

static bool
is_being_removed(const struct deciding *deciding)
{
	return json_string_at(deciding->view->driver_pod, "metadata", "deletionTimestamp", NULL) != NULL;
}

/* Unless what was seen of the application is older than its pod: `attempt` is the last that it knows of. */
static void
remove_driver(struct deciding *deciding, int attempt)
{
	if (is_being_removed(deciding) ||
	    operator_is_later(deciding->view->application, driver_id(deciding), attempt))
		wait_until(deciding, deciding->view->now_s + REMOVAL_LOOK_S);
	else
		act(deciding, OPERATOR_REMOVE_DRIVER);
}

/* ---- the end of a run ---- */

static void
see_executors(struct deciding *deciding, struct json_object *status, bool succeeded)
{
	(void)status_see_executors(status, deciding->view->executors, succeeded ? "COMPLETED" : "FAILED");
}

static void
begin_again(struct deciding *deciding)
{
	status_forget_attempt(deciding->arena, write_state(deciding, STATE_PENDING_RERUN, NULL));
}

static void
end_run(struct deciding *deciding, bool succeeded, const char *message)
{
	enum retry_of of = succeeded ? RETRY_OF_SUCCESS : RETRY_OF_FAILURE;
	bool again = retry_is_wanted(deciding->view->application, of);
	struct json_object *status;

	if (again && succeeded) {
		begin_again(deciding);
		return;
	}
	status = write_state(deciding, succeeded ? STATE_COMPLETED : again ? STATE_FAILING : STATE_FAILED, message);
	status_set_time(deciding->arena, status, "terminationTime", deciding->view->now_s);
	see_executors(deciding, status, succeeded);
}

/* ---- state by state ---- */

static void
decide_new(struct deciding *deciding)
{
	if (is_suspended(deciding))
		write_state(deciding, STATE_SUSPENDED, NULL);
	else
		act(deciding, OPERATOR_SUBMIT);
}

/* SUBMITTED or RUNNING again: written when anything has changed. */
static void
follow_driver(struct deciding *deciding, const char *state, const char *message, const struct batch_sight *sight)
{
	struct json_object *application = deciding->view->application;
	struct json_object *status = write_state(deciding, state, message);
	struct json_object *driver = json_member(status, "driverInfo");

	if (sight->app_id != NULL)
		json_add_string(status, "sparkApplicationId", sight->app_id);
	json_add_string(driver, "podName", sight->driver_pod);
	status_see_executors(status, deciding->view->executors, "UNKNOWN");
	if (json_object_equal(status, json_member(application, "status")))
		act(deciding, OPERATOR_WAIT);
}

/* Kubernetes' words, but for what only says that the gate was opened a moment ago. */
static const char *
hindrance(struct deciding *deciding)
{
	const char *why = crd_pod_waiting_for(deciding->arena, deciding->view->driver_pod);

	return why != NULL && strncmp(why, "SchedulingGated", strlen("SchedulingGated")) == 0 ? NULL : why;
}

static void
judge_driver(struct deciding *deciding)
{
	struct batch_sight sight;

	crd_pod_sight(deciding->arena, deciding->view->driver_pod, &sight);
	switch (sight.phase) {
	case BATCH_SEEN_SUCCEEDED:
		end_run(deciding, true, NULL);
		break;
	case BATCH_SEEN_FAILED:
		end_run(deciding, false, sight.message);
		break;
	case BATCH_SEEN_RUNNING:
		follow_driver(deciding, STATE_RUNNING, NULL, &sight);
		break;
	case BATCH_SEEN_STARTING:
		follow_driver(deciding, STATE_SUBMITTED, hindrance(deciding), &sight);
		break;
	default:
		/* the node is lost, or the pod so new that it has no phase */
		if (json_string_at(deciding->view->driver_pod, "status", "phase", NULL) != NULL)
			follow_driver(deciding, STATE_UNKNOWN, NULL, &sight);
	}
}

static void
decide_running(struct deciding *deciding)
{
	if (is_suspended(deciding))
		write_state(deciding, STATE_SUSPENDING, NULL);
	else if (!is_of_attempt(deciding))
		if (deciding->view->driver_asked)
			end_run(deciding, false, "driver pod not found");
		else
			act(deciding, OPERATOR_LOOK);
	else if (launch_is_gated(deciding->view->driver_pod) && !is_being_removed(deciding))
		act(deciding, OPERATOR_RELEASE);
	else
		judge_driver(deciding);
}

static void
decide_failing(struct deciding *deciding)
{
	struct json_object *application = deciding->view->application;
	int64_t due_s = retry_due_s(application, RETRY_OF_FAILURE);
	const char *message = status_message(application);

	if (is_suspended(deciding))
		write_state(deciding, STATE_SUSPENDING, NULL);
	else if (!retry_is_wanted(application, RETRY_OF_FAILURE))
		write_state(deciding, STATE_FAILED, message);
	else if (due_s > deciding->view->now_s)
		wait_until(deciding, due_s);
	else
		begin_again(deciding);
}

static void
decide_rerun(struct deciding *deciding)
{
	if (is_suspended(deciding))
		write_state(deciding, STATE_SUSPENDING, NULL);
	else if (is_of_attempt(deciding))
		remove_driver(deciding, status_submission_attempts(deciding->view->application));
	else
		act(deciding, OPERATOR_SUBMIT);
}

static void
decide_submission_failed(struct deciding *deciding)
{
	struct json_object *application = deciding->view->application;
	int64_t due_s = retry_due_s(application, RETRY_OF_SUBMISSION);
	const char *message = status_message(application);

	if (is_suspended(deciding))
		write_state(deciding, STATE_SUSPENDING, NULL);
	else if (!retry_is_wanted(application, RETRY_OF_SUBMISSION))
		status_set_time(deciding->arena, write_state(deciding, STATE_FAILED, message), "terminationTime",
				deciding->view->now_s);
	else if (due_s > deciding->view->now_s)
		wait_until(deciding, due_s);
	else
		act(deciding, OPERATOR_SUBMIT);
}

/* The spec was changed: the run of the old one ends, and all is counted anew. */
static void
decide_invalidating(struct deciding *deciding)
{
	if (is_suspended(deciding))
		write_state(deciding, STATE_SUSPENDING, NULL);
	else if (is_own_driver(deciding))
		remove_driver(deciding, 0); /* none of the new spec */
	else if (!deciding->view->driver_asked)
		act(deciding, OPERATOR_LOOK);
	else
		status_forget_attempts(deciding->arena, write_state(deciding, STATE_PENDING_RERUN, NULL),
				       deciding->none->submission_id);
}

static void
decide_suspending(struct deciding *deciding)
{
	if (is_own_driver(deciding))
		remove_driver(deciding, status_submission_attempts(deciding->view->application));
	else if (!deciding->view->driver_asked)
		act(deciding, OPERATOR_LOOK);
	else
		status_forget_attempt(deciding->arena, write_state(deciding, STATE_SUSPENDED, NULL));
}

static void
decide_suspended(struct deciding *deciding)
{
	if (!is_suspended(deciding))
		act(deciding, OPERATOR_SUBMIT);
	else if (is_own_driver(deciding))
		/* made, but never let run, before the suspension was seen */
		remove_driver(deciding, status_submission_attempts(deciding->view->application));
}

static void
decide_ended(struct deciding *deciding)
{
	struct json_object *application = deciding->view->application;
	struct json_object *time_to_live = json_at(application, "spec", "timeToLiveSeconds", NULL);
	int64_t ended_s = status_time(application, "terminationTime");
	int64_t limit_s = json_object_get_int64(time_to_live);

	if (time_to_live == NULL || ended_s < 0)
		return;
	if (limit_s > 0 && ended_s + limit_s >= deciding->view->now_s)
		wait_until(deciding, ended_s + limit_s + 1);
	else
		act(deciding, OPERATOR_DELETE);
}

static const struct {
	const char *state;
	void (*decide)(struct deciding *deciding);
} states[] = {
	{ STATE_NEW, decide_new },
	{ STATE_SUBMITTED, decide_running },
	{ STATE_RUNNING, decide_running },
	{ STATE_UNKNOWN, decide_running },
	{ STATE_COMPLETED, decide_ended },
	{ STATE_FAILED, decide_ended },
	{ STATE_FAILING, decide_failing },
	{ STATE_PENDING_RERUN, decide_rerun },
	{ STATE_INVALIDATING, decide_invalidating },
	{ STATE_SUBMISSION_FAILED, decide_submission_failed },
	{ STATE_SUSPENDING, decide_suspending },
	{ STATE_SUSPENDED, decide_suspended },
};

/* A submissionID that this operator did not give is another's work, and so is a state without one. */
static bool
is_another_operators(const struct deciding *deciding, const char *state, struct submission_origin *ret_origin)
{
	struct json_object *application = deciding->view->application;
	int attempts = status_submission_attempts(application);

	if (deciding->id[0] == '\0')
		return attempts > 0 || (state[0] != '\0' && strcmp(state, STATE_SUSPENDED) != 0 &&
					strcmp(state, STATE_SUSPENDING) != 0);
	return !operator_read_id(application, deciding->id, ret_origin) || ret_origin->attempt != attempts;
}

/* What is suspended, or going to be, takes the new spec when it is resumed. */
static bool
is_outdated(const struct deciding *deciding, const char *state, const struct submission_origin *origin)
{
	return deciding->id[0] != '\0' && strcmp(state, STATE_INVALIDATING) != 0 &&
	       strcmp(state, STATE_SUSPENDING) != 0 && strcmp(state, STATE_SUSPENDED) != 0 &&
	       operator_spec_is_changed(deciding->view->application, origin);
}

void
operator_decide(struct arena *arena, const struct operator_view *view, struct operator_decision *ret_decision)
{
	const char *state = status_state(view->application);
	struct submission_ids none;
	struct deciding deciding = { arena, view, ret_decision, status_submission_id(view->application), &none };
	struct submission_origin origin = { 0 };
	struct err err = ERR_INIT;

	*ret_decision = (struct operator_decision){ .act = OPERATOR_WAIT, .due_s = INT64_MAX };
	/* what is being deleted is the garbage collector's */
	if (json_string_at(view->application, "metadata", "deletionTimestamp", NULL) != NULL)
		return;
	if (!operator_ids(arena, view->application, 0, &none, &err) ||
	    is_another_operators(&deciding, state, &origin)) {
		act(&deciding, OPERATOR_LEAVE);
		return;
	}
	if (is_outdated(&deciding, state, &origin)) {
		write_state(&deciding, STATE_INVALIDATING, status_message(view->application));
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
		if (strcmp(states[i].state, state) == 0)
			states[i].decide(&deciding);
	}
}
