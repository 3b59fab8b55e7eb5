/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_store.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "store/store_priv.h"

#define NUMBER_BYTES 24

bool
store_log_page(struct store *store, struct arena *arena, int64_t batch_id, int64_t first_line, int64_t count,
	       struct json_object **ret_lines, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = {
		arena_printf(arena, "%" PRId64, batch_id),
		arena_printf(arena, "%" PRId64, first_line),
		arena_printf(arena, "%" PRId64, count),
	};

	if (!store_run(store, STATEMENT_BATCH_LOG_PAGE, params, &result, err))
		return false;
	*ret_lines = arena_own_json(arena, json_tokener_parse(PQgetvalue(result, 0, 0)));
	return true;
}

bool
store_log_position(struct store *store, int64_t batch_id, struct log_position *ret_position, int *ret_run,
		   struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	char id_text[NUMBER_BYTES];
	const char *params[] = { id_text };

	snprintf(id_text, sizeof(id_text), "%" PRId64, batch_id);
	if (!store_run(store, STATEMENT_BATCH_LOG_POSITION, params, &result, err))
		return false;
	if (PQntuples(result) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", "");
	*ret_run = (int)store_number(result, 0, "retries");
	*ret_position = (struct log_position){
		.lines_count = store_number(result, 0, "log_lines_count"),
		.size_bytes = store_number(result, 0, "size_bytes"),
		.last_at_ns = store_number(result, 0, "last_at_ns"),
		.second_count = store_number(result, 0, "second_count"),
		.second_before_count = store_number(result, 0, "second_before_count"),
		.closed = store_true(result, 0, "closed"),
	};
	return true;
}

bool
store_log_append(struct store *store, int64_t batch_id, int64_t first_line, struct json_object *lines,
		 const struct log_position *position, bool *ret_written, struct err *err)
{
	const int64_t numbers[] = {
		batch_id, first_line, position->size_bytes, position->last_at_ns, position->second_count,
		position->second_before_count,
	};
	char texts[ARRAY_COUNT(numbers)][NUMBER_BYTES];
	const char *params[] = { texts[0], texts[1], json_text(lines), texts[2], texts[3], texts[4], texts[5],
				 position->closed ? "t" : "f" };
	AUTO_PGRESULT PGresult *result = NULL;

	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		snprintf(texts[i], sizeof(texts[i]), "%" PRId64, numbers[i]);
	if (!store_run(store, STATEMENT_BATCH_LOG_APPEND, params, &result, err))
		return false;
	*ret_written = PQntuples(result) == 1;
	return true;
}
