/* SPDX-License-Identifier: Apache-2.0 */
#include "api/submitter/submitter.h"

#include "base/clock.h"
#include "base/json.h"

#define ANY (-1)        /* of a step or an error */
#define AS_IT_IS 0      /* the error's own status */

/* The first that fits wins. The operator repeats INTERNAL_SERVER_ERROR and SUBMITTER_OVERLOADED, and nothing else. */
static const struct {
	int step;
	int code;
	const char *word;
	int http_status;
} rows[] = {
	{ ANY, ERR_METHOD, "METHOD_NOT_ALLOWED", 405 },
	{ ANY, ERR_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", 415 },
	{ SUBMITTER_READS, ERR_INVALID, "BAD_REQUEST", 400 },
	{ SUBMITTER_READS, ERR_TOO_LARGE, "BAD_REQUEST", 400 },
	/* not the contract's: its server knows no callers */
	{ SUBMITTER_READS, ERR_UNAUTHORIZED, "UNAUTHORIZED", AS_IT_IS },
	{ SUBMITTER_READS, ERR_FORBIDDEN, "FORBIDDEN", AS_IT_IS },
	{ SUBMITTER_CHECKS, ERR_INVALID, "INVALID_POD_TEMPLATE", 422 },
	{ SUBMITTER_PLANS, ERR_INVALID, "INVALID_SPARK_SUBMIT_ARGS", 400 },
	{ SUBMITTER_CREATES, ERR_EXISTS, "DRIVER_POD_ALREADY_EXISTS", 409 },
	{ SUBMITTER_CREATES, ERR_INVALID, "INVALID_POD_TEMPLATE", 422 },
	{ ANY, ERR_QUOTA, "SUBMITTER_OVERLOADED", 503 },
	{ ANY, ERR_CONFLICT, "SUBMITTER_OVERLOADED", 503 },
	{ ANY, ERR_TIMEOUT, "SUBMITTER_OVERLOADED", 503 },
	{ ANY, ERR_UNAVAILABLE, "SUBMITTER_OVERLOADED", 503 },
	{ ANY, ANY, "INTERNAL_SERVER_ERROR", 500 },
};

struct json_object *
submitter_render(const char *submission_id, const struct driver_identity *identity)
{
	struct json_object *body = json_object_new_object();

	json_add_string(body, "submission_id", submission_id);
	json_add_string(body, "app_name", identity->app_name);
	json_add_string(body, "spark_app_id", identity->app_id);
	json_add_string(body, "driver_pod_name", identity->pod);
	json_add_string(body, "driver_pod_uid", identity->uid);
	json_add_string(body, "namespace", identity->namespace);
	json_add_string(body, "submitted_at", identity->created_at);
	json_object_object_add(body, "duplicate_submission", json_object_new_boolean(identity->is_repeated));
	return body;
}

void
submitter_answer_error(struct call *call, const struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();
	const struct submitter_work *work = call->own;
	int step = work == NULL ? SUBMITTER_READS : (int)work->step;
	char now[CLOCK_RFC3339_BYTES];
	size_t i = 0;
	int status;

	while ((rows[i].step != ANY && rows[i].step != step) || (rows[i].code != ANY && rows[i].code != (int)err->code))
		i++;    /* the last one fits always */
	status = rows[i].http_status == AS_IT_IS ? err->http_status : rows[i].http_status;
	json_add_string(body, "submission_id", work == NULL ? NULL : work->submission_id);
	json_add_int(body, "status", status);
	json_add_string(body, "error_code", rows[i].word);
	json_add_string(body, "message", err->msg);
	clock_rfc3339(clock_wall_us() / 1000000, now);
	json_add_string(body, "timestamp", now);
	response_json(call->response, status, body);
}
