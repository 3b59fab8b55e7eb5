/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "batch/retry.h"
#include "store/store_priv.h"

/* In the order of batch_brief: each is found where it is looked for first. */
enum column {
	COLUMN_ID, COLUMN_UID, COLUMN_PROTOCOL, COLUMN_NAME, COLUMN_OWNER, COLUMN_PROXY_USER, COLUMN_CLUSTER,
	COLUMN_NAMESPACE, COLUMN_OPERATOR_KIND, COLUMN_OBJECT_NAME, COLUMN_REQUEST_ID, COLUMN_STATE,
	COLUMN_REASON, COLUMN_MESSAGE, COLUMN_APP_ID, COLUMN_DRIVER_POD, COLUMN_DRIVER_FOLLOWED,
	COLUMN_ATTEMPTS, COLUMN_ACCEPTED_AT, COLUMN_PUSHED_AT, COLUMN_STARTED_AT, COLUMN_FINISHED_AT,
	COLUMN_KILL_REQUESTED_AT, COLUMN_DELETED_AT, COLUMN_LOG_LINES_COUNT, COLUMN_LOG_TAIL,
	COLUMN_EXIT_CODE, COLUMN_OBJECT_UID, COLUMN_END_STATE, COLUMN_END_REASON, COLUMN_END_MESSAGE,
	COLUMN_DRIVER_CONTAINER, COLUMN_STOPPED_AT, COLUMN_RETRY_MAX, COLUMN_RETRY_INTERVAL_S,
	COLUMN_RETRY_REASONS, COLUMN_RETRIES, COLUMN_QUEUE, COLUMN_ADMITTED_AT,
	COLUMN_COUNT
};
static const char *const column_names[COLUMN_COUNT] = {
	[COLUMN_ID] = "id", [COLUMN_UID] = "uid", [COLUMN_PROTOCOL] = "protocol", [COLUMN_NAME] = "name",
	[COLUMN_OWNER] = "owner", [COLUMN_PROXY_USER] = "proxy_user", [COLUMN_CLUSTER] = "cluster",
	[COLUMN_NAMESPACE] = "namespace", [COLUMN_OPERATOR_KIND] = "operator_kind",
	[COLUMN_OBJECT_NAME] = "object_name", [COLUMN_REQUEST_ID] = "request_id", [COLUMN_STATE] = "state",
	[COLUMN_REASON] = "reason", [COLUMN_MESSAGE] = "message", [COLUMN_APP_ID] = "app_id",
	[COLUMN_DRIVER_POD] = "driver_pod", [COLUMN_DRIVER_FOLLOWED] = "driver_followed",
	[COLUMN_ATTEMPTS] = "attempts", [COLUMN_ACCEPTED_AT] = "accepted_at", [COLUMN_PUSHED_AT] = "pushed_at",
	[COLUMN_STARTED_AT] = "started_at", [COLUMN_FINISHED_AT] = "finished_at",
	[COLUMN_KILL_REQUESTED_AT] = "kill_requested_at", [COLUMN_DELETED_AT] = "deleted_at",
	[COLUMN_LOG_LINES_COUNT] = "log_lines_count", [COLUMN_LOG_TAIL] = "log_tail",
	[COLUMN_EXIT_CODE] = "exit_code", [COLUMN_OBJECT_UID] = "object_uid", [COLUMN_END_STATE] = "end_state",
	[COLUMN_END_REASON] = "end_reason", [COLUMN_END_MESSAGE] = "end_message",
	[COLUMN_DRIVER_CONTAINER] = "driver_container", [COLUMN_STOPPED_AT] = "stopped_at",
	[COLUMN_RETRY_MAX] = "retry_max", [COLUMN_RETRY_INTERVAL_S] = "retry_interval_s",
	[COLUMN_RETRY_REASONS] = "retry_reasons", [COLUMN_RETRIES] = "retries", [COLUMN_QUEUE] = "queue",
	[COLUMN_ADMITTED_AT] = "admitted_at",
};

/* One row of a result, whose columns were found once for all of its rows. */
struct row {
	const PGresult *result;
	int number;
	int at[COLUMN_COUNT]; /* -1: the result has no such column */
};

static void
find_columns(struct row *row)
{
	int next = 0;

	for (int column = 0; column < COLUMN_COUNT; column++)
		row->at[column] = -1;
	for (int field = 0; field < PQnfields(row->result); field++) {
		const char *name = PQfname(row->result, field);

		for (int i = 0; i < COLUMN_COUNT; i++) {
			int column = (next + i) % COLUMN_COUNT;

			if (strcmp(name, column_names[column]) == 0) {
				row->at[column] = field;
				next = column + 1;
				break;
			}
		}
	}
}

static const char *
value(const struct row *row, enum column column)
{
	int at = row->at[column];

	return at < 0 || PQgetisnull(row->result, row->number, at) ? NULL : PQgetvalue(row->result, row->number, at);
}

