/* SPDX-License-Identifier: Apache-2.0 */
#include "api/livy/livy.h"

#include <inttypes.h>

#include "base/json.h"
#include "service/cancel.h"
#include "service/identity.h"
#include "service/submit.h"
#include "service/turn.h"

#define DEFAULT_PAGE 100

static bool
livy_answer(struct call *call, int status, struct json_object *body)
{
	arena_own_json(call->arena, body);
	response_json(call->response, status, body);
	return true;
}

/* Everybody may see that a batch is there, but what it printed is its users' (contract livy.md 1.3). */
static struct json_object *
livy_shown(const struct call *call, const struct batch *batch)
{
	struct batch shown = *batch;

	if (!access_allowed(ACCESS_VIEW, batch, auth_acting(&call->caller)))
		shown.log_tail = NULL;
	return livy_render_batch(&shown);
}

static bool
livy_find(struct call *call, struct batch *ret_batch, struct err *err)
{
	return query_batch(call->app, call->arena, call->params[0], call->route->access, auth_acting(&call->caller), ret_batch,
			   err);
}

/* A POST repeated with its key is the same only for the same ?doAs=, which beats the body's field (contract livy.md 1.3). */
static struct json_object *
with_proxy_user(struct call *call, struct json_object *request)
{
	struct json_object *meant = NULL;

	if (call->caller.acts_as == NULL || json_object_deep_copy(request, &meant, NULL) != 0)
		return request;
	json_add_string(meant, "proxyUser", call->caller.acts_as);
	return arena_own_json(call->arena, meant);
}

static bool
livy_batch_create(struct call *call, struct err *err)
{
	struct batch_order order;
	struct json_object *request;
	struct batch batch;

	if (!livy_parse_create(call, &order, &request, err))
		return false;
	const struct submit_origin origin = {
		.protocol = BATCH_LIVY,
		.user = call->caller.user,
		.request_id = call->request->request_id,
		.client_key = call->request->idempotency_key,
		.request = request,
		.meant = with_proxy_user(call, request),
	};
	if (call->caller.acts_as != NULL)
		order.proxy_user = call->caller.acts_as;
	if (!submit_batch(call->app, call->arena, &order, &origin, &batch, err))
		return false;
	call->response->location = arena_printf(call->arena, "/batches/%" PRId64, batch.id);
	return livy_answer(call, HTTP_CREATED, livy_shown(call, &batch));
}

static struct json_object *
livy_render_batches(const struct call *call, const struct query_page *page)
{
	struct json_object *sessions = json_object_new_array();

	for (size_t i = 0; i < page->batches_count; i++)
		json_object_array_add(sessions, livy_shown(call, &page->batches[i]));
	return sessions;
}

/* Beyond Livy (fault 22): the same shape and "next"; what would have to be counted is null. */
static bool
livy_batch_list_filtered(struct call *call, const struct store_list_filter *filter, struct err *err)
{
	struct json_object *body;
	struct query_page page;

	if (!query_filtered(call->app, call->arena, filter, &page, err))
		return false;
	body = json_object_new_object();
	json_object_object_add(body, "from", NULL);
	json_object_object_add(body, "total", page.total < 0 ? NULL : json_object_new_int64(page.total));
	json_object_object_add(body, "sessions", livy_render_batches(call, &page));
	json_add_string(body, "next", page.next == 0 ? NULL : livy_cursor(call->arena, filter, page.next));
	return livy_answer(call, HTTP_OK, body);
}

static bool
livy_batch_list(struct call *call, struct err *err)
{
	struct store_list_filter filter;
	struct json_object *body;
	struct query_page page;
	int64_t from, size;
	bool is_filtered;

	if (!livy_parse_filter(call, &filter, &is_filtered, err))
		return false;
	if (is_filtered)
		return livy_batch_list_filtered(call, &filter, err);
	if (!request_query_int(call->request, call->arena, "from", 0, &from, err) ||
	    !request_query_int(call->request, call->arena, "size", DEFAULT_PAGE, &size, err) ||
	    !query_list(call->app, call->arena, from, size, &page, err))
		return false;
	body = json_object_new_object();
	json_add_int(body, "from", from);
	json_add_int(body, "total", page.total);
	json_object_object_add(body, "sessions", livy_render_batches(call, &page));
	return livy_answer(call, HTTP_OK, body);
}

static bool
livy_batch_show(struct call *call, struct err *err)
{
	struct batch batch;

	return livy_find(call, &batch, err) && turn_explain(call->app, call->arena, &batch, err) &&
	       livy_answer(call, HTTP_OK, livy_shown(call, &batch));
}

