/*
 * batch/log_lines.h - a driver's log as bytes come in: lines, and the position from which to read on. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The bytes are what GET pods/P/log?timestamps=true sends: each line begins with the time at which it was written.
 * Source: contract crds.md 9.5; sinceTime has whole seconds, so reading on means reading a little again.
 */
#ifndef BATCH_LOG_LINES_H
#define BATCH_LOG_LINES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/*
 * How far a log has been taken. Standard output and standard error are written by two threads of the container runtime,
 * so their times may be a little out of order, and two lines may have the same. What was taken is therefore counted,
 * for the newest second and the one before it; the times only say where counting ends after a file was rotated away.
 */
struct log_position {
	int64_t lines_count;            /* stored lines; notes of the gateway's own are among them */
	int64_t size_bytes;
	int64_t last_at_ns;             /* newest time of a line, since 1970; 0: none was taken */
	int64_t second_count;           /* lines taken that are of its second */
	int64_t second_before_count;
	bool closed;                    /* the limit was reached: no more is kept */
};

/* sinceTime, in seconds since 1970, to read on from; -1: from the beginning. */
int64_t log_position_since_s(const struct log_position *position);
/* A line of that time was taken. */
void log_position_add(struct log_position *position, int64_t at_ns);

/*
 * RFC 3339 with a fraction of up to nine digits, then one blank. False when the text does not begin so.
 * ret_size_bytes  of time and blank
 */
MUST_CHECK bool log_time_parse(const char *text, size_t size_bytes, int64_t *ret_at_ns, size_t *ret_size_bytes);

struct log_reader {
	struct log_position position;   /* after the last of `lines` */
	struct json_object *lines;      /* array of strings: complete, not stored yet */
	size_t lines_size_bytes;
	int64_t limit_bytes;            /* of the whole log */
	/* of the answer under way */
	int64_t skip_count;             /* lines at its beginning that were taken before */
	int64_t skip_until_ns;
	struct buf line;                /* the incomplete one, as far as it is kept */
	size_t line_size_bytes;         /* the whole of it */
};

void log_reader_init(struct log_reader *reader, const struct log_position *position, int64_t limit_bytes);
void log_reader_release(struct log_reader *reader);

/* A new answer begins, asked for with log_position_since_s(); an incomplete line of the last one comes again. */
void log_reader_begin(struct log_reader *reader);
void log_reader_add(struct log_reader *reader, const char *bytes, size_t size_bytes);
/* The answer was whole: a last line without newline is a line. */
void log_reader_end(struct log_reader *reader);

/* A line of the gateway's own. */
void log_reader_note(struct log_reader *reader, const char *text);

/* The number of the first of `lines`. */
int64_t log_reader_first_line(const struct log_reader *reader);
/* `lines` were stored. */
void log_reader_stored(struct log_reader *reader);

/* A line as the database can hold it: valid UTF-8 without NUL. The caller's to put. */
struct json_object *log_line_clean(const char *text, size_t size_bytes);

#endif