static int64_t
number(const struct row *row, enum column column)
{
	const char *text = value(row, column);

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static const char *
copy(struct arena *arena, const struct row *row, enum column column)
{
	return arena_strdup(arena, value(row, column));
}

const char *
store_time(struct arena *arena, const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00.000000Z";
	size_t digits;
	char *time;

	if (text == NULL || strlen(text) < 19)
		return NULL;
	digits = text[19] == '.' ? strspn(text + 20, "0123456789") : 0;
	time = arena_strndup(arena, shape, sizeof(shape) - 1);
	memcpy(time, text, 10);
	memcpy(time + 11, text + 11, 8);
	memcpy(time + 20, text + 20, digits < 6 ? digits : 6);
	return time;
}

static const char *
copy_time(struct arena *arena, const struct row *row, enum column column)
{
	return store_time(arena, value(row, column));
}

/* Reasons as PostgreSQL writes an array: {exit_code,evicted}; null: any. */
static struct batch_retry
read_retry(struct arena *arena, const struct row *row)
{
	const char *reasons = value(row, COLUMN_RETRY_REASONS);
	struct batch_retry retry = {
		.max = (int)number(row, COLUMN_RETRY_MAX),
		.interval_s = (int)number(row, COLUMN_RETRY_INTERVAL_S),
		.reasons = BATCH_RETRY_ANY,
	};

	if (reasons != NULL &&
	    !batch_retry_reasons_parse(arena_strndup(arena, reasons + 1, strlen(reasons) - 2), &retry.reasons))
		retry.reasons = 0;
	return retry;
}

static void
read_batch(struct arena *arena, const struct row *row, struct batch *ret_batch)
{
	const char *reason = value(row, COLUMN_REASON);
	const char *log_tail = value(row, COLUMN_LOG_TAIL);
	const char *followed = value(row, COLUMN_DRIVER_FOLLOWED);
	const char *end_state = value(row, COLUMN_END_STATE);
	const char *end_reason = value(row, COLUMN_END_REASON);

	const char *object_name = value(row, COLUMN_OBJECT_NAME);
	int retries = (int)number(row, COLUMN_RETRIES);

	*ret_batch = (struct batch){
		.id = number(row, COLUMN_ID),
		.uid = copy(arena, row, COLUMN_UID),
		.name = copy(arena, row, COLUMN_NAME),
		.owner = copy(arena, row, COLUMN_OWNER),
		.proxy_user = copy(arena, row, COLUMN_PROXY_USER),
		.cluster = copy(arena, row, COLUMN_CLUSTER),
		.namespace = copy(arena, row, COLUMN_NAMESPACE),
		.operator_kind = copy(arena, row, COLUMN_OPERATOR_KIND),
		.request_id = copy(arena, row, COLUMN_REQUEST_ID),
		.message = copy(arena, row, COLUMN_MESSAGE),
		.app_id = copy(arena, row, COLUMN_APP_ID),
		.driver_pod = copy(arena, row, COLUMN_DRIVER_POD),
		.driver_container = copy(arena, row, COLUMN_DRIVER_CONTAINER),
		.driver_followed = followed != NULL && strcmp(followed, "t") == 0,
		.object_uid = copy(arena, row, COLUMN_OBJECT_UID),
		.has_exit_code = value(row, COLUMN_EXIT_CODE) != NULL,
		.exit_code = (int)number(row, COLUMN_EXIT_CODE),
		.end_is_seen = end_state != NULL,
		.end_message = copy(arena, row, COLUMN_END_MESSAGE),
		.attempts = (int)number(row, COLUMN_ATTEMPTS),
		.retry = read_retry(arena, row),
		.retries = retries,
		.accepted_at = copy_time(arena, row, COLUMN_ACCEPTED_AT),
		.queue = copy(arena, row, COLUMN_QUEUE),
		.admitted_at = copy_time(arena, row, COLUMN_ADMITTED_AT),
		.pushed_at = copy_time(arena, row, COLUMN_PUSHED_AT),
		.started_at = copy_time(arena, row, COLUMN_STARTED_AT),
		.finished_at = copy_time(arena, row, COLUMN_FINISHED_AT),
		.kill_requested_at = copy_time(arena, row, COLUMN_KILL_REQUESTED_AT),
		.deleted_at = copy_time(arena, row, COLUMN_DELETED_AT),
		.stopped_at = copy_time(arena, row, COLUMN_STOPPED_AT),
		.log_lines_count = number(row, COLUMN_LOG_LINES_COUNT),
		.log_tail = log_tail != NULL && strcmp(log_tail, "[]") != 0
			    ? arena_own_json(arena, json_tokener_parse(log_tail)) : NULL,
	};
	ret_batch->first_object_name = arena_strdup(arena, object_name);
	ret_batch->object_name = batch_object_of_run(arena, ret_batch->first_object_name, retries);
	/* The enum types of the schema hold no other words than these tables: a unit test of the database compares them. */
	batch_state_parse(value(row, COLUMN_STATE), &ret_batch->state);
	batch_protocol_parse(value(row, COLUMN_PROTOCOL), &ret_batch->protocol);
	if (reason != NULL)
		batch_reason_parse(reason, &ret_batch->reason);
	if (end_state != NULL)
		batch_state_parse(end_state, &ret_batch->end_state);
	if (end_reason != NULL)
		batch_reason_parse(end_reason, &ret_batch->end_reason);
}

void
store_read_batch(struct arena *arena, const PGresult *result, int row, struct batch *ret_batch)
{
	struct row of = { .result = result, .number = row };

	find_columns(&of);
	read_batch(arena, &of, ret_batch);
}

void
store_read_batches(struct arena *arena, const PGresult *result, struct batch **ret_batches, size_t *ret_count)
{
	size_t count = (size_t)PQntuples(result);
	struct row row = { .result = result };

	find_columns(&row);
	*ret_batches = arena_alloc(arena, count * sizeof(**ret_batches) + 1);
	*ret_count = count;
	for (; row.number < (int)count; row.number++)
		read_batch(arena, &row, &(*ret_batches)[row.number]);
}
