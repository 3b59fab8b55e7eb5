/* SPDX-License-Identifier: Apache-2.0 */
#include "service/driver_log.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "batch/log_lines.h"
#include "store/log_store.h"

/* contract livy.md 4.6: neither from nor size means the newest 100 lines */
#define DEFAULT_LINES 100

struct json_object *
driver_log_lines(const char *text, size_t size_bytes)
{
	struct json_object *lines = json_object_new_array();

	while (size_bytes > 0) {
		const char *end = memchr(text, '\n', size_bytes);
		size_t size = end == NULL ? size_bytes : (size_t)(end - text);
		size_t taken = end == NULL ? size : size + 1;

		json_object_array_add(lines, log_line_clean(text, size));
		text += taken;
		size_bytes -= taken;
	}
	return lines;
}

void
driver_log_range_resolve(const struct driver_log_range *range, int64_t total, int64_t *ret_from, int64_t *ret_count)
{
	bool tail = !range->has_from || range->from < 0;
	int64_t size = range->has_size ? range->size : DEFAULT_LINES;
	int64_t from = range->from;

	if (tail)
		from = size < 0 || size > total ? 0 : total - size;
	*ret_from = from;
	if (from >= total)
		*ret_count = 0;
	else
		*ret_count = size < 0 || size > total - from ? total - from : size;
	/* what one answer may hold; the client sees in `total` that there is more */
	if (*ret_count > LIMIT_PAGE_LOG_LINES) {
		*ret_from += tail ? *ret_count - LIMIT_PAGE_LOG_LINES : 0;
		*ret_count = LIMIT_PAGE_LOG_LINES;
	}
}

bool
driver_log_read(struct app *app, struct arena *arena, const struct batch *batch, const struct driver_log_range *range,
		struct driver_log_page *ret_page, struct err *err)
{
	int64_t count;

	*ret_page = (struct driver_log_page){ .total = batch->log_lines_count };
	driver_log_range_resolve(range, ret_page->total, &ret_page->from, &count);
	return store_log_page(app->store, arena, batch->id, ret_page->from, count, &ret_page->lines, err);
}

static void
add_text(struct json_object *lines, const char *text)
{
	AUTO_JSON struct json_object *more = text == NULL ? NULL : driver_log_lines(text, strlen(text));

	for (size_t i = 0; more != NULL && i < json_object_array_length(more); i++)
		json_object_array_add(lines, json_object_get(json_object_array_get_idx(more, i)));
}

void
driver_log_explain(struct app *app, const struct batch *batch, const struct batch_move *move)
{
	AUTO_JSON struct json_object *lines = json_object_new_array();
	const struct log_position none = { 0 };
	struct err err = ERR_INIT;
	bool written;

	if (batch->log_lines_count > 0)
		return;
	/* first what kept it from running */
	add_text(lines, batch->message);
	if (move->message != NULL && (batch->message == NULL || strcmp(batch->message, move->message) != 0))
		add_text(lines, move->message);
	/* not written: the log has lines by now, and needs no others */
	if (json_object_array_length(lines) > 0 &&
	    !store_log_append(app->store, batch->id, 0, lines, &none, &written, &err))
		log_failure(&app->log, LOG_LEVEL_ERROR, "log_not_written", &err, LOG_INT("batch", batch->id));
}
