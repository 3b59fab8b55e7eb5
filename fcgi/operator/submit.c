/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/submit.h"

#include <string.h>

#include "base/json.h"
#include "crd/crd.h"
#include "launch/launch.h"
#include "operator/decide.h"
#include "operator/ids.h"
#include "operator/status.h"
#include "spark/pod_json.h"

struct attempt {
	struct launch launch;
	struct json_object *application;
	struct submission_ids ids;
	struct json_object *ui_service; /* as the API server has it; NULL: there is none */
};

static struct launch
launch_in(struct kube *kube, struct arena *arena)
{
	return (struct launch){ .kube = kube, .arena = arena, .namespace = kube_namespace(kube) };
}

char *
submit_pod_path(struct kube *kube, struct arena *arena, const char *name)
{
	const struct launch launch = launch_in(kube, arena);

	return launch_path(&launch, "Pod", name);
}

/* ---- the driver pod ---- */

/*
 * The garbage collector is to remove it: there is one application of a name, so the one with the other uid is gone.
 * That is its work alone, for what is known of an application here may be older than the pod.
 */
static bool
is_of_namesake(struct attempt *attempt, struct json_object *pod)
{
	return launch_is_owned_by(pod, "SparkApplication", crd_name_of(attempt->application));
}

/* A pod of that name is there: of this attempt, of one before it, or somebody else's. */
static bool
adopt_pod(struct attempt *attempt, struct err *err)
{
	struct launch *launch = &attempt->launch;
	struct json_object *pod;
	const char *id;

	if (!launch_find_pod(launch, attempt->ids.driver_pod, err))
		return false;
	pod = launch->pod;
	launch->pod = NULL;     /* until it is known to be this attempt's */
	if (!crd_pod_is_of(pod, crd_uid_of(attempt->application)) && is_of_namesake(attempt, pod))
		return err_set(err, ERR_CONFLICT, "driver pod %s of a deleted application of that name is going",
			       attempt->ids.driver_pod);
	if (!crd_pod_is_of(pod, crd_uid_of(attempt->application)))
		return err_set(err, ERR_EXISTS, "driver pod already exist: %s is not this application's",
			       attempt->ids.driver_pod);
	id = json_string_at(pod, "metadata", "labels", POD_LABEL_SUBMISSION, NULL);
	if (operator_is_later(attempt->application, id, status_submission_attempts(attempt->application) + 1))
		return err_set(err, ERR_CONFLICT, "driver pod %s is of a later attempt", attempt->ids.driver_pod);
	/* also one made from a spec that was changed before it could run: the id tells */
	if (!launch_is_of_submission(pod, attempt->ids.submission_id) ||
	    json_string_at(pod, "metadata", "deletionTimestamp", NULL) != NULL)
		return launch_wait_for_removal(launch, "Pod", pod, err);
	launch->pod = pod;
	return true;
}

/* Many attempts are under way at a time, and of a pod's spec nothing else is asked for any more. */
static void
keep_gates_only(struct json_object *pod)
{
	struct json_object *gates = json_object_get(json_at(pod, "spec", "schedulingGates", NULL));

	json_object_object_del(pod, "spec");
	json_object_object_add(spark_child_object(pod, "spec"), "schedulingGates", gates);
}

static bool
create_pod(struct attempt *attempt, struct json_object *pod, struct err *err)
{
	if (!launch_create_pod(&attempt->launch, pod, err))
		return err->code == ERR_EXISTS && adopt_pod(attempt, err);
	keep_gates_only(attempt->launch.pod);
	keep_gates_only(pod);
	return true;
}

/*
 * The driver's own pod tells what the API server does not know in a template; executors are made by the driver, which
 * nobody tells, so their template is shown to the API server beforehand. What else that may say of half a pod means
 * nothing.
 */
