/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/launch.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "crd/crd.h"
#include "spark/pod_json.h"

static const struct {
	const char *kind;
	const char *group;              /* the path before the namespace */
	const char *plural;
} kinds[] = {
	{ "Pod", "/api/v1", "pods" },
	{ "ConfigMap", "/api/v1", "configmaps" },
	{ "Service", "/api/v1", "services" },
	{ "PersistentVolumeClaim", "/api/v1", "persistentvolumeclaims" },
	{ "Secret", "/api/v1", "secrets" },
	{ "NetworkPolicy", "/apis/networking.k8s.io/v1", "networkpolicies" },
};

char *
launch_path(const struct launch *launch, const char *kind, const char *name)
{
	for (size_t i = 0; kind != NULL && i < ARRAY_COUNT(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return arena_printf(launch->arena, "%s/namespaces/%s/%s%s%s", kinds[i].group, launch->namespace,
					    kinds[i].plural, name == NULL ? "" : "/", name == NULL ? "" : name);
	}
	return NULL;
}

bool
launch_create_pod(struct launch *launch, struct json_object *pod, struct err *err)
{
	/* strict: what the API server does not know, e.g. a misspelt field of a template, is an error */
	const char *path = arena_printf(launch->arena, "%s?fieldValidation=Strict", launch_path(launch, "Pod", NULL));
	struct json_object *created;

	FAILPOINT("launch.begin");
	launch_close_gate(pod);
	if (!kube_create(launch->kube, path, pod, &created, err))
		return false;
	launch->pod = arena_own_json(launch->arena, created);
	FAILPOINT("launch.pod");
	return true;
}

bool
launch_find_pod(struct launch *launch, const char *name, struct err *err)
{
	struct json_object *pod;

	if (!kube_get(launch->kube, launch_path(launch, "Pod", name), &pod, err))
		return err->code == ERR_NOT_FOUND ? err_set(err, ERR_CONFLICT, "the driver pod vanished") : false;
	launch->pod = arena_own_json(launch->arena, pod);
	return true;
}

bool
launch_remove(struct launch *launch, const char *kind, struct json_object *object, struct err *err)
{
	const char *path = launch_path(launch, kind, crd_name_of(object));

	return kube_delete(launch->kube, path, crd_uid_of(object), err) || err->code == ERR_NOT_FOUND ||
	       err->code == ERR_CONFLICT;
}

bool
launch_wait_for_removal(struct launch *launch, const char *kind, struct json_object *object, struct err *err)
{
	if (json_string_at(object, "metadata", "deletionTimestamp", NULL) == NULL &&
	    !launch_remove(launch, kind, object, err))
		return false;
	return err_set(err, ERR_CONFLICT, "%s %s of an earlier attempt is going", kind, crd_name_of(object));
}

/* As spark-submit does for what belongs to the driver, so that all of it is collected with the pod. */
static void
set_owner(struct json_object *object, struct json_object *pod)
{
	struct json_object *references = json_object_new_array(), *reference = json_object_new_object();

	json_add_string(reference, "apiVersion", "v1");
	json_add_string(reference, "kind", "Pod");
	json_add_string(reference, "name", crd_name_of(pod));
	json_add_string(reference, "uid", crd_uid_of(pod));
	json_object_object_add(reference, "controller", json_object_new_boolean(true));
	json_object_array_add(references, reference);
	json_object_object_add(spark_child_object(object, "metadata"), "ownerReferences", references);
}

static bool
is_equal(const char *left, const char *right)
{
	return left != NULL && right != NULL && strcmp(left, right) == 0;
}

bool
launch_is_owned_by(struct json_object *object, const char *kind, const char *name)
{
	struct json_object *owners = json_at(object, "metadata", "ownerReferences", NULL);

	for (size_t i = 0; i < json_count(owners); i++) {
		struct json_object *owner = json_object_array_get_idx(owners, i);

		if (is_equal(json_string(owner, "kind"), kind) && is_equal(json_string(owner, "name"), name))
			return true;
	}
	return false;
}

static const char *
application_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "labels", POD_LABEL_APPLICATION, NULL);
}

