/* SPDX-License-Identifier: Apache-2.0 */
#include "api/spark_rest/spark_rest.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "batch/lifecycle.h"
#include "service/cancel.h"
#include "service/query.h"
#include "service/submit.h"

#define WHERE_TO " Please submit requests through http://[host]:[port]/v1/submissions/..."

static bool
spark_rest_create(struct call *call, struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();
	struct spark_rest_create create;
	struct batch batch;
	const char *id;

	if (!spark_rest_parse_create(call, &create, err))
		return false;
	const struct submit_origin origin = {
		.protocol = BATCH_SPARK_REST,
		.user = call->caller.user,
		.request_id = call->request->request_id,
		.client_key = call->request->idempotency_key,
		.repeat_key = create.repeat_key,
		.cluster = call->cluster,
		.client_version = create.client_version,
		.request = create.request,
		.meant = create.meant,
	};
	if (!submit_batch(call->app, call->arena, &create.order, &origin, &batch, err))
		return false;
	id = spark_rest_id(call->arena, &batch);
	json_add_string(body, "action", "CreateSubmissionResponse");
	json_add_string(body, "message", arena_printf(call->arena, "Driver successfully submitted as %s", id));
	spark_rest_add_version(call, body);
	json_add_string(body, "submissionId", id);
	json_object_object_add(body, "success", json_object_new_boolean(true));
	if (json_count(create.unknown_fields) > 0)
		json_object_object_add(body, "unknownFields", json_object_get(create.unknown_fields));
	spark_rest_answer(call, HTTP_OK, body);
	return true;
}

/*
 * The batch that the path names.
 * err  ERR_NOT_FOUND: none has that id, which is no failure in this protocol
 */
static bool
find(struct call *call, struct batch *ret_batch, struct err *err)
{
	const char *text = call->params[0];
	int64_t id;

	if (!utf8_is_valid(text))
		return err_set(err, ERR_INVALID, "the submission's id is not valid UTF-8");
	if (!spark_rest_id_parse(text, &id))
		return err_set(err, ERR_NOT_FOUND, "no such id");
	return query_batch(call->app, call->arena, arena_printf(call->arena, "%" PRId64, id), call->route->access,
			   call->caller.user, ret_batch, err) &&
	       (strcmp(spark_rest_id(call->arena, ret_batch), text) == 0 || err_set(err, ERR_NOT_FOUND, "no such id"));
}

/* For people, where there is an end that needs words: clients print it as an error (contract section 4). */
static const char *
words_of_end(const struct batch *batch)
{
	enum batch_state state = batch_shown_state(batch);

	return state == BATCH_DEAD || state == BATCH_ERROR ? batch->message : NULL;
}

static bool
spark_rest_status(struct call *call, struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();
	struct batch batch;
	bool found = find(call, &batch, err);

	if (!found && err->code != ERR_NOT_FOUND)
		return false;
	json_add_string(body, "action", "SubmissionStatusResponse");
	if (found)
		json_add_string(body, "driverState", spark_rest_driver_state(&batch));
	if (found && words_of_end(&batch) != NULL)
		json_add_string(body, "message", words_of_end(&batch));
	spark_rest_add_version(call, body);
	json_add_string(body, "submissionId", call->params[0]);
	json_object_object_add(body, "success", json_object_new_boolean(found));
	spark_rest_answer(call, HTTP_OK, body);
	return true;
}

static bool
spark_rest_kill(struct call *call, struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();
	const char *id = call->params[0];
	struct batch batch, after;
	bool found = find(call, &batch, err), killed;

	if (!found && err->code != ERR_NOT_FOUND)
		return false;
	killed = found && !batch_state_is_final(batch_shown_state(&batch));
	if (killed && !cancel_batch(call->app, call->arena, batch.id, STORE_KILL, call->caller.user, call->request->request_id,
				    &after, err))
		return false;
	json_add_string(body, "action", "KillSubmissionResponse");
	json_add_string(body, "message",
			killed ? arena_printf(call->arena, "Kill request for %s submitted", id)
			       : arena_printf(call->arena, "Driver %s has already finished or does not exist", id));
	spark_rest_add_version(call, body);
	json_add_string(body, "submissionId", id);
	json_object_object_add(body, "success", json_object_new_boolean(killed));
	call->response->is_held = found && call->request->front_holds;
	spark_rest_answer(call, HTTP_OK, body);
	return true;
}