static bool
check_executor_template(struct attempt *attempt, struct err *err)
{
	struct json_object *given = json_at(attempt->application, "spec", "executor", "template", NULL);
	const struct launch *launch = &attempt->launch;
	const char *path = arena_printf(launch->arena, "%s?dryRun=All&fieldValidation=Strict",
					launch_path(launch, "Pod", NULL));
	AUTO_JSON struct json_object *pod = NULL, *answer = NULL;
	struct err refusal = ERR_INIT;
	const char *why;

	if (given == NULL || json_object_deep_copy(given, &pod, NULL) != 0)
		return true;
	json_add_string(pod, "apiVersion", "v1");
	json_add_string(pod, "kind", "Pod");
	if (kube_create(launch->kube, path, pod, &answer, &refusal))
		return true;
	why = strstr(refusal.msg, "strict decoding error");
	return why == NULL || err_set(err, ERR_INVALID, "spec.executor.template: %s", why);
}

static bool
create_all(struct attempt *attempt, struct submission_objects *objects, struct err *err)
{
	const struct launch_objects owned = { objects->config_map, objects->service, objects->others };

	return check_executor_template(attempt, err) && create_pod(attempt, objects->driver_pod, err) &&
	       launch_create_owned(&attempt->launch, &owned, err) &&
	       (objects->ui_service == NULL ||
		launch_create_one(&attempt->launch, objects->ui_service, &attempt->ui_service, err));
}

/* ---- the attempt ---- */

static struct json_object *
failed_status(struct attempt *attempt, bool is_final, int64_t now_s, const struct err *err)
{
	const char *message = arena_printf(attempt->launch.arena, "failed to submit spark application: %s", err->msg);

	return status_not_submitted(attempt->launch.arena, attempt->application, &attempt->ids, message, is_final, now_s);
}

static enum submit_outcome
give_up(struct attempt *attempt, int64_t now_s, struct json_object **ret_status, struct err *err)
{
	struct err removal = ERR_INIT;

	if (!launch_is_refusal(err))
		return SUBMIT_LATER;
	/* it never ran, and the next attempt has another */
	if (attempt->launch.pod != NULL && launch_is_gated(attempt->launch.pod) &&
	    !launch_remove(&attempt->launch, "Pod", attempt->launch.pod, &removal)) {
		*err = removal;
		return SUBMIT_LATER;
	}
	*ret_status = failed_status(attempt, false, now_s, err);
	return SUBMIT_FAILED;
}

enum submit_outcome
submit_attempt(struct kube *kube, struct arena *arena, struct json_object *application, int64_t now_s,
	       struct json_object **ret_pod, struct json_object **ret_status, struct err *err)
{
	struct attempt attempt = { .launch = launch_in(kube, arena), .application = application };
	struct submission_objects objects = { 0 };
	bool created;

	/* that it is one was checked when it was decided to submit it */
	if (!operator_ids(arena, application, status_submission_attempts(application) + 1, &attempt.ids, err))
		return SUBMIT_LATER;
	attempt.ids.submitted_at_ms = now_s * 1000;
	if (!crd_submission_objects(arena, application, &attempt.ids, &objects, err)) {
		*ret_status = failed_status(&attempt, true, now_s, err);
		return SUBMIT_FAILED;
	}
	created = create_all(&attempt, &objects, err);
	crd_submission_put(&objects);
	if (!created)
		return give_up(&attempt, now_s, ret_status, err);
	*ret_pod = attempt.launch.pod;
	*ret_status = status_submitted(arena, application, &attempt.ids, now_s);
	if (attempt.ui_service != NULL)
		status_show_ui(arena, *ret_status, attempt.ui_service);
	return SUBMIT_DONE;
}

bool
submit_release(struct kube *kube, struct arena *arena, struct json_object *pod, struct json_object **ret_pod,
	       struct err *err)
{
	struct launch launch = launch_in(kube, arena);

	launch.pod = pod;
	if (!launch_open(&launch, err))
		return false;
	*ret_pod = launch.pod;
	return true;
}
