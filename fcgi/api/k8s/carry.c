/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/k8s/k8s.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"
#include "service/k8s_app.h"
#include "service/k8s_read.h"

/* What clients of the contract ask with, and Airflow's; anything else is left behind. */
static const char *const list_words[] = {
	"allowWatchBookmarks", "continue", "fieldSelector", "limit", "pretty", "resourceVersionMatch", "sendInitialEvents", "watch",
};
static const char version_word[] = "resourceVersion";
static const char limit_word[] = "timeoutSeconds"; /* of a watch */
/* No API server remembers it: it tells the client so, or all that it has forgotten to be told. */
static const char first_version[] = "1";
static const char *const pod_words[] = { "pretty", "resourceVersion" };
static const char *const log_words[] = {
	"container", "follow", "limitBytes", "pretty", "previous", "sinceSeconds", "sinceTime", "tailLines", "timestamps",
};

static void
add_words(struct call *call, struct buf *query, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = request_query(call->request, call->arena, words[i]);

		if (value != NULL)
			k8s_read_add(call->arena, query, words[i], value);
	}
}

/*
 * Hands the request over to nginx, which asks that cluster's API server with the gateway's credentials and streams the
 * answer: no worker waits. Without nginx in front of it a worker has nobody to give a credential to.
 */
static bool
carry(struct call *call, struct app_cluster *cluster, const char *path, struct buf *query, struct err *err)
{
	struct response *response = call->response;

	if (!call->request->front_carries)
		return err_set(err, ERR_UNAVAILABLE, "the front of this gateway cannot carry a request to an API server");
	if (query->overflowed)
		return err_set(err, ERR_TOO_LARGE, "the query is longer than %zu bytes", LIMIT_PATH_BYTES);
	response->status = HTTP_OK;
	k8s_read_carry(cluster, call->arena, path, query, &response->carry_to, &response->carry_authorization);
	return true;
}

/* ---- one pod ---- */

static bool
carry_pod(struct call *call, const struct k8s_origin *origin, const char *below, const char *const *words, size_t count,
	  struct err *err)
{
	const char *pod_name = call->params[1];
	struct app_cluster *cluster;
	AUTO_BUF struct buf query;

	buf_init(&query, LIMIT_PATH_BYTES);
	if (!k8s_read_pod(call->app, call->arena, origin, pod_name, call->route->access, &cluster, err))
		return false;
	add_words(call, &query, words, count);
	return carry(call, cluster,
		     arena_printf(call->arena, "/api/v1/namespaces/%s/pods/%s%s", origin->namespace, pod_name, below), &query,
		     err);
}

bool
k8s_get_pod(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct app_cluster *cluster;
	struct json_object *pod;

	if (!k8s_submit_open(call->app, &origin, &cluster, err))
		return false;
	if (k8s_submit_show(call->app, call->arena, &origin, call->params[1], &pod, err)) {
		response_json(call->response, HTTP_OK, pod);
		return true;
	}
	if (err->code != ERR_NOT_FOUND)
		return false;
	if (carry_pod(call, &origin, "", pod_words, ARRAY_COUNT(pod_words), err))
		return true;
	if (err->code != ERR_NOT_FOUND || !k8s_app_show_pod(call->app, call->arena, &origin, call->params[1], &pod, err))
		return false;
	response_json(call->response, HTTP_OK, pod);
	return true;
}

bool
k8s_get_log(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct app_cluster *cluster;

	return k8s_submit_open(call->app, &origin, &cluster, err) &&
	       carry_pod(call, &origin, "/log", log_words, ARRAY_COUNT(log_words), err);
}

/* ---- lists and watches ---- */

/* "metadata.name=POD", as spark-submit watches its own pod: then it is that pod's cluster. */
static const char *
selected_pod(struct call *call)
{
	static const char by_name[] = "metadata.name=";
	const char *selector = request_query(call->request, call->arena, "fieldSelector");

	return selector != NULL && strncmp(selector, by_name, sizeof(by_name) - 1) == 0 ? selector + sizeof(by_name) - 1
											: NULL;
}

bool
k8s_is_watch(struct call *call)
{
	const char *watch = request_query(call->request, call->arena, "watch");

	return watch != NULL && !text_is(watch, "0") && !text_is(watch, "false");
}

/* From where, and for how long: as the client wants it, unless we know better. */
static void
add_range(struct call *call, struct buf *query, const struct k8s_watch *watch)
{
	const char *version = request_query(call->request, call->arena, version_word);
	const char *limit = request_query(call->request, call->arena, limit_word);
	long limit_s = limit == NULL ? 0 : strtol(limit, NULL, 10);

	if (watch->begins_anew)
		version = first_version;
	if (watch->limit_s > 0 && (limit_s <= 0 || limit_s > watch->limit_s))
		limit = arena_printf(call->arena, "%d", watch->limit_s);
	if (version != NULL)
		k8s_read_add(call->arena, query, version_word, version);
	if (limit != NULL)
		k8s_read_add(call->arena, query, limit_word, limit);
}

bool
k8s_carry_list(struct call *call, struct app_cluster *cluster, const char *path, struct buf *query,
	       const struct k8s_watch *watch, struct err *err)
{
	add_words(call, query, list_words, ARRAY_COUNT(list_words));
	add_range(call, query, watch);
	return carry(call, cluster, path, query, err);
}

/* A watch that has one event or none; asked for as a WebSocket the client asks again without (contract 1, rule 3). */
static bool
answer_watch(struct call *call, const struct k8s_watch *watch)
{
	call->response->status = HTTP_OK;
	if (watch->event != NULL) {
		response_json(call->response, HTTP_OK, watch->event);
		buf_text(&call->response->body, "\n");
	}
	return true;
}

static bool
list_in(struct call *call, const struct k8s_origin *origin, struct app_cluster *cluster, struct err *err)
{
	const char *pod_name = selected_pod(call);
	struct k8s_watch watch = { 0 };
	AUTO_BUF struct buf query;
	bool is_taken;

	buf_init(&query, LIMIT_PATH_BYTES);
	if (pod_name != NULL && !utf8_is_valid(pod_name))
		return err_set(err, ERR_INVALID, "fieldSelector: not valid UTF-8");
	if (pod_name != NULL &&
	    !k8s_read_pod(call->app, call->arena, origin, pod_name, call->route->access, &cluster, err))
		return err->code == ERR_NOT_FOUND && k8s_list_driver(call, origin, pod_name, err);
	if (pod_name != NULL && k8s_is_watch(call) &&
	    !k8s_read_watched(call->app, call->arena, origin, pod_name, call->route->access,
			      request_query(call->request, call->arena, version_word) != NULL, &watch, err))
		return false;
	if (watch.is_answered)
		return answer_watch(call, &watch);
	if (pod_name == NULL && (!k8s_list_executors(call, origin, &is_taken, err) || is_taken))
		return is_taken;
	if (!k8s_read_select(call->app, call->arena, &query, request_query(call->request, call->arena, "labelSelector"), err))
		return false;
	return k8s_carry_list(call, cluster, arena_printf(call->arena, "/api/v1/namespaces/%s/pods", origin->namespace), &query,
			      &watch, err);
}

bool
k8s_list_pods(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct app_cluster *cluster;

	return k8s_submit_open(call->app, &origin, &cluster, err) && list_in(call, &origin, cluster, err);
}

bool
k8s_list_all_pods(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, NULL);
	struct app_cluster *cluster;

	return k8s_read_all(call->app, &origin, &cluster, err) && list_in(call, &origin, cluster, err);
}
