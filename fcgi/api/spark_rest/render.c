/* SPDX-License-Identifier: Apache-2.0 */
#include "api/spark_rest/spark_rest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "batch/lifecycle.h"

#define ID_START "driver-"
#define ID_TIME_DIGITS 14

const char *
spark_rest_id(struct arena *arena, const struct batch *batch)
{
	char digits[ID_TIME_DIGITS + 1] = "00000000000000";
	size_t count = 0;

	for (const char *at = batch->accepted_at; at != NULL && *at != '\0' && count < ID_TIME_DIGITS; at++) {
		if (isdigit((unsigned char)*at))
			digits[count++] = *at;
	}
	return arena_printf(arena, ID_START "%s-%04" PRId64, digits, batch->id);
}

bool
spark_rest_id_parse(const char *text, int64_t *ret_id)
{
	const char *digits = text + strlen(ID_START) + ID_TIME_DIGITS + 1;
	char *end;

	if (strncmp(text, ID_START, strlen(ID_START)) != 0 ||
	    strspn(text + strlen(ID_START), "0123456789") != ID_TIME_DIGITS || digits[-1] != '-' ||
	    !isdigit((unsigned char)digits[0]))
		return false;
	errno = 0;
	*ret_id = strtoll(digits, &end, 10);
	return errno == 0 && *end == '\0';
}

const char *
spark_rest_driver_state(const struct batch *batch)
{
	static const char *const texts[BATCH_STATE_COUNT] = {
		[BATCH_ACCEPTED] = "SUBMITTED", [BATCH_STARTING] = "SUBMITTED", [BATCH_RUNNING] = "RUNNING",
		[BATCH_SUCCESS] = "FINISHED",   [BATCH_DEAD] = "FAILED",        [BATCH_KILLED] = "KILLED",
		[BATCH_ERROR] = "ERROR",
	};

	/* it has run, or is counted as about to run a second time */
	if (batch_shown_state(batch) == BATCH_STARTING && (batch->attempts > 1 || batch->started_at != NULL))
		return "RELAUNCHING";
	/* could not be run at all */
	if (batch->state == BATCH_DEAD && batch->reason == BATCH_SUBMISSION_FAILED)
		return "ERROR";
	return texts[batch_shown_state(batch)];
}

void
spark_rest_add_version(struct call *call, struct json_object *body)
{
	const struct app_cluster *cluster = app_cluster_find(call->app, call->cluster);
	const char *version = cluster == NULL ? NULL : cluster->config->spark_version;

	/* clients want any text (contract 3.3) */
	json_add_string(body, "serverSparkVersion", version == NULL ? PACKAGE_VERSION : version);
}

static void
print_value(struct buf *text, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array)) {
		buf_text(text, json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE));
		return;
	}
	buf_text(text, "[ ");
	for (size_t i = 0; i < json_count(value); i++) {
		buf_text(text, i == 0 ? "" : ", ");
		print_value(text, json_object_array_get_idx(value, i));
	}
	buf_text(text, " ]");
}

void
spark_rest_answer(struct call *call, int status, struct json_object *body)
{
	struct buf *text = &call->response->body;
	bool first = true;

	call->response->status = status;
	buf_reset(text);
	buf_text(text, "{");
	json_object_object_foreach(body, key, value) {
		buf_printf(text, "%s\n  \"%s\" : ", first ? "" : ",", key);
		print_value(text, value);
		first = false;
	}
	buf_text(text, "\n}");
}

/* Airflow would take the first "driver-" with a digit after it for the id of what was refused. */
static void
print_without_id(struct buf *text, const char *msg)
{
	for (const char *at = msg; *at != '\0'; at++) {
		bool is_id = strncmp(at, ID_START, strlen(ID_START)) == 0 && isdigit((unsigned char)at[strlen(ID_START)]);

		buf_text(text, is_id ? "driver_" : "");
		at += is_id ? strlen(ID_START) : 0;
		buf_append(text, at, 1);
	}
}

void
spark_rest_answer_exception(struct call *call, const struct err *err)
{
	call->response->status = 500;
	call->response->content_type = "text/plain;charset=utf-8";
	buf_reset(&call->response->body);
	print_without_id(&call->response->body, err->msg);
}

void
spark_rest_answer_error(struct call *call, const struct err *err)
{
	AUTO_JSON struct json_object *body = json_object_new_object();

	json_add_string(body, "action", "ErrorResponse");
	if (err->http_status == 468)
		json_add_string(body, "highestProtocolVersion", "v1");
	json_add_string(body, "message", err->msg);
	spark_rest_add_version(call, body);
	spark_rest_answer(call, err->http_status, body);
}
