/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcile.h"

#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "crd/submission.h"
#include "operator/decide.h"
#include "operator/status.h"
#include "operator/submit.h"

/* After a failure; of the API server: all wait so long, or as long as it says. */
#define AGAIN_MS 500
#define REMOVAL_LOOK_MS 5000
/* From "" to SUBMITTED and released are three steps; more than these in a row would be a fault of ours. */
#define STEPS_MAX 8

enum step { STEP_ON, STEP_RESTS };

struct reconciling {
	const struct reconciler *by;
	struct kube *kube;              /* by->kube */
	struct log *log;                /* by->log */
	struct seen_entry *entry;
	struct arena *arena;
	struct json_object *application;
	struct json_object *driver_pod;
	bool driver_asked;
	struct operator_decision decision;
};

static const char *
name_of(struct json_object *object)
{
	const char *name = json_string_at(object, "metadata", "name", NULL);

	return name == NULL ? "" : name;
}

static void
again_in(struct reconciling *work, int64_t wait_ms)
{
	seen_again(work->entry, clock_monotonic_ms() + wait_ms);
}

static enum step
failed(struct reconciling *work, const char *event, const struct err *err)
{
	log_failure(work->log, LOG_LEVEL_WARNING, event, err, LOG_TEXT("application", name_of(work->application)));
	again_in(work, AGAIN_MS);
	if (err->code == ERR_UNAVAILABLE || err->code == ERR_TIMEOUT)
		seen_pause(work->by->seen, err->retry_after_s > 0 ? (int)err->retry_after_s * 1000 : AGAIN_MS);
	return STEP_RESTS;
}

static char *
application_path(struct reconciling *work)
{
	return crd_path(work->arena, crd_of_operator(CRD_OPERATOR_OWN), kube_namespace(work->kube), name_of(work->application));
}

/* ---- the status ---- */

static void
tell_move(struct reconciling *work, struct json_object *status)
{
	const char *before = status_state(work->application);
	const char *state = json_string_at(status, "applicationState", "state", NULL);

	if (state == NULL || strcmp(state, before) == 0)
		return;
	log_event(work->log, LOG_LEVEL_INFO, "state", LOG_TEXT("application", name_of(work->application)),
		  LOG_TEXT("from", before[0] == '\0' ? "NEW" : before), LOG_TEXT("to", state),
		  LOG_TEXT("message", json_string_at(status, "applicationState", "errorMessage", NULL)));
}

/* The whole object goes back as it was read, so its resourceVersion guards the status. */
static enum step
write_status(struct reconciling *work, struct json_object *status)
{
	AUTO_JSON struct json_object *before = json_object_get(json_member(work->application, "status"));
	struct json_object *written = NULL;
	struct err err = ERR_INIT;
	const char *path = arena_printf(work->arena, "%s/status", application_path(work));

	tell_move(work, status);
	json_object_object_add(work->application, "status", json_object_get(status));
	if (!kube_replace(work->kube, path, work->application, &written, &err)) {
		/* changed or gone meanwhile: its event is on the way, and what was seen before is of no use */
		if (err.code == ERR_CONFLICT || err.code == ERR_NOT_FOUND) {
			again_in(work, AGAIN_MS);
			return STEP_RESTS;
		}
		return failed(work, "status_not_written", &err);
	}
	work->application = arena_own_json(work->arena, written);
	FAILPOINT("operator.status");
	events_tell(work->by->events, work->arena, written, before, status);
	seen_set_application(work->entry, written);
	return STEP_ON;
}

/* ---- the acts ---- */

static void
set_driver(struct reconciling *work, struct json_object *pod)
{
	work->driver_pod = pod;
	seen_set_driver(work->entry, pod);
}

static enum step
look(struct reconciling *work)
{
	struct json_object *pod = NULL;
	struct err err = ERR_INIT;
	const char *name = json_string_at(work->application, "status", "driverInfo", "podName", NULL);

	if (name == NULL || name[0] == '\0')
		name = crd_submission_driver_pod(work->arena, work->application);
	if (!kube_get(work->kube, submit_pod_path(work->kube, work->arena, name), &pod, &err) && err.code != ERR_NOT_FOUND)
		return failed(work, "driver_not_read", &err);
	work->driver_asked = true;
	set_driver(work, arena_own_json(work->arena, pod));
	return STEP_ON;
}

static enum step
submit(struct reconciling *work)
{
	struct json_object *pod = NULL, *status = NULL;
	struct err err = ERR_INIT;
	enum submit_outcome outcome = submit_attempt(work->kube, work->arena, work->application,
						     clock_wall_us() / 1000000, &pod, &status, &err);

	if (outcome == SUBMIT_LATER)
		return failed(work, "submission_put_off", &err);
	if (outcome == SUBMIT_DONE)
		set_driver(work, pod);
	return write_status(work, status);
}

