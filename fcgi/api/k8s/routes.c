/* SPDX-License-Identifier: Apache-2.0 */
#include "api/k8s/k8s.h"

#include <ctype.h>
#include <string.h>

#include "api/body.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/k8s_app.h"
#include "spark/driver_request.h"
#include "spark/executor_request.h"

struct k8s_origin
k8s_origin_of(const struct call *call, const char *namespace)
{
	return (struct k8s_origin){
		.user = call->caller.user,
		.request_id = call->request->request_id,
		.cluster = call->cluster,
		.namespace = namespace,
		.address = call->request->remote_address,
	};
}

bool
k8s_read_body(struct call *call, struct json_object **ret_object, struct err *err)
{
	return body_object(call, ret_object, err) &&
	       (!json_has_nul_escape(call->request->body) ||
		err_set(err, ERR_INVALID, "there is a NUL character (\\u0000) in the body"));
}

static bool
k8s_create_pod(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct json_object *pod, *stored;

	if (!k8s_read_body(call, &pod, err))
		return false;
	if (spark_is_executor(pod))
		return k8s_create_executor(call, pod, err);
	if (!k8s_submit_begin(call->app, call->arena, &origin, pod, &stored, err))
		return false;
	response_json(call->response, HTTP_CREATED, stored);
	return true;
}

static bool
apply(struct call *call, const char *kind, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct json_object *object, *stored;

	if (!k8s_read_body(call, &object, err) ||
	    !k8s_submit_part(call->app, call->arena, &origin, kind, call->params[1], object, &stored, err))
		return false;
	response_json(call->response, HTTP_CREATED, stored);
	return true;
}

static bool
k8s_apply_service(struct call *call, struct err *err)
{
	return apply(call, "Service", err);
}

static bool
k8s_apply_config_map(struct call *call, struct err *err)
{
	return apply(call, "ConfigMap", err);
}

static bool
k8s_apply_secret(struct call *call, struct err *err)
{
	return apply(call, "Secret", err);
}

static bool
k8s_apply_claim(struct call *call, struct err *err)
{
	return apply(call, "PersistentVolumeClaim", err);
}

static bool
k8s_apply_network_policy(struct call *call, struct err *err)
{
	return apply(call, "NetworkPolicy", err);
}

static bool
k8s_delete_pod(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);

	if (!k8s_submit_delete(call->app, call->arena, &origin, call->params[1], err) &&
	    (err->code != ERR_NOT_FOUND || !k8s_app_delete_pod(call->app, call->arena, &origin, call->params[1], err)))
		return false;
	k8s_answer_deleted(call, "pods", call->params[1]);
	call->response->is_held = call->request->front_holds;
	return true;
}

/* ---- paths ---- */

bool
k8s_is_path(const char *path)
{
	static const char *const roots[] = { "/api", "/apis" };

	for (size_t i = 0; i < ARRAY_COUNT(roots); i++) {
		size_t size = strlen(roots[i]);

		if (strncmp(path, roots[i], size) == 0 && (path[size] == '/' || path[size] == '\0'))
			return true;
	}
	return false;
}

/*
 * A path is what its bytes say: no escapes, no empty segments, no dots. No client sends any, and whoever reads them after
 * us, e.g. the API server behind nginx, may read them otherwise.
 */
static bool
is_plain(const char *path)
{
	for (const char *at = path; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr("/-._", *at) == NULL)
			return false;
		if (*at == '/' && (at[1] == '/' || at[1] == '.' || at[1] == '\0'))
			return false;
	}
	return true;
}

static bool
k8s_check(struct call *call, struct err *err)
{
	if (!is_plain(call->request->path))
		return err_set(err, ERR_FORBIDDEN, "this path is not served: it has an escape, a dot or a slash too many");
	for (int i = 0; i < PATH_PARAMS_MAX && call->params[i] != NULL; i++) {
		if (!spark_is_object_name(call->params[i]))
			return err_set(err, ERR_FORBIDDEN, "this path is not served: there is a name in it that Kubernetes does "
				       "not have");
	}
	return true;
}

