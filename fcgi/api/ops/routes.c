/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ops/ops.h"

#include "base/json.h"

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

static const struct route ops_routes[] = {
	{ HTTP_GET, "/healthz", ACCESS_PUBLIC, ops_healthz },
	{ HTTP_GET, "/readyz", ACCESS_PUBLIC, ops_readyz },
	{ HTTP_GET, "/metrics", ACCESS_CALLER, ops_metrics },
	{ HTTP_GET, "/metrics/ping", ACCESS_PUBLIC, ops_ping },
	{ 0 },
};

const struct protocol ops_protocol = { .name = "ops", .routes = ops_routes, .answer_error = answer_msg };
