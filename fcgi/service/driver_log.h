/*
 * service/driver_log.h - the driver's log, as far as the watcher has taken it into the database: within about a second
 * while the driver runs. Readers never ask the pod: two sources would disagree about how many lines there are by now.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_DRIVER_LOG_H
#define SERVICE_DRIVER_LOG_H

#include <json-c/json.h>

#include "batch/lifecycle.h"
#include "service/app.h"

/* A piece of a log; lines count from 0. */
struct driver_log_page {
	int64_t from;
	int64_t total;
	struct json_object *lines;      /* array of strings, the arena's */
};

/* Which piece: as Livy's from and size, absent ones false (contract livy.md 4.6). */
struct driver_log_range {
	bool has_from, has_size;
	int64_t from, size;
};

/* err  see store/store.h */
MUST_CHECK bool driver_log_read(struct app *app, struct arena *arena, const struct batch *batch,
				const struct driver_log_range *range, struct driver_log_page *ret_page, struct err *err);

/*
 * A batch ends: an empty log is given what is known of the end, so that people find a reason where they look for it.
 */
void driver_log_explain(struct app *app, const struct batch *batch, const struct batch_move *move);

/* Text to an array of lines: valid UTF-8 without NUL, whatever the driver printed. The caller's to put. */
struct json_object *driver_log_lines(const char *text, size_t size_bytes);

/* The piece that a range means in a log of `total` lines: first line and count. */
void driver_log_range_resolve(const struct driver_log_range *range, int64_t total, int64_t *ret_from, int64_t *ret_count);

#endif
