/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/k8s/k8s.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crd/crd.h"
#include "store/k8s_store.h"

/* What clients of the contract ask with, and Airflow's; anything else is left behind. */
static const char *const list_words[] = {
	"allowWatchBookmarks", "continue", "fieldSelector", "limit", "pretty", "resourceVersion", "resourceVersionMatch",
	"sendInitialEvents", "timeoutSeconds", "watch",
};
static const char *const pod_words[] = { "pretty", "resourceVersion" };
static const char *const log_words[] = {
	"container", "follow", "limitBytes", "pretty", "previous", "sinceSeconds", "sinceTime", "tailLines", "timestamps",
};

static void
add_word(struct call *call, struct buf *query, const char *word, const char *value)
{
	buf_printf(query, "%s%s=%s", query->size_bytes == 0 ? "" : "&", word, kube_escape(call->arena, value));
}

/* The client's own words, each decoded and written anew: what reaches the API server is made here. */
static void
add_words(struct call *call, struct buf *query, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = request_query(call->request, call->arena, words[i]);

		if (value != NULL)
			add_word(call, query, words[i], value);
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
	response->carry_authorization = kube_authorization(cluster->kube, call->arena);
	response->carry_to = arena_printf(call->arena, "/k8s-api/%s%s%s%s", cluster->config->name, path,
					  query->size_bytes == 0 ? "" : "?", buf_str(query));
	return true;
}

/* ---- one pod ---- */

/* err  ERR_NOT_FOUND in Kubernetes' words */
static bool
find_batch(struct call *call, const struct k8s_origin *origin, const char *pod_name, struct batch *ret_batch, struct err *err)
{
	if (!store_k8s_batch_by_pod(call->app->store, call->arena, origin->namespace, pod_name, origin->cluster, ret_batch, err))
		return err->code != ERR_NOT_FOUND ? false : err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", pod_name);
	return access_allowed(call->route->access, ret_batch, call->caller.user) ||
	       err_set(err, ERR_FORBIDDEN, "pods \"%s\" belongs to somebody else", pod_name);
}

static bool
find_cluster(struct call *call, const struct batch *batch, struct app_cluster **ret_cluster, struct err *err)
{
	*ret_cluster = app_cluster_find(call->app, batch->cluster);
	return *ret_cluster != NULL || err_set(err, ERR_UNAVAILABLE, "the cluster of this pod is not in the gateway's "
					       "configuration any more");
}

static bool
carry_pod(struct call *call, const struct k8s_origin *origin, const char *below, const char *const *words, size_t count,
	  struct err *err)
{
	const char *pod_name = call->params[1];
	struct app_cluster *cluster;
	AUTO_BUF struct buf query;
	struct batch batch;

	buf_init(&query, LIMIT_PATH_BYTES);
	if (!find_batch(call, origin, pod_name, &batch, err) || !find_cluster(call, &batch, &cluster, err))
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
	return err->code == ERR_NOT_FOUND && carry_pod(call, &origin, "", pod_words, ARRAY_COUNT(pod_words), err);
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

/*
 * Only drivers that came this way, whatever else the client selects: ours stands first, so that nothing in the client's
 * can take it back.
 */
static bool
add_selector(struct call *call, struct buf *query, struct err *err)
{
	const char *wanted = request_query(call->request, call->arena, "labelSelector"), *gateway_key;
	const char *own;

	if (!app_gateway_key(call->app, &gateway_key, err))
		return false;
	own = crd_pods_selector(call->arena, gateway_key);
	if (wanted != NULL && wanted[0] != '\0')
		own = arena_printf(call->arena, "%s,%s", own, wanted);
	add_word(call, query, "labelSelector", own);
	return true;
}

/* "metadata.name=POD", as spark-submit watches its own pod: then it is that pod's cluster. */
static const char *
selected_pod(struct call *call)
{
	static const char by_name[] = "metadata.name=";
	const char *selector = request_query(call->request, call->arena, "fieldSelector");

	return selector != NULL && strncmp(selector, by_name, sizeof(by_name) - 1) == 0 ? selector + sizeof(by_name) - 1
											: NULL;
}

static bool
list_in(struct call *call, const struct k8s_origin *origin, struct app_cluster *cluster, struct err *err)
{
	const char *pod_name = selected_pod(call);
	AUTO_BUF struct buf query;
	struct batch batch;

	buf_init(&query, LIMIT_PATH_BYTES);
	if (pod_name != NULL && (!utf8_is_valid(pod_name) || !find_batch(call, origin, pod_name, &batch, err) ||
				 !find_cluster(call, &batch, &cluster, err)))
		return err->code != ERR_NONE ? false : err_set(err, ERR_INVALID, "fieldSelector: not valid UTF-8");
	if (!add_selector(call, &query, err))
		return false;
	add_words(call, &query, list_words, ARRAY_COUNT(list_words));
	return carry(call, cluster, arena_printf(call->arena, "/api/v1/namespaces/%s/pods", origin->namespace), &query, err);
}

bool
k8s_list_pods(struct call *call, struct err *err)
{
	struct k8s_origin origin = k8s_origin_of(call, call->params[0]);
	struct app_cluster *cluster;

	return k8s_submit_open(call->app, &origin, &cluster, err) && list_in(call, &origin, cluster, err);
}

/* Of all namespaces: the one that is open, in the cluster that the address names or in the first that has one. */
bool
k8s_list_all_pods(struct call *call, struct err *err)
{
	for (size_t i = 0; i < call->app->config.clusters_count; i++) {
		struct k8s_origin origin = k8s_origin_of(call, kube_namespace(call->app->clusters[i].kube));
		struct app_cluster *cluster;

		if ((call->cluster == NULL || strcmp(call->cluster, call->app->config.clusters[i].name) == 0) &&
		    k8s_submit_open(call->app, &origin, &cluster, err))
			return list_in(call, &origin, cluster, err);
	}
	return err_set(err, ERR_FORBIDDEN, "no cluster here is open to spark-submit --master k8s://");
}
