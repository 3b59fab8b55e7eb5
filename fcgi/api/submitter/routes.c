/* SPDX-License-Identifier: Apache-2.0 */
#include "api/submitter/submitter.h"

static bool
submitter_submit(struct call *call, struct err *err)
{
	struct submitter_work *work = arena_alloc(call->arena, sizeof(*work));
	struct driver_order order = { 0 };
	struct driver_plan plan;
	struct driver_identity identity = { 0 };
	struct json_object *body;

	call->own = work;
	if (!submitter_parse(call, work, &order, err))
		return false;
	work->step = SUBMITTER_CHECKS;
	if (!driver_submit_check_templates(&order, err))
		return false;
	work->step = SUBMITTER_PLANS;
	if (!driver_submit_plan(call->app, call->arena, &order, &plan, err))
		return false;
	work->step = SUBMITTER_CREATES;
	if (!driver_submit(call->arena, &plan, &identity, err))
		return false;
	body = arena_own_json(call->arena, submitter_render(order.submission_id, &identity));
	response_json(call->response, identity.is_repeated ? HTTP_OK : HTTP_CREATED, body);
	return true;
}

static bool
submitter_is_served(const struct app *app)
{
	return app->config.submitter_cluster != NULL;
}

/* A GET, by which the operator looks whether anybody is there when it starts, is answered 405: it takes any answer. */
static const struct route submitter_routes[] = {
	{ HTTP_POST, "/api/v1/spark-submit", ACCESS_CALLER, submitter_submit },
	{ 0 },
};

const struct protocol submitter_protocol = {
	.name = "submitter", .routes = submitter_routes, .is_served = submitter_is_served,
	.answer_error = submitter_answer_error,
};