/*
 * An object of that name is there. What an earlier pod of that name has left, or something that says it is of the same
 * application, is removed: ERR_CONFLICT, it can be made then.
 */
static bool
adopt(struct launch *launch, const char *kind, const char *name, struct json_object **ret_object, struct err *err)
{
	struct json_object *there;

	if (!kube_get(launch->kube, launch_path(launch, kind, name), &there, err))
		return err->code == ERR_NOT_FOUND ? err_set(err, ERR_CONFLICT, "%s %s vanished", kind, name) : false;
	arena_own_json(launch->arena, there);
	if (crd_pod_is_of(there, crd_uid_of(launch->pod))) {
		*ret_object = there;
		return true;
	}
	if (!launch_is_owned_by(there, "Pod", crd_name_of(launch->pod)) &&
	    !is_equal(application_of(there), application_of(launch->pod)))
		return err_set(err, ERR_EXISTS, "%s %s already exists and is not this application's", kind, name);
	return launch_wait_for_removal(launch, kind, there, err);
}

bool
launch_create_one(struct launch *launch, struct json_object *object, struct json_object **ret_object, struct err *err)
{
	const char *kind = json_string(object, "kind");
	const char *path = launch_path(launch, kind, NULL);

	if (path == NULL)
		return err_set(err, ERR_INVALID, "an object of kind %s cannot be made here", kind == NULL ? "" : kind);
	set_owner(object, launch->pod);
	/* twice: what has no finalizers is gone as soon as its removal is answered */
	for (int tries = 0; tries < 2; tries++) {
		if (kube_create(launch->kube, path, object, ret_object, err)) {
			arena_own_json(launch->arena, *ret_object);
			return true;
		}
		if (err->code != ERR_EXISTS)
			return false;
		if (adopt(launch, kind, crd_name_of(object), ret_object, err))
			return true;
		if (err->code != ERR_CONFLICT)
			return false;
	}
	return false;
}

bool
launch_create_owned(struct launch *launch, const struct launch_objects *objects, struct err *err)
{
	struct json_object *created;

	if (!launch_create_one(launch, objects->config_map, &created, err))
		return false;
	FAILPOINT("launch.map");
	if (!launch_create_one(launch, objects->service, &created, err))
		return false;
	for (size_t i = 0; i < json_count(objects->others); i++) {
		if (!launch_create_one(launch, json_object_array_get_idx(objects->others, i), &created, err))
			return false;
	}
	FAILPOINT("launch.objects");
	return true;
}

bool
launch_open(struct launch *launch, struct err *err)
{
	AUTO_JSON struct json_object *changes = json_object_new_object();
	struct json_object *opened;

	/* the uid: never the gate of another pod of that name */
	json_add_string(spark_child_object(changes, "metadata"), "uid", crd_uid_of(launch->pod));
	/* others are not ours to open, e.g. a queue's */
	json_object_object_add(spark_child_object(changes, "spec"), "schedulingGates", launch_other_gates(launch->pod));
	if (!kube_merge(launch->kube, launch_path(launch, "Pod", crd_name_of(launch->pod)), changes, &opened, err))
		return false;
	launch->pod = arena_own_json(launch->arena, opened);
	return true;
}

/* Source: the words of RBAC, Kubernetes 1.34; other 403s are admission's, e.g. pod security. */
bool
launch_is_refusal(const struct err *err)
{
	static const char *const lacking[] = {
		"cannot create resource \"", "cannot get resource \"", "cannot delete resource \"",
		/* of OwnerReferencesPermissionEnforcement: the right to set finalizers */
		"cannot set blockOwnerDeletion",
	};

	for (size_t i = 0; err->code == ERR_FORBIDDEN && i < ARRAY_COUNT(lacking); i++) {
		if (strstr(err->msg, lacking[i]) != NULL)
			return false;
	}
	return err->code == ERR_FORBIDDEN || err->code == ERR_INVALID || err->code == ERR_QUOTA ||
	       err->code == ERR_EXISTS || err->code == ERR_NOT_FOUND || err->code == ERR_TOO_LARGE;
}
