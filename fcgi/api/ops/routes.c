/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ops/ops.h"

#include <inttypes.h>

#include "base/json.h"
#include "service/health.h"
#include "service/turn.h"

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

/* What of the clusters is to be alerted on. */
static bool
add_cluster_gauges(struct call *call, struct buf *text, struct err *err)
{
	const struct config *config = &call->app->config;
	struct store_cluster_load *missing;
	struct store_cluster *seen;
	size_t count, missing_count;

	if (!store_clusters(call->app->store, call->arena, &seen, &count, err) ||
	    !health_missing(call->app->store, call->arena, config, &missing, &missing_count, err))
		return false;
	buf_text(text, "# HELP sparkgate_cluster_up Has its watcher heard of the cluster lately, without an error?\n"
		       "# TYPE sparkgate_cluster_up gauge\n");
	for (size_t i = 0; i < config->clusters_count; i++)
		buf_printf(text, "sparkgate_cluster_up{cluster=\"%s\"} %d\n", config->clusters[i].name,
			   health_is_up(config, health_known(seen, count, config->clusters[i].name)) ? 1 : 0);
	buf_text(text, "# HELP sparkgate_cluster_draining Is the cluster kept from new batches?\n"
		       "# TYPE sparkgate_cluster_draining gauge\n");
	for (size_t i = 0; i < config->clusters_count; i++)
		buf_printf(text, "sparkgate_cluster_draining{cluster=\"%s\"} %d\n", config->clusters[i].name,
			   config->clusters[i].drain ? 1 : 0);
	buf_text(text, "# HELP sparkgate_cluster_missing_batches Unfinished batches of clusters that are not configured.\n"
		       "# TYPE sparkgate_cluster_missing_batches gauge\n");
	for (size_t i = 0; i < missing_count; i++)
		buf_printf(text, "sparkgate_cluster_missing_batches{cluster=\"%s\"} %" PRId64 "\n", missing[i].name,
			   missing[i].batches);
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
	buf_printf(&call->response->body, "# HELP sparkgate_config_errors Errors in the configuration file; above 0, what was in "
					  "force before them still is.\n"
					  "# TYPE sparkgate_config_errors gauge\nsparkgate_config_errors %zu\n",
		   call->app->file.errors_count);
	buf_printf(&call->response->body, "# HELP sparkgate_database_up Did the database answer this scrape?\n"
					  "# TYPE sparkgate_database_up gauge\nsparkgate_database_up %d\n",
		   store_metrics(call->app->store, turn_queues(call->arena, &call->app->config), &gauges, &ignored) &&
				   add_cluster_gauges(call, &gauges, &ignored)
			   ? 1 : 0);
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

static struct json_object *
cluster_json(struct call *call, const struct app_cluster *cluster, const struct store_cluster *seen)
{
	const struct config *config = &call->app->config;
	struct json_object *object = json_object_new_object(), *queues = json_object_new_array();
	const char *reason = health_reason(call->arena, config, seen);

	for (size_t i = 0; i < cluster->config->queues_count; i++)
		json_object_array_add(queues, json_object_new_string(cluster->config->queues[i]));
	json_add_string(object, "name", cluster->config->name);
	json_add_string(object, "state", cluster->config->drain ? "draining" : reason == NULL ? "up" : "down");
	json_add_string(object, "reason", reason);
	json_object_object_add(object, "weight", json_object_new_int(cluster->config->weight));
	json_object_object_add(object, "queues", queues);
	json_add_string(object, "namespace", kube_namespace(cluster->kube));
	json_add_string(object, "operator", config_operator_text(cluster->config->operator_kind));
	json_add_string(object, "operatorFound", seen == NULL ? NULL : seen->operator_found);
	json_add_string(object, "operatorFoundAt", seen == NULL ? NULL : seen->operator_found_at);
	json_add_string(object, "syncedAt", seen == NULL ? NULL : seen->synced_at);
	json_add_string(object, "heardAt", seen == NULL ? NULL : seen->heard_at);
	json_add_string(object, "lastError", seen == NULL ? NULL : seen->last_error);
	json_add_int(object, "running", seen == NULL ? 0 : seen->running);
	json_add_int(object, "waiting", seen == NULL ? 0 : seen->waiting);
	return object;
}

static struct json_object *
missing_json(const struct store_cluster_load *missing)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "name", missing->name);
	json_object_object_add(object, "batches", json_object_new_int64(missing->batches));
	return object;
}

/*
 * The configured clusters, and what their watchers have written down; no cluster is asked for it. Then those that only
 * batches know any more.
 */
static bool
ops_clusters(struct call *call, struct err *err)
{
	struct json_object *body, *list = json_object_new_array(), *missing_list = json_object_new_array();
	struct app *app = call->app;
	struct store_cluster_load *missing;
	struct store_cluster *seen;
	size_t count, missing_count;

	body = arena_own_json(call->arena, json_object_new_object());
	json_object_object_add(body, "clusters", list);
	json_object_object_add(body, "missing", missing_list);
	if (!store_clusters(app->store, call->arena, &seen, &count, err) ||
	    !health_missing(app->store, call->arena, &app->config, &missing, &missing_count, err))
		return false;
	for (size_t i = 0; i < app->config.clusters_count; i++)
		json_object_array_add(list, cluster_json(call, &app->clusters[i],
							 health_known(seen, count, app->config.clusters[i].name)));
	for (size_t i = 0; i < missing_count; i++)
		json_object_array_add(missing_list, missing_json(&missing[i]));
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
