/*
 * base/log.h - one line per event, key=value or JSON, on standard error.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Client bytes are escaped; values hold no secrets (callers pass err->detail, never a conf or a token).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_COUNT };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON, LOG_FORMAT_COUNT };

struct log {
	enum log_level level;           /* what is less important is left out */
	enum log_format format;
	int fd;
	const char *program;            /* e.g. "worker" */
	/* The context of the call under way, borrowed; NULL when there is none. */
	const char *request_id;
	const char *user;
	const char *action;             /* "while" in the line, e.g. "deleting a batch" */
};

struct log_field {
	const char *key;
	const char *text;               /* used when not NULL */
	int64_t number;
	bool is_number;
};

#define LOG_TEXT(key_, text_) ((struct log_field){ .key = (key_), .text = (text_) })
#define LOG_INT(key_, number_) ((struct log_field){ .key = (key_), .number = (number_), .is_number = true })

/* log_event(log, LOG_LEVEL_INFO, "batch_accepted", LOG_INT("batch", id)); fields whose text is NULL are left out. */
#define log_event(log, level, event, ...) \
	log_write((log), (level), (const struct log_field[]){ LOG_TEXT("event", (event)), ##__VA_ARGS__, { 0 } })

/* The same for a failure: adds its code, msg and detail. */
#define log_failure(log, level, event, err, ...) \
	log_event(log, level, event, ##__VA_ARGS__, LOG_TEXT("error", err_code_text((err)->code)), \
		  LOG_TEXT("msg", (err)->msg), \
		  LOG_TEXT("detail", (err)->detail[0] != '\0' ? (err)->detail : NULL))

/* The first field is the event; the list ends with a field without key. */
void log_write(const struct log *log, enum log_level level, const struct log_field *fields);

bool log_level_parse(const char *text, enum log_level *ret_level);
bool log_format_parse(const char *text, enum log_format *ret_format);

#endif