static bool
answer_done(struct call *call, const char *action, const char *message)
{
	AUTO_JSON struct json_object *body = json_object_new_object();

	json_add_string(body, "action", action);
	json_add_string(body, "message", message);
	spark_rest_add_version(call, body);
	json_object_object_add(body, "success", json_object_new_boolean(true));
	spark_rest_answer(call, HTTP_OK, body);
	return true;
}

/* All that came by this protocol: what others submitted by Livy's is no driver of a "master" that is to end all. */
static bool
spark_rest_killall(struct call *call, struct err *err)
{
	if (!cancel_all(call->app, BATCH_SPARK_REST, call->cluster, call->caller.user, call->request->request_id, err))
		return false;
	call->response->is_held = call->request->front_holds;
	return answer_done(call, "KillAllSubmissionResponse", "Kill request for all drivers submitted");
}

/* A master forgets what has ended; the ledger does not, before its retention says so. */
static bool
spark_rest_clear(struct call *call, struct err *err)
{
	(void)err;
	return answer_done(call, "ClearResponse", "");
}

static bool
spark_rest_readyz(struct call *call, struct err *err)
{
	struct err failure = ERR_INIT;

	if (store_ready(call->app->store, &failure))
		return answer_done(call, "ReadyzResponse", "");
	err_set_(err, ERR_UNAVAILABLE, "Master is not ready.");
	err_detail(err, "%s %s", failure.msg, failure.detail);
	return false;
}

/* ---- wrong paths, in a real master's words (contract section 2) ---- */

static bool
spark_rest_no_route(struct call *call, struct err *err)
{
	const char *params[PATH_PARAMS_MAX], *version = call->path + strspn(call->path, "/");
	size_t size = strcspn(version, "/");

	if (size == 0)
		return err_set(err, ERR_INVALID, "Missing protocol version." WHERE_TO);
	if (path_match(call->arena, "/v1", call->path, params))
		return err_set(err, ERR_INVALID, "Missing the /submissions prefix." WHERE_TO);
	if (path_match(call->arena, "/v1/submissions/status", call->path, params))
		return err_set(err, ERR_INVALID, "Submission ID is missing in status request.");
	if (path_match(call->arena, "/v1/submissions/kill", call->path, params))
		return err_set(err, ERR_INVALID, "Submission ID is missing in kill request.");
	if (path_match(call->arena, "/v1/submissions/*", call->path, params))
		return err_set(err, ERR_INVALID, "Missing an action: please specify one of /create, /kill, /killall, /clear, "
			       "/status, or /readyz." WHERE_TO);
	/* any bytes may be in it, and JSON may not have all of them */
	err_set_(err, ERR_NOT_FOUND, "Unknown protocol version '%.*s'." WHERE_TO, utf8_is_valid(version) ? (int)size : 0,
		 version);
	err->http_status = 468;
	return false;
}

static void
spark_rest_fail(struct call *call, const struct err *err)
{
	const char *agent = call->request->user_agent;
	bool creates = call->route != NULL && call->route->handler == spark_rest_create;

	if (creates && agent != NULL && strncmp(agent, "Java/", strlen("Java/")) == 0)
		spark_rest_answer_exception(call, err);
	else
		spark_rest_answer_error(call, err);
}

static const struct route spark_rest_routes[] = {
	{ HTTP_POST, "/v1/submissions/create/*", ACCESS_CALLER, spark_rest_create },
	{ HTTP_GET, "/v1/submissions/status/{id}/*", ACCESS_CALLER, spark_rest_status },
	{ HTTP_POST, "/v1/submissions/kill/{id}/*", ACCESS_MODIFY, spark_rest_kill },
	{ HTTP_POST, "/v1/submissions/killall/*", ACCESS_MODIFY, spark_rest_killall },
	{ HTTP_POST, "/v1/submissions/clear/*", ACCESS_CALLER, spark_rest_clear },
	{ HTTP_GET, "/v1/submissions/readyz/*", ACCESS_PUBLIC, spark_rest_readyz },
	{ 0 },
};

const struct protocol spark_rest_protocol = {
	.name = "spark_rest", .routes = spark_rest_routes, .is_spark = true, .no_route = spark_rest_no_route,
	.answer_error = spark_rest_fail,
};
