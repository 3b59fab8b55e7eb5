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
	struct submission_ids ids;      /* of the attempt that the status speaks of */
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
uid_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "uid", NULL);
}

static bool
is_of_attempt(const struct deciding *deciding, const struct submission_ids *ids)
{
	struct json_object *pod = deciding->view->driver_pod;
	const char *id = json_string_at(pod, "metadata", "labels", POD_LABEL_SUBMISSION, NULL);

	return pod != NULL && id != NULL && strcmp(id, ids->submission_id) == 0 &&
	       crd_pod_is_of(pod, uid_of(deciding->view->application));
}

/* Of this application, whatever attempt. */
static bool
is_own_driver(const struct deciding *deciding)
{
	return deciding->view->driver_pod != NULL &&
	       crd_pod_is_of(deciding->view->driver_pod, uid_of(deciding->view->application));
}

static bool
is_being_removed(const struct deciding *deciding)
{
	return json_string_at(deciding->view->driver_pod, "metadata", "deletionTimestamp", NULL) != NULL;
}

static void
remove_driver(struct deciding *deciding)
{
	if (is_being_removed(deciding))
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
	else if (!is_of_attempt(deciding, &deciding->ids))
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
	const char *message = json_string_at(application, "status", "applicationState", "errorMessage", NULL);

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
	else if (is_of_attempt(deciding, &deciding->ids))
		remove_driver(deciding);
	else
		act(deciding, OPERATOR_SUBMIT);
}

static void
decide_submission_failed(struct deciding *deciding)
{
	struct json_object *application = deciding->view->application;
	int64_t due_s = retry_due_s(application, RETRY_OF_SUBMISSION);
	const char *message = json_string_at(application, "status", "applicationState", "errorMessage", NULL);

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

static void
decide_suspending(struct deciding *deciding)
{
	if (is_own_driver(deciding))
		remove_driver(deciding);
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
		remove_driver(deciding);        /* made, but never let run, before the suspension was seen */
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
	{ STATE_SUBMISSION_FAILED, decide_submission_failed },
	{ STATE_SUSPENDING, decide_suspending },
	{ STATE_SUSPENDED, decide_suspended },
};

/* A submissionID that this operator did not give is another's work, and so is a state without one. */
static bool
is_another_operators(const struct deciding *deciding, const char *state)
{
	const char *id = status_submission_id(deciding->view->application);
	bool was_submitted = status_submission_attempts(deciding->view->application) > 0;

	if (id[0] == '\0')
		return was_submitted || (state[0] != '\0' && strcmp(state, STATE_SUSPENDED) != 0 &&
					 strcmp(state, STATE_SUSPENDING) != 0);
	return strcmp(id, deciding->ids.submission_id) != 0;
}

void
operator_decide(struct arena *arena, const struct operator_view *view, struct operator_decision *ret_decision)
{
	struct deciding deciding = { arena, view, ret_decision, { 0 } };
	int attempt = status_submission_attempts(view->application);
	const char *state = status_state(view->application);
	struct err err = ERR_INIT;

	*ret_decision = (struct operator_decision){ .act = OPERATOR_WAIT, .due_s = INT64_MAX };
	/* what is being deleted is the garbage collector's */
	if (json_string_at(view->application, "metadata", "deletionTimestamp", NULL) != NULL)
		return;
	if (!operator_ids(arena, view->application, attempt, &deciding.ids, &err) ||
	    is_another_operators(&deciding, state)) {
		act(&deciding, OPERATOR_LEAVE);
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
		if (strcmp(states[i].state, state) == 0)
			states[i].decide(&deciding);
	}
}
