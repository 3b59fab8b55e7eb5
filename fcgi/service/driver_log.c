/* SPDX-License-Identifier: Apache-2.0 */
#include "service/driver_log.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crd/crd.h"
#include "store/log_store.h"

/* contract livy.md 4.6: neither from nor size means the newest 100 lines */
#define DEFAULT_LINES 100

/* The API server may be starting again just when the driver ends; more would keep the watch waiting. */
#define ARCHIVE_TRIES 3

static struct json_object *
clean_line(struct buf *line, const char *text, size_t size_bytes)
{
	static const char replacement[] = "\xef\xbf\xbd";

	buf_reset(line);
	for (size_t i = 0; i < size_bytes;) {
		size_t size = utf8_character_size(text + i, size_bytes - i);

		if (size > 0)
			buf_append(line, text + i, size);
		else
			buf_append(line, replacement, sizeof(replacement) - 1);
		i += size > 0 ? size : 1;
	}
	return json_object_new_string_len(buf_str(line), (int)line->size_bytes);
}

struct json_object *
driver_log_lines(const char *text, size_t size_bytes)
{
	struct json_object *lines = json_object_new_array();
	AUTO_BUF struct buf line;

	buf_init(&line, 4 * size_bytes + 1);
	while (size_bytes > 0) {
		const char *end = memchr(text, '\n', size_bytes);
		size_t size = end == NULL ? size_bytes : (size_t)(end - text);
		size_t taken = end == NULL ? size : size + 1;

		json_object_array_add(lines, clean_line(&line, text, size));
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

static bool
read_pod(struct app *app, const struct batch *batch, const char *driver_pod, struct json_object **ret_lines,
	 struct err *err)
{
	struct app_cluster *cluster = app_cluster_find(app, batch->cluster);
	AUTO_BUF struct buf text;

	buf_init(&text, (size_t)app->config.log_archive_max_bytes);
	if (cluster == NULL)
		return err_set(err, ERR_NOT_FOUND, "cluster %s is not in the gateway's configuration any more",
			       batch->cluster);
	if (driver_pod == NULL)
		return err_set(err, ERR_NOT_FOUND, "there was no driver pod");
	if (!kube_pod_log(cluster->kube, batch->namespace, driver_pod, CRD_DRIVER_CONTAINER, -1, &text, err))
		return false;
	*ret_lines = driver_log_lines(buf_str(&text), text.size_bytes);
	if (text.overflowed)
		json_object_array_add(*ret_lines, json_object_new_string("(the log is longer than the gateway keeps: "
									 "log_archive.max_bytes)"));
	return true;
}

static bool
read_archive(struct app *app, struct arena *arena, const struct batch *batch, const struct driver_log_range *range,
	     struct driver_log_page *page, struct err *err)
{
	int64_t count;

	page->total = batch->log_lines_count;
	driver_log_range_resolve(range, page->total, &page->from, &count);
	return store_log_page(app->store, arena, batch->id, page->from, count, &page->lines, err);
}

bool
driver_log_read(struct app *app, struct arena *arena, const struct batch *batch, const struct driver_log_range *range,
		struct driver_log_page *ret_page, struct err *err)
{
	struct json_object *lines = NULL;
	int64_t count;

	*ret_page = (struct driver_log_page){ 0 };
	if (batch_state_is_final(batch->state))
		return read_archive(app, arena, batch, range, ret_page, err);
	if (!read_pod(app, batch, batch->driver_pod, &lines, err)) {
		/* no driver yet, or none any more and the end not yet seen: an empty log, as Livy has before the start */
		if (err->code != ERR_NOT_FOUND && err->code != ERR_CONFLICT)
			return false;
		lines = json_object_new_array();
	}
	arena_own_json(arena, lines);
	ret_page->total = (int64_t)json_object_array_length(lines);
	driver_log_range_resolve(range, ret_page->total, &ret_page->from, &count);
	ret_page->lines = arena_own_json(arena, json_object_new_array());
	for (int64_t i = ret_page->from; i < ret_page->from + count; i++)
		json_object_array_add(ret_page->lines, json_object_get(json_object_array_get_idx(lines, (size_t)i)));
	return true;
}

static struct json_object *
lines_instead(const struct batch_move *move, const struct err *err)
{
	struct json_object *lines = NULL;

	if (move->message != NULL)
		lines = driver_log_lines(move->message, strlen(move->message));
	else
		lines = json_object_new_array();
	if (err->code != ERR_NOT_FOUND) {
		json_object_array_add(lines, json_object_new_string("(the driver's log could not be read)"));
		json_object_array_add(lines, json_object_new_string(err->msg));
	}
	return lines;
}

static void
archive(struct app *app, const struct batch *batch, struct json_object *lines)
{
	struct err err = ERR_INIT;

	if (!store_log_archive(app->store, batch->id, lines, &err))
		log_failure(&app->log, LOG_LEVEL_ERROR, "log_not_archived", &err, LOG_INT("batch", batch->id));
}

void
driver_log_archive(struct app *app, struct arena *arena, const struct batch *batch, const struct batch_sight *sight,
		   const struct batch_move *move)
{
	const char *pod = sight->driver_pod != NULL ? sight->driver_pod : batch->driver_pod;
	struct json_object *lines = NULL;
	struct err err = ERR_INIT;

	for (int i = 0; i < ARCHIVE_TRIES && lines == NULL; i++) {
		if (!read_pod(app, batch, pod, &lines, &err) && !err_is_transient(&err))
			break;
	}
	if (lines == NULL && batch->log_lines_count > 0)
		return; /* kept before the pod was taken away */
	if (lines == NULL)
		lines = lines_instead(move, &err);
	archive(app, batch, arena_own_json(arena, lines));
}

void
driver_log_keep(struct app *app, struct arena *arena, const struct batch *batch)
{
	struct json_object *lines;
	struct err err = ERR_INIT;

	if (read_pod(app, batch, batch->driver_pod, &lines, &err))
		archive(app, batch, arena_own_json(arena, lines));
}
