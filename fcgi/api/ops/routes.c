/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ops/ops.h"

#include "base/json.h"
#include "base/text.h"
#include "store/cluster_store.h"

#define PROMETHEUS_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define PLAIN_TEXT "text/plain; charset=utf-8"

/* The process lives and answers; nothing else is asked, so that a restart is never the cure for a database's outage. */
static bool
ops_healthz(struct call *call, struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();

	(void)err;
	json_add_string(body, "status", "ok");
	response_json(call->response, HTTP_OK, body);
	return true;
}

static bool
ops_readyz(struct call *call, struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();

	if (!store_ready(call->app->store, err))
		return false;
	json_add_string(body, "status", "ready");
	response_json(call->response, HTTP_OK, body);
	return true;
}

/* Counters of this host's processes; gauges from the database, left out while it is away. */
static bool
ops_metrics(struct call *call, struct err *err)
{
	struct err ignored = ERR_INIT;
	AUTO_BUF struct buf gauges;

	(void)err;
	buf_init(&gauges, (size_t)1024 * 1024);
	call->response->status = HTTP_OK;
	call->response->content_type = PROMETHEUS_TEXT;
	metrics_render(&call->app->metrics, &call->response->body);
	buf_printf(&call->response->body, "# HELP sparkgate_database_up Did the database answer this scrape?\n"
					  "# TYPE sparkgate_database_up gauge\nsparkgate_database_up %d\n",
		   store_metrics(call->app->store, &gauges, &ignored) ? 1 : 0);
	buf_append(&call->response->body, buf_str(&gauges), gauges.size_bytes);
	return true;
}

/* Livy's word for being alive (contract livy.md section 6), which load balancers in front of it ask for. */
static bool
ops_ping(struct call *call, struct err *err)
{
	(void)err;
	call->response->status = HTTP_OK;
	call->response->content_type = PLAIN_TEXT;
	buf_text(&call->response->body, "pong\n");
	return true;
}

static const struct store_cluster *
known(const struct store_cluster *clusters, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(clusters[i].name, name))
			return &clusters[i];
	}
	return NULL;
}

static struct json_object *
cluster_json(const struct app_cluster *cluster, const struct store_cluster *seen)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "name", cluster->config->name);
	json_add_string(object, "namespace", kube_namespace(cluster->kube));
	json_add_string(object, "operator", config_operator_text(cluster->config->operator_kind));
	json_add_string(object, "operatorFound", seen == NULL ? NULL : seen->operator_found);
	json_add_string(object, "operatorFoundAt", seen == NULL ? NULL : seen->operator_found_at);
	json_add_string(object, "syncedAt", seen == NULL ? NULL : seen->synced_at);
	json_add_string(object, "heardAt", seen == NULL ? NULL : seen->heard_at);
	json_add_string(object, "lastError", seen == NULL ? NULL : seen->last_error);
	return object;
}

/* The configured clusters, and what their watchers have written down; no cluster is asked for it. */
static bool
ops_clusters(struct call *call, struct err *err)
{
	struct json_object *body, *list = json_object_new_array();
	struct app *app = call->app;
	struct store_cluster *seen;
	size_t count;

	body = arena_own_json(call->arena, json_object_new_object());
	json_object_object_add(body, "clusters", list);
	if (!store_clusters(app->store, call->arena, &seen, &count, err))
		return false;
	for (size_t i = 0; i < app->config.clusters_count; i++)
		json_object_array_add(list, cluster_json(&app->clusters[i],
							 known(seen, count, app->config.clusters[i].name)));
	response_json(call->response, HTTP_OK, body);
	return true;
}

static const struct route ops_routes[] = {
	{ HTTP_GET, "/healthz", ACCESS_PUBLIC, ops_healthz },
	{ HTTP_GET, "/readyz", ACCESS_PUBLIC, ops_readyz },
	{ HTTP_GET, "/clusters", ACCESS_CALLER, ops_clusters },
	{ HTTP_GET, "/metrics", ACCESS_CALLER, ops_metrics },
	{ HTTP_GET, "/metrics/ping", ACCESS_PUBLIC, ops_ping },
	{ 0 },
};

const struct protocol ops_protocol = { .name = "ops", .routes = ops_routes, .answer_error = answer_msg };
