/*
 * store/log_store.h - driver logs that outlive their pods. Errors: see store/store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_LOG_STORE_H
#define STORE_LOG_STORE_H

#include <json-c/json.h>

#include "base/arena.h"
#include "store/store.h"

/* Lines first_line .. first_line + count - 1, as far as they exist; line numbers count from 0 and never change. */
MUST_CHECK bool store_log_page(struct store *store, struct arena *arena, int64_t batch_id, int64_t first_line,
			       int64_t count, struct json_object **ret_lines, struct err *err);

/*
 * Archives a whole log; repeating it writes the same again. lines is a JSON array of strings without NUL, valid UTF-8.
 */
MUST_CHECK bool store_log_archive(struct store *store, int64_t batch_id, struct json_object *lines, struct err *err);

#endif
