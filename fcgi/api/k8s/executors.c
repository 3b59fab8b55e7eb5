/* SPDX-License-Identifier: Apache-2.0 */
#include "api/k8s/k8s.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "service/k8s_app.h"
#include "spark/executor_request.h"

static const char *
query_of(struct call *call, const char *word)
{
	return request_query(call->request, call->arena, word);
}

/* ---- making ---- */

static bool
create(struct call *call, const char *kind, struct json_object *object, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct json_object *stored;

	if (!k8s_app_create(call->app, call->arena, &origin, kind, object, &stored, err))
		return false;
	response_json(call->response, HTTP_CREATED, stored);
	return true;
}

bool
k8s_create_executor(struct call *call, struct json_object *pod, struct err *err)
{
	return create(call, "Pod", pod, err);
}

bool
k8s_create_executors_map(struct call *call, struct err *err)
{
	struct json_object *map;

	return k8s_read_body(call, &map, err) && create(call, "ConfigMap", map, err);
}

bool
k8s_create_executors_claim(struct call *call, struct err *err)
{
	struct json_object *claim;

	return k8s_read_body(call, &claim, err) && create(call, "PersistentVolumeClaim", claim, err);
}

/* ---- changing, deleting ---- */

bool
k8s_patch_executor(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct json_object *patch, *pod;

	/* an object, or a list of changes */
	if (!json_parse(call->request->body, call->request->body_size_bytes, &patch, err))
		return false;
	arena_own_json(call->arena, patch);
	if (!k8s_app_patch_pod(call->app, call->arena, &origin, call->params[1], patch, &pod, err))
		return false;
	response_json(call->response, HTTP_OK, pod);
	return true;
}

static bool
delete_selected(struct call *call, const char *kind, const char *plural, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);

	if (query_of(call, "dryRun") != NULL)
		return err_set(err, ERR_INVALID, "dryRun: what is asked for here is done");
	if (!k8s_app_delete_selected(call->app, call->arena, &origin, kind, query_of(call, "labelSelector"),
				     query_of(call, "fieldSelector"), err))
		return false;
	k8s_answer_deleted(call, plural, NULL);
	return true;
}

bool
k8s_delete_pods(struct call *call, struct err *err)
{
	return delete_selected(call, "Pod", "pods", err);
}

bool
k8s_delete_services(struct call *call, struct err *err)
{
	return delete_selected(call, "Service", "services", err);
}

bool
k8s_delete_config_maps(struct call *call, struct err *err)
{
	return delete_selected(call, "ConfigMap", "configmaps", err);
}

bool
k8s_delete_claims(struct call *call, struct err *err)
{
	return delete_selected(call, "PersistentVolumeClaim", "persistentvolumeclaims", err);
}

/* ---- lists and watches ---- */

/* Which application's executors a client wants to see, or NULL. */
static const char *
selected_application(struct call *call)
{
	const char *selector = query_of(call, "labelSelector");

	return text_is(spark_selected(call->arena, selector, SPARK_LABEL_ROLE), "executor")
		       ? spark_selected(call->arena, selector, SPARK_LABEL_APP)
		       : NULL;
}

static bool
list_of(struct call *call, const struct k8s_origin *origin, const char *app_id, const char *plural, bool is_first_sight,
	struct err *err)
{
	const struct k8s_watch as_asked = { 0 };
	struct store_k8s_app known;
	struct app_cluster *cluster;
	AUTO_BUF struct buf query;

	buf_init(&query, LIMIT_PATH_BYTES);
	return k8s_app_see(call->app, call->arena, origin, app_id, NULL, call->route->access, is_first_sight, &known, &cluster,
			   err) &&
	       k8s_app_select(call->app, call->arena, &known.batch, &query, query_of(call, "labelSelector"), err) &&
	       k8s_carry_list(call, cluster,
			      arena_printf(call->arena, "/api/v1/namespaces/%s/%s", origin->namespace, plural), &query,
			      &as_asked, err);
}

bool
k8s_list_executors(struct call *call, const struct k8s_origin *origin, bool *ret_taken, struct err *err)
{
	const char *app_id = selected_application(call);

	*ret_taken = app_id != NULL && spark_is_app_id(app_id);
	if (!*ret_taken)
		return true;
	/* a driver watches before it has anything; who only lists asks for what is there */
	*ret_taken = list_of(call, origin, app_id, "pods", k8s_is_watch(call), err);
	return *ret_taken || err->code == ERR_NOT_FOUND;
}

bool
k8s_list_claims(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	const char *app_id = spark_selected(call->arena, query_of(call, "labelSelector"), SPARK_LABEL_APP);

	if (app_id == NULL)
		return err_set(err, ERR_FORBIDDEN, "labelSelector: " SPARK_LABEL_APP "=ID is wanted: only what belongs to one "
			       "application is shown");
	return list_of(call, &origin, app_id, "persistentvolumeclaims", true, err);
}

/*
 * One event a request, which then ends: a client comes again after a second with the version that it has (contract
 * 5.3). It waits like this for its own pod to be ready, which is soon; and it takes 200 instead of a WebSocket.
 */
static void
answer_watch(struct call *call, struct json_object *pod)
{
	const char *known = query_of(call, "resourceVersion");
	const char *version = json_string_at(pod, "metadata", "resourceVersion", NULL);
	AUTO_JSON struct json_object *event = json_object_new_object();

	call->response->status = HTTP_OK;
	if (known != NULL && text_is(version, known))
		return;
	json_add_string(event, "type", known == NULL || known[0] == '\0' ? "ADDED" : "MODIFIED");
	json_object_object_add(event, "object", json_object_get(pod));
	response_json(call->response, HTTP_OK, event);
	buf_text(&call->response->body, "\n");
}

bool
k8s_list_driver(struct call *call, const struct k8s_origin *origin, const char *pod_name, struct err *err)
{
	AUTO_JSON struct json_object *list = NULL;
	struct json_object *pod, *items, *metadata;

	if (!spark_is_object_name(pod_name))
		return err_set(err, ERR_INVALID, "fieldSelector: there is a name in it that Kubernetes does not have");
	if (!k8s_app_show_pod(call->app, call->arena, origin, pod_name, &pod, err))
		return false;
	if (k8s_is_watch(call)) {
		answer_watch(call, pod);
		return true;
	}
	list = json_object_new_object();
	items = json_object_new_array();
	metadata = json_object_new_object();
	json_add_string(list, "kind", "PodList");
	json_add_string(list, "apiVersion", "v1");
	json_add_string(metadata, "resourceVersion", json_string_at(pod, "metadata", "resourceVersion", NULL));
	json_object_object_add(list, "metadata", metadata);
	json_object_array_add(items, json_object_get(pod));
	json_object_object_add(list, "items", items);
	response_json(call->response, HTTP_OK, list);
	return true;
}