/* What clients poll: a number and a word of ours, which need no printer of JSON. */
static bool
livy_batch_state(struct call *call, struct err *err)
{
	struct buf *body = &call->response->body;
	struct batch batch;

	if (!query_state(call->app, call->arena, call->params[0], call->route->access, auth_acting(&call->caller), &batch,
			 err))
		return false;
	buf_text(body, "{\"id\":");
	buf_int(body, batch.id);
	buf_text(body, ",\"state\":\"");
	buf_text(body, livy_state(&batch));
	buf_text(body, "\"}");
	call->response->status = HTTP_OK;
	return true;
}

static bool
livy_parse_range(struct call *call, struct driver_log_range *range, struct err *err)
{
	range->has_from = request_query(call->request, call->arena, "from") != NULL;
	range->has_size = request_query(call->request, call->arena, "size") != NULL;
	return request_query_int(call->request, call->arena, "from", 0, &range->from, err) &&
	       request_query_int(call->request, call->arena, "size", 0, &range->size, err);
}

static bool
livy_batch_log(struct call *call, struct err *err)
{
	struct driver_log_range range;
	struct driver_log_page page;
	struct json_object *body;
	struct batch batch;

	if (!livy_parse_range(call, &range, err) || !livy_find(call, &batch, err) ||
	    !driver_log_read(call->app, call->arena, &batch, &range, &page, err))
		return false;
	body = json_object_new_object();
	json_add_int(body, "id", batch.id);
	json_add_int(body, "from", page.from);
	json_add_int(body, "total", page.total);
	json_object_object_add(body, "log", json_object_get(page.lines));
	return livy_answer(call, HTTP_OK, body);
}

/* Idempotent, unlike Livy's: a client whose answer was lost asks again, and must not be told that it failed. */
static bool
livy_batch_delete(struct call *call, struct err *err)
{
	struct json_object *body;
	struct batch batch, after;

	if (!livy_find(call, &batch, err) ||
	    !cancel_batch(call->app, call->arena, batch.id, STORE_DELETE, call->caller.user, call->request->request_id,
			  &after, err))
		return false;
	body = json_object_new_object();
	json_add_string(body, "msg", "deleted");
	call->response->is_held = call->request->front_holds;
	return livy_answer(call, HTTP_OK, body);
}

/* Airflow's "Test connection" posts to the bare address and wants any success (contract livy.md 1.1). */
static bool
livy_root(struct call *call, struct err *err)
{
	(void)err;
	return livy_answer(call, HTTP_OK, json_object_new_object());
}

/* All strings (contract livy.md section 6). */
static bool
livy_version(struct call *call, struct err *err)
{
	struct json_object *body = json_object_new_object();

	(void)err;
	json_add_string(body, "version", PACKAGE_VERSION);
	json_add_string(body, "user", "sparkgate");
	json_add_string(body, "revision", "");
	json_add_string(body, "branch", "");
	json_add_string(body, "date", "");
	json_add_string(body, "url", "");
	return livy_answer(call, HTTP_OK, body);
}

static const struct route livy_routes[] = { /* access as in Livy's SessionServlet.scala:84-121 */
	/* the first, because it is asked for most */
	{ HTTP_GET, "/batches/{id}/state", ACCESS_CALLER, livy_batch_state },
	{ HTTP_GET, "/batches", ACCESS_CALLER, livy_batch_list },
	{ HTTP_POST, "/batches", ACCESS_CALLER, livy_batch_create },
	{ HTTP_GET, "/batches/{id}", ACCESS_CALLER, livy_batch_show },
	{ HTTP_GET, "/batches/{id}/log", ACCESS_VIEW, livy_batch_log },
	{ HTTP_DELETE, "/batches/{id}", ACCESS_MODIFY, livy_batch_delete },
	{ HTTP_GET, "/", ACCESS_CALLER, livy_root },
	{ HTTP_POST, "/", ACCESS_CALLER, livy_root },
	{ HTTP_GET, "/version", ACCESS_CALLER, livy_version },
	{ 0 },
};

/* Livy takes doAs on every route, and judges access by it (contract livy.md 1.3). */
static bool
livy_check(struct call *call, struct err *err)
{
	const char *other = request_query(call->request, call->arena, "doAs");

	if (other != NULL && !identity_check(call->arena, &call->app->config, call->caller.user, other, "doAs", err))
		return false;
	call->caller.acts_as = other;
	return livy_check_version(call, err);
}

const struct protocol livy_protocol = {
	.name = "livy", .routes = livy_routes, .check = livy_check, .answer_error = answer_msg,
};
