/*
 * store/log_store.h - driver logs that outlive their pods. Errors: see store/store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_LOG_STORE_H
#define STORE_LOG_STORE_H

#include <json-c/json.h>

#include "base/arena.h"
#include "batch/log_lines.h"
#include "store/store.h"

/* Lines first_line .. first_line + count - 1, as far as they exist; line numbers count from 0 and never change. */
MUST_CHECK bool store_log_page(struct store *store, struct arena *arena, int64_t batch_id, int64_t first_line,
			       int64_t count, struct json_object **ret_lines, struct err *err);

/* How far the log has been taken; err also ERR_NOT_FOUND: no such batch. */
MUST_CHECK bool store_log_position(struct store *store, int64_t batch_id, struct log_position *ret_position, int *ret_run,
				   struct err *err);

/*
 * Appends lines, the first of them numbered first_line, and keeps the position after them, both or neither.
 * lines        array of strings without NUL, valid UTF-8
 * ret_written  false: the log does not end before first_line; ask for its position again
 */
MUST_CHECK bool store_log_append(struct store *store, int64_t batch_id, int64_t first_line, struct json_object *lines,
				 const struct log_position *position, bool *ret_written, struct err *err);

#endif
