/* SPDX-License-Identifier: Apache-2.0 */
#include "api/livy/livy.h"

#include <inttypes.h>

#include "base/json.h"
#include "service/cancel.h"
#include "service/submit.h"

#define DEFAULT_PAGE 100

static bool
livy_answer(struct call *call, int status, struct json_object *body)
{
	arena_own_json(call->arena, body);
	response_json(call->response, status, body);
	return true;
}

static bool
livy_find(struct call *call, struct batch *ret_batch, struct err *err)
{
	return query_batch(call->app, call->arena, call->params[0], call->route->access, call->caller.user, ret_batch,
			   err);
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
	};
	if (!submit_batch(call->app, call->arena, &order, &origin, &batch, err))
		return false;
	call->response->location = arena_printf(call->arena, "/batches/%" PRId64, batch.id);
	return livy_answer(call, HTTP_CREATED, livy_render_batch(&batch));
}

static struct json_object *
livy_render_batches(const struct query_page *page)
{
	struct json_object *sessions = json_object_new_array();

	for (size_t i = 0; i < page->batches_count; i++)
		json_object_array_add(sessions, livy_render_batch(&page->batches[i]));
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
	json_object_object_add(body, "sessions", livy_render_batches(&page));
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
	json_object_object_add(body, "sessions", livy_render_batches(&page));
	return livy_answer(call, HTTP_OK, body);
}

static bool
livy_batch_show(struct call *call, struct err *err)
{
	struct batch batch;

	return livy_find(call, &batch, err) && livy_answer(call, HTTP_OK, livy_render_batch(&batch));
}

static bool
livy_batch_state(struct call *call, struct err *err)
{
	struct json_object *body;
	struct batch batch;

	if (!livy_find(call, &batch, err))
		return false;
	body = json_object_new_object();
	json_add_int(body, "id", batch.id);
	json_add_string(body, "state", livy_state(&batch));
	return livy_answer(call, HTTP_OK, body);
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
	{ HTTP_GET, "/batches", ACCESS_CALLER, livy_batch_list },
	{ HTTP_POST, "/batches", ACCESS_CALLER, livy_batch_create },
	{ HTTP_GET, "/batches/{id}", ACCESS_CALLER, livy_batch_show },
	{ HTTP_GET, "/batches/{id}/state", ACCESS_CALLER, livy_batch_state },
	{ HTTP_GET, "/batches/{id}/log", ACCESS_VIEW, livy_batch_log },
	{ HTTP_DELETE, "/batches/{id}", ACCESS_MODIFY, livy_batch_delete },
	{ HTTP_GET, "/", ACCESS_CALLER, livy_root },
	{ HTTP_POST, "/", ACCESS_CALLER, livy_root },
	{ HTTP_GET, "/version", ACCESS_CALLER, livy_version },
	{ 0 },
};

/* Livy takes doAs on every route (contract livy.md 1.3), and ignores it where it should refuse (fault 19). */
static bool
livy_check(struct call *call, struct err *err)
{
	if (request_query(call->request, call->arena, "doAs") != NULL)
		return err_set(err, ERR_FORBIDDEN, "doAs: nobody may act as somebody else, because the gateway does not know "
			       "who is calling; leave it out");
	return livy_check_version(call, err);
}

const struct protocol livy_protocol = {
	.name = "livy", .routes = livy_routes, .check = livy_check, .answer_error = answer_msg,
};