static bool
k8s_no_route(struct call *call, struct err *err)
{
	if (strncmp(call->path, "/apis/apps/", sizeof("/apis/apps/") - 1) == 0)
		return err_set(err, ERR_FORBIDDEN, "executors are made as pods here: set "
			       "spark.kubernetes.allocation.pods.allocator=direct");
	/* the path is not repeated: it may hold any bytes, and JSON may not */
	return err_set(err, ERR_FORBIDDEN, "of the Kubernetes API only what spark-submit and its drivers ask for is served here: "
		       "a driver's pod, what belongs to it, its state, its log, and its executors");
}

static const struct route k8s_routes[] = {
	{ HTTP_POST, "/api/v1/namespaces/{namespace}/pods", ACCESS_CALLER, k8s_create_pod },
	{ HTTP_GET, "/api/v1/namespaces/{namespace}/pods", ACCESS_VIEW, k8s_list_pods },
	{ HTTP_DELETE, "/api/v1/namespaces/{namespace}/pods", ACCESS_MODIFY, k8s_delete_pods },
	{ HTTP_GET, "/api/v1/pods", ACCESS_VIEW, k8s_list_all_pods },
	{ HTTP_GET, "/api/v1/namespaces/{namespace}/pods/{name}", ACCESS_VIEW, k8s_get_pod },
	{ HTTP_DELETE, "/api/v1/namespaces/{namespace}/pods/{name}", ACCESS_MODIFY, k8s_delete_pod },
	{ HTTP_PATCH, "/api/v1/namespaces/{namespace}/pods/{name}", ACCESS_MODIFY, k8s_patch_executor },
	{ HTTP_GET, "/api/v1/namespaces/{namespace}/pods/{name}/log", ACCESS_VIEW, k8s_get_log },
	{ HTTP_PATCH, "/api/v1/namespaces/{namespace}/services/{name}", ACCESS_CALLER, k8s_apply_service },
	{ HTTP_PATCH, "/api/v1/namespaces/{namespace}/configmaps/{name}", ACCESS_CALLER, k8s_apply_config_map },
	{ HTTP_PATCH, "/api/v1/namespaces/{namespace}/secrets/{name}", ACCESS_CALLER, k8s_apply_secret },
	{ HTTP_PATCH, "/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}", ACCESS_CALLER, k8s_apply_claim },
	{ HTTP_PATCH, "/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}", ACCESS_CALLER,
	  k8s_apply_network_policy },
	{ HTTP_DELETE, "/api/v1/namespaces/{namespace}/services", ACCESS_MODIFY, k8s_delete_services },
	{ HTTP_POST, "/api/v1/namespaces/{namespace}/configmaps", ACCESS_MODIFY, k8s_create_executors_map },
	{ HTTP_DELETE, "/api/v1/namespaces/{namespace}/configmaps", ACCESS_MODIFY, k8s_delete_config_maps },
	{ HTTP_GET, "/api/v1/namespaces/{namespace}/persistentvolumeclaims", ACCESS_VIEW, k8s_list_claims },
	{ HTTP_POST, "/api/v1/namespaces/{namespace}/persistentvolumeclaims", ACCESS_MODIFY, k8s_create_executors_claim },
	{ HTTP_DELETE, "/api/v1/namespaces/{namespace}/persistentvolumeclaims", ACCESS_MODIFY, k8s_delete_claims },
	{ 0 },
};

const struct protocol k8s_protocol = {
	.name = "k8s", .routes = k8s_routes, .is_spark = true, .is_at_spark_door_only = true, .owns_path = k8s_is_path,
	.body_limit_bytes = LIMIT_K8S_BODY_BYTES, .check = k8s_check, .no_route = k8s_no_route,
	.answer_error = k8s_answer_error,
};
