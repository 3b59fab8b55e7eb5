/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_store.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "store/store_priv.h"

#define PIECE_LINES 1000        /* as batch_log_page.sql counts on */
#define TAIL_LINES 10           /* what Livy shows of a log inside a batch (contract livy.md 4.1) */

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

static struct json_object *
slice(struct json_object *lines, size_t first, size_t end)
{
	struct json_object *piece = json_object_new_array();

	for (size_t i = first; i < end; i++)
		json_object_array_add(piece, json_object_get(json_object_array_get_idx(lines, i)));
	return piece;
}

static bool
write_piece(struct store *store, enum statement_id id, int64_t batch_id, size_t number, struct json_object *lines,
	    struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	char id_text[24], number_text[24];
	const char *params[] = { id_text, number_text, json_text(lines) };

	snprintf(id_text, sizeof(id_text), "%" PRId64, batch_id);
	snprintf(number_text, sizeof(number_text), "%zu", number);
	return store_run(store, id, params, &result, err);
}

bool
store_log_archive(struct store *store, int64_t batch_id, struct json_object *lines, struct err *err)
{
	size_t total = json_object_array_length(lines);
	AUTO_JSON struct json_object *tail = slice(lines, total > TAIL_LINES ? total - TAIL_LINES : 0, total);

	for (size_t first = 0; first < total; first += PIECE_LINES) {
		size_t end = first + PIECE_LINES < total ? first + PIECE_LINES : total;
		AUTO_JSON struct json_object *piece = slice(lines, first, end);

		if (!write_piece(store, STATEMENT_BATCH_LOG_WRITE, batch_id, first, piece, err))
			return false;
	}
	return write_piece(store, STATEMENT_BATCH_LOG_WRITTEN, batch_id, total, tail, err);
}
