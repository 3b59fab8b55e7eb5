/* SPDX-License-Identifier: Apache-2.0 */
#include "api/dispatch.h"

#include <string.h>

#include "api/k8s/k8s.h"
#include "api/livy/livy.h"
#include "api/ops/ops.h"
#include "api/spark_rest/spark_rest.h"
#include "api/submitter/submitter.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/percent.h"
#include "service/reload.h"

static const struct protocol *const protocols[] = {
	&livy_protocol, &ops_protocol, &spark_rest_protocol, &k8s_protocol, &submitter_protocol,
};

/* At the door of Spark's own clients wrong paths have answers of their own, so nothing else is served there. */
static bool
is_served(const struct protocol *protocol, const struct call *call)
{
	if (call->request->door == HTTP_DOOR_SPARK ? !protocol->is_spark : protocol->is_at_spark_door_only)
		return false;
	return protocol->is_served == NULL || protocol->is_served(call->app);
}

/* "/clusters/NAME/v1/...": the only thing that spark-submit can be told beside a host (contract spark-rest.md 1.9). */
static const char *
take_cluster(struct call *call)
{
	static const char prefix[] = "/clusters/";
	const char *path = call->request->path, *name;
	size_t size;

	if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
		return path;
	name = path + sizeof(prefix) - 1;
	size = strcspn(name, "/");
	if (size == 0)
		return path;
	call->cluster = percent_decode(call->arena, name, size, false);
	return name[size] == '\0' ? "/" : name + size;
}

/* Whose words a path has that no route fits. */
static const struct protocol *
owner_of(const struct call *call)
{
	if (call->request->door != HTTP_DOOR_SPARK)
		return protocols[0];
	for (size_t i = 0; i < ARRAY_COUNT(protocols); i++) {
		if (protocols[i]->owns_path != NULL && protocols[i]->owns_path(call->path))
			return protocols[i];
	}
	return &spark_rest_protocol;
}

static bool
serves(const struct route *route, enum http_method method)
{
	return route->method == method || (route->method == HTTP_GET && method == HTTP_HEAD);
}

static const char *
method_names(enum http_method method)
{
	switch (method) {
	case HTTP_GET:
		return "GET, HEAD";
	case HTTP_POST:
		return "POST";
	case HTTP_DELETE:
		return "DELETE";
	case HTTP_PATCH:
		return "PATCH";
	default:
		return "";
	}
}

/*
 * Finds the route; where the path is right and the method is not, ERR_METHOD and the Allow header. ret_protocol is the
 * one whose error body fits, also on failure.
 */
static const struct route *
find_route(struct call *call, const struct protocol **ret_protocol, struct err *err)
{
	const char *allow = NULL;

	*ret_protocol = owner_of(call);
	for (size_t i = 0; i < ARRAY_COUNT(protocols); i++) {
		const char *path = protocols[i]->is_spark ? call->path : call->request->path;

		if (!is_served(protocols[i], call))
			continue;
		for (const struct route *route = protocols[i]->routes; route->handler != NULL; route++) {
			if (!path_match(call->arena, route->path, path, call->params))
				continue;
			*ret_protocol = protocols[i];
			if (serves(route, call->request->method))
				return route;
			allow = allow == NULL ? method_names(route->method)
					      : arena_printf(call->arena, "%s, %s", allow, method_names(route->method));
		}
	}
	call->response->allow = allow;
	if (allow != NULL)
		err_set_(err, ERR_METHOD, "%s is not served here; allowed: %s", call->request->method_text, allow);
	else if ((*ret_protocol)->no_route == NULL || (*ret_protocol)->no_route(call, err))
		/* the path is not repeated: it may hold any bytes, and JSON may not */
		err_set_(err, ERR_NOT_FOUND, "there is no such route");
	return NULL;
}

static bool
check_body(const struct request *request, const struct protocol *protocol, struct err *err)
{
	size_t limit_bytes = protocol->body_limit_bytes > 0 ? protocol->body_limit_bytes : LIMIT_BODY_BYTES;

	if (request->body_too_large || request->body_size_bytes > limit_bytes)
		return err_set(err, ERR_TOO_LARGE, "the body is larger than %zu bytes", limit_bytes);
	if (request->body_truncated)
		return err_set(err, ERR_INVALID, "the body ended after %zu bytes, before its Content-Length",
			       request->body_size_bytes);
	if (request->body_undecodable)
		return err_set(err, ERR_INVALID, "the body is not what its Content-Encoding says, or it is cut off; send it as "
			       "gzip or deflate, or without that header");
	return true;
}

static bool
answer(struct call *call, const struct protocol **ret_protocol, struct err *err)
{
	const struct route *route = find_route(call, ret_protocol, err);

	if (route == NULL)
		return false;
	call->route = route;
	/* who is alive may be asked by anybody who reaches the port */
	if (route->access != ACCESS_PUBLIC && !auth_caller(&call->app->config, call->request, &call->caller, err))
		return false;
	call->app->log.user = call->caller.user;
	call->app->log.action = arena_printf(call->arena, "%s %s", call->request->method_text, route->path);
	if ((*ret_protocol)->check != NULL && !(*ret_protocol)->check(call, err))
		return false;
	return check_body(call->request, *ret_protocol, err) && route->handler(call, err);
}

void
answer_msg(struct call *call, const struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();

	json_add_string(body, "msg", err->msg);
	response_json(call->response, err->http_status, body);
}

static void
count(struct app *app, int status, int64_t time_us)
{
	enum metric metric = status >= 500 ? METRIC_REQUESTS_5XX : status >= 400 ? METRIC_REQUESTS_4XX
									       : METRIC_REQUESTS_2XX;

	metrics_add(&app->metrics, metric, 1);
	metrics_add(&app->metrics, METRIC_REQUEST_TIME_US, (uint64_t)time_us);
	metrics_add(&app->metrics, METRIC_DATABASE_FAILURES, store_take_failures(app->store));
}

void
dispatch(void *context, struct arena *arena, const struct request *request, struct response *response)
{
	struct app *app = context;
	struct call call = { .app = app, .arena = arena, .request = request, .response = response };
	const struct protocol *protocol;
	int64_t began_us = clock_monotonic_us();
	struct err err = ERR_INIT;
	int64_t time_us;
	bool answered;

	if (reload_is_ready(app))
		reload_apply(app);
	app->log.request_id = request->request_id;
	call.path = take_cluster(&call);
	answered = answer(&call, &protocol, &err);
	if (!answered) {
		response->retry_after_s = err.retry_after_s;
		protocol->answer_error(&call, &err);
	}
	time_us = clock_monotonic_us() - began_us;
	count(app, response->status, time_us);
	log_event(&app->log, response->status >= 500 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "request",
		  LOG_TEXT("method", request->method_text), LOG_TEXT("path", request->path),
		  LOG_INT("status", response->status), LOG_INT("time_us", time_us),
		  LOG_INT("size_bytes", (int64_t)response->body.size_bytes), LOG_TEXT("remote", request->remote_address),
		  LOG_TEXT("msg", answered ? NULL : err.msg),
		  LOG_TEXT("detail", answered || err.detail[0] == '\0' ? NULL : err.detail));
	app->log.request_id = NULL;
	app->log.user = NULL;
	app->log.action = NULL;
}