static enum step
release(struct reconciling *work)
{
	const char *uid = crd_uid_of(work->driver_pod);
	struct json_object *pod = NULL;
	struct err err = ERR_INIT;

	if (uid != NULL && strcmp(uid, seen_released(work->entry)) == 0)
		return STEP_RESTS;
	FAILPOINT("operator.release");
	if (!submit_release(work->kube, work->arena, work->driver_pod, &pod, &err)) {
		/* the next look asks for it afresh */
		set_driver(work, NULL);
		return err.code == ERR_NOT_FOUND ? STEP_ON : failed(work, "driver_not_released", &err);
	}
	seen_set_released(work->entry, uid);
	set_driver(work, pod);
	return STEP_ON;
}

static enum step
remove_driver(struct reconciling *work)
{
	const char *path = submit_pod_path(work->kube, work->arena, name_of(work->driver_pod));
	struct err err = ERR_INIT;

	if (kube_delete(work->kube, path, crd_uid_of(work->driver_pod), &err)) {
		FAILPOINT("operator.removed");
		/* its going and its end come as events; should those be lost, a look */
		again_in(work, REMOVAL_LOOK_MS);
		return STEP_RESTS;
	}
	if (err.code != ERR_NOT_FOUND && err.code != ERR_CONFLICT)
		return failed(work, "driver_not_removed", &err);
	set_driver(work, NULL);
	return STEP_ON;
}

static enum step
delete_application(struct reconciling *work)
{
	struct err err = ERR_INIT;

	if (!kube_delete(work->kube, application_path(work), crd_uid_of(work->application), &err) &&
	    err.code != ERR_NOT_FOUND && err.code != ERR_CONFLICT)
		return failed(work, "application_not_deleted", &err);
	log_event(work->log, LOG_LEVEL_INFO, "time_to_live_over", LOG_TEXT("application", name_of(work->application)));
	return STEP_RESTS;
}

static enum step
leave(struct reconciling *work)
{
	if (seen_first_told(work->entry))
		log_event(work->log, LOG_LEVEL_WARNING, "left_to_another_operator",
			  LOG_TEXT("application", name_of(work->application)),
			  LOG_TEXT("submission", status_submission_id(work->application)));
	return STEP_RESTS;
}

static enum step
rest(struct reconciling *work)
{
	int64_t wait_s = work->decision.due_s - clock_wall_us() / 1000000;

	if (work->decision.due_s != INT64_MAX)
		again_in(work, wait_s > 0 ? wait_s * 1000 : 0);
	return STEP_RESTS;
}

static enum step
carry_out(struct reconciling *work)
{
	switch (work->decision.act) {
	case OPERATOR_LEAVE:
		return leave(work);
	case OPERATOR_LOOK:
		return look(work);
	case OPERATOR_SUBMIT:
		return submit(work);
	case OPERATOR_RELEASE:
		return release(work);
	case OPERATOR_REMOVE_DRIVER:
		return remove_driver(work);
	case OPERATOR_WRITE:
		return write_status(work, work->decision.status);
	case OPERATOR_DELETE:
		return delete_application(work);
	case OPERATOR_WAIT:
	default:
		return rest(work);
	}
}

/* Nothing is begun without the lease. Should it be held again in time, nothing has been lost by that. */
static enum step
wait_for_lease(struct reconciling *work)
{
	again_in(work, AGAIN_MS);
	return STEP_RESTS;
}

static enum step
take_step(struct reconciling *work)
{
	const struct operator_view view = {
		.application = work->application,
		.driver_pod = work->driver_pod,
		.driver_asked = work->driver_asked,
		.executors = seen_executors(work->by->seen, work->arena, work->entry,
					    status_submission_id(work->application)),
		.now_s = clock_wall_us() / 1000000,
	};

	if (!lease_is_held(work->by->lease))
		return wait_for_lease(work);
	operator_decide(work->arena, &view, &work->decision);
	return carry_out(work);
}

void
reconcile_application(const struct reconciler *reconciler, struct seen_entry *entry)
{
	struct reconciling work = {
		.by = reconciler, .kube = reconciler->kube, .log = reconciler->log, .entry = entry,
	};
	enum step step = STEP_ON;
	struct arena arena;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	work.arena = &arena;
	work.application = seen_parse_application(&arena, entry);
	work.driver_pod = seen_parse_driver(&arena, entry);
	if (work.application == NULL)
		step = STEP_RESTS;
	for (int steps = 0; step == STEP_ON && steps < STEPS_MAX; steps++)
		step = take_step(&work);
	if (step == STEP_ON)
		again_in(&work, AGAIN_MS);
	arena_release(&arena);
}
