/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/submit.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "crd/crd.h"
#include "operator/decide.h"
#include "operator/ids.h"
#include "operator/status.h"

/* On the driver pod: the generation of the spec that it was made from. */
#define ANNOTATION_GENERATION "sparkgate.io/generation"

struct attempt {
	struct kube *kube;
	struct arena *arena;
	struct json_object *application;
	struct submission_ids ids;
	struct json_object *pod;        /* as the API server has it */
};

/* ---- objects ---- */

static const struct {
	const char *kind;
	const char *group;              /* the path before the namespace */
	const char *plural;
} kinds[] = {
	{ "Pod", "/api/v1", "pods" },
	{ "ConfigMap", "/api/v1", "configmaps" },
	{ "Service", "/api/v1", "services" },
	{ "PersistentVolumeClaim", "/api/v1", "persistentvolumeclaims" },
	{ "NetworkPolicy", "/apis/networking.k8s.io/v1", "networkpolicies" },
};

static char *
path_of(struct kube *kube, struct arena *arena, const char *kind, const char *name)
{
	for (size_t i = 0; kind != NULL && i < ARRAY_COUNT(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return arena_printf(arena, "%s/namespaces/%s/%s%s%s", kinds[i].group, kube_namespace(kube),
					    kinds[i].plural, name == NULL ? "" : "/", name == NULL ? "" : name);
	}
	return NULL;
}

char *
submit_pod_path(struct kube *kube, struct arena *arena, const char *name)
{
	return path_of(kube, arena, "Pod", name);
}

static const char *
name_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "name", NULL);
}

static const char *
uid_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "uid", NULL);
}

static struct json_object *
member_object(struct json_object *object, const char *key)
{
	struct json_object *member = json_member(object, key);

	if (member == NULL) {
		member = json_object_new_object();
		json_object_object_add(object, key, member);
	}
	return member;
}

/* As spark-submit does for what belongs to the driver, so that all of it is collected with the pod. */
static void
set_owner(struct json_object *object, const char *api_version, const char *kind, struct json_object *owner)
{
	struct json_object *references = json_object_new_array(), *reference = json_object_new_object();

	json_add_string(reference, "apiVersion", api_version);
	json_add_string(reference, "kind", kind);
	json_add_string(reference, "name", name_of(owner));
	json_add_string(reference, "uid", uid_of(owner));
	json_object_object_add(reference, "controller", json_object_new_boolean(true));
	json_object_array_add(references, reference);
	json_object_object_add(member_object(object, "metadata"), "ownerReferences", references);
}

/* ---- the driver pod ---- */

static const char *
generation_of(struct attempt *attempt)
{
	return arena_printf(attempt->arena, "%lld",
			    (long long)json_int(json_member(attempt->application, "metadata"), "generation", 0));
}

static void
close_gate(struct attempt *attempt, struct json_object *pod)
{
	struct json_object *gates = json_object_new_array(), *gate = json_object_new_object();

	json_add_string(gate, "name", OPERATOR_GATE);
	json_object_array_add(gates, gate);
	json_object_object_add(member_object(pod, "spec"), "schedulingGates", gates);
	json_add_string(member_object(member_object(pod, "metadata"), "annotations"), ANNOTATION_GENERATION,
			generation_of(attempt));
}

static bool
is_equal(const char *left, const char *right)
{
	return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static bool
remove_object(struct attempt *attempt, const char *kind, struct json_object *object, struct err *err)
{
	const char *path = path_of(attempt->kube, attempt->arena, kind, name_of(object));

	return kube_delete(attempt->kube, path, uid_of(object), err) || err->code == ERR_NOT_FOUND ||
	       err->code == ERR_CONFLICT;
}

/* ERR_CONFLICT: again later. */
static bool
wait_for_removal(struct attempt *attempt, const char *kind, struct json_object *object, struct err *err)
{
	if (json_string_at(object, "metadata", "deletionTimestamp", NULL) == NULL &&
	    !remove_object(attempt, kind, object, err))
		return false;
	return err_set(err, ERR_CONFLICT, "%s %s of an earlier attempt is going", kind, name_of(object));
}

/* A pod of that name is there: of this attempt, of one before it, or somebody else's. */
static bool
adopt_pod(struct attempt *attempt, struct err *err)
{
	struct json_object *pod;
	const char *generation;

	if (!kube_get(attempt->kube, submit_pod_path(attempt->kube, attempt->arena, attempt->ids.driver_pod), &pod, err))
		return err->code == ERR_NOT_FOUND ? err_set(err, ERR_CONFLICT, "the driver pod vanished") : false;
	arena_own_json(attempt->arena, pod);
	if (!crd_pod_is_of(pod, uid_of(attempt->application)))
		return err_set(err, ERR_EXISTS, "driver pod already exist: %s is not this application's",
			       attempt->ids.driver_pod);
	generation = json_string_at(pod, "metadata", "annotations", ANNOTATION_GENERATION, NULL);
	/* made from a spec that was changed before it could run: made anew */
	if (!is_equal(json_string_at(pod, "metadata", "labels", POD_LABEL_SUBMISSION, NULL), attempt->ids.submission_id) ||
	    json_string_at(pod, "metadata", "deletionTimestamp", NULL) != NULL ||
	    (operator_is_gated(pod) && !is_equal(generation, generation_of(attempt))))
		return wait_for_removal(attempt, "Pod", pod, err);
	attempt->pod = pod;
	return true;
}

static bool
create_pod(struct attempt *attempt, struct json_object *pod, struct err *err)
{
	close_gate(attempt, pod);
	if (kube_create(attempt->kube, submit_pod_path(attempt->kube, attempt->arena, NULL), pod, &attempt->pod, err)) {
		arena_own_json(attempt->arena, attempt->pod);
		return true;
	}
	return err->code == ERR_EXISTS && adopt_pod(attempt, err);
}

/* ---- what belongs to it ---- */

static bool
is_of_pod(struct attempt *attempt, struct json_object *object)
{
	return crd_pod_is_of(object, uid_of(attempt->pod));
}

static bool
create_owned(struct attempt *attempt, struct json_object *object, struct err *err)
{
	AUTO_JSON struct json_object *there = NULL;
	const char *kind = json_string(object, "kind");
	const char *path = path_of(attempt->kube, attempt->arena, kind, NULL);

	if (path == NULL)
		return err_set(err, ERR_INVALID, "an object of kind %s cannot be made here", kind == NULL ? "" : kind);
	set_owner(object, "v1", "Pod", attempt->pod);
	if (kube_create(attempt->kube, path, object, NULL, err))
		return true;
	if (err->code != ERR_EXISTS ||
	    !kube_get(attempt->kube, path_of(attempt->kube, attempt->arena, kind, name_of(object)), &there, err))
		return false;
	return is_of_pod(attempt, there) || wait_for_removal(attempt, kind, there, err);
}

static bool
create_others(struct attempt *attempt, struct json_object *others, struct err *err)
{
	for (size_t i = 0; i < json_count(others); i++) {
		if (!create_owned(attempt, json_object_array_get_idx(others, i), err))
			return false;
	}
	return true;
}

static bool
create_all(struct attempt *attempt, struct submission_objects *objects, struct err *err)
{
	FAILPOINT("operator.submit");
	if (!create_pod(attempt, objects->driver_pod, err))
		return false;
	FAILPOINT("operator.pod");
	if (!create_owned(attempt, objects->config_map, err) || !create_owned(attempt, objects->service, err) ||
	    !create_others(attempt, objects->others, err))
		return false;
	FAILPOINT("operator.objects");
	return true;
}

/* ---- the attempt ---- */

static struct json_object *
failed_status(struct attempt *attempt, bool is_final, int64_t now_s, const struct err *err)
{
	const char *message = arena_printf(attempt->arena, "failed to submit spark application: %s", err->msg);

	return status_not_submitted(attempt->arena, attempt->application, &attempt->ids, message, is_final, now_s);
}

/*
 * Repeating it will not help, or only after the intervals of the restart policy. A right that this operator lacks
 * is its administrator's to give, and no application's fault: those wait. Source: the words of RBAC, Kubernetes
 * 1.34; other 403s are admission's, e.g. pod security.
 */
static bool
is_refusal(const struct err *err)
{
	if (err->code == ERR_FORBIDDEN)
		return strstr(err->msg, "cannot create resource") == NULL && strstr(err->msg, "cannot get resource") == NULL;
	return err->code == ERR_INVALID || err->code == ERR_QUOTA || err->code == ERR_EXISTS ||
	       err->code == ERR_NOT_FOUND || err->code == ERR_TOO_LARGE;
}

static enum submit_outcome
give_up(struct attempt *attempt, int64_t now_s, struct json_object **ret_status, struct err *err)
{
	struct err removal = ERR_INIT;

	if (!is_refusal(err))
		return SUBMIT_LATER;
	/* it never ran, and the next attempt has another */
	if (attempt->pod != NULL && operator_is_gated(attempt->pod) &&
	    !remove_object(attempt, "Pod", attempt->pod, &removal)) {
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
	struct attempt attempt = { .kube = kube, .arena = arena, .application = application };
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
	*ret_pod = attempt.pod;
	*ret_status = status_submitted(arena, application, &attempt.ids, now_s);
	return SUBMIT_DONE;
}

bool
submit_release(struct kube *kube, struct arena *arena, struct json_object *pod, struct json_object **ret_pod,
	       struct err *err)
{
	AUTO_JSON struct json_object *changes = json_object_new_object();

	/* the uid: never the gate of another pod of that name */
	json_add_string(member_object(changes, "metadata"), "uid", uid_of(pod));
	json_object_object_add(member_object(changes, "spec"), "schedulingGates", NULL);
	if (!kube_merge(kube, submit_pod_path(kube, arena, name_of(pod)), changes, ret_pod, err))
		return false;
	arena_own_json(arena, *ret_pod);
	return true;
}
