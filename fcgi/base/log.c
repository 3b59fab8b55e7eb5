/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

/* Below PIPE_BUF (4096), so that lines of many processes on one pipe are never mixed. */
#define LINE_LIMIT_BYTES 4000

/* Beside its key, a field has the marks around it and room for a number or a few characters. */
#define FIELD_LEAST_BYTES 32

/* A control character as \u001b. */
#define LONGEST_ESCAPE_BYTES 6

static const char *const level_text[LOG_LEVEL_COUNT] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *const format_text[LOG_FORMAT_COUNT] = {
	[LOG_FORMAT_LOGFMT] = "logfmt",
	[LOG_FORMAT_JSON] = "json",
};

static void
add_time(struct buf *line)
{
	int64_t now_us = clock_wall_us();
	time_t seconds = (time_t)(now_us / 1000000);
	struct tm utc;
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	buf_printf(line, "%s.%03dZ", text, (int)(now_us / 1000 % 1000));
}

static size_t
room_in(const struct buf *line)
{
	return line->limit_bytes - line->size_bytes;
}

/* Escapes as JSON does; bytes above 127 stay, so that UTF-8 remains readable. Too long a text is cut, between characters. */
static void
add_quoted(struct buf *line, const char *text)
{
	buf_text(line, "\"");
	for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
		size_t room = room_in(line);
		bool begins_character = (*byte & 0xc0) != 0x80;

		if (room < 2 || (begins_character && room < LONGEST_ESCAPE_BYTES + 1))
			break;
		if (*byte == '"' || *byte == '\\')
			buf_printf(line, "\\%c", *byte);
		else if (*byte == '\n')
			buf_text(line, "\\n");
		else if (*byte < 0x20 || *byte == 0x7f)
			buf_printf(line, "\\u%04x", *byte);
		else
			buf_append(line, byte, 1);
	}
	buf_text(line, "\"");
}

static bool
is_bare(const char *text)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:+,@";

	return text[0] != '\0' && text[strspn(text, bare)] == '\0';
}

/* A field for which there is no room is left out; one that does not fit is cut. The line stays well-formed. */
static void
add_field(const struct log *log, struct buf *line, const struct log_field *field)
{
	bool json = log->format == LOG_FORMAT_JSON;

	if ((!field->is_number && field->text == NULL) || room_in(line) < strlen(field->key) + FIELD_LEAST_BYTES)
		return;
	buf_printf(line, json ? "%s\"%s\":" : "%s%s=", line->size_bytes == 0 ? (json ? "{" : "") : (json ? "," : " "),
		   field->key);
	if (field->is_number)
		buf_printf(line, "%lld", (long long)field->number);
	else if (!json && is_bare(field->text) && strlen(field->text) <= room_in(line))
		buf_text(line, field->text);
	else
		add_quoted(line, field->text);
}

static void
write_line(const struct log *log, enum log_level level, const struct log_field *fields)
{
	AUTO_BUF struct buf line;
	AUTO_BUF struct buf time;
	ssize_t written;

	buf_init(&line, LINE_LIMIT_BYTES - 3);
	buf_init(&time, 64);
	add_time(&time);
	const struct log_field head[] = {
		LOG_TEXT("time", buf_str(&time)), LOG_TEXT("level", level_text[level]),
		fields[0], LOG_TEXT("program", log->program),
		LOG_INT("pid", getpid()), LOG_TEXT("request", log->request_id),
		LOG_TEXT("user", log->user), LOG_TEXT("while", log->action),
	};
	for (size_t i = 0; i < ARRAY_COUNT(head); i++)
		add_field(log, &line, &head[i]);
	for (fields++; fields->key != NULL; fields++)
		add_field(log, &line, fields);
	line.limit_bytes = LINE_LIMIT_BYTES;
	buf_text(&line, log->format == LOG_FORMAT_JSON ? "}\n" : "\n");
	written = write(log->fd, buf_str(&line), line.size_bytes);
	(void)written; /* a log that cannot be written has nowhere to be told */
}

void
log_write(const struct log *log, enum log_level level, const struct log_field *fields)
{
	if (level <= log->level)
		write_line(log, level, fields);
}

static int
find(const char *const *words, int count, const char *text)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
	}
	return -1;
}

bool
log_level_parse(const char *text, enum log_level *ret_level)
{
	int found = find(level_text, LOG_LEVEL_COUNT, text);

	if (found >= 0)
		*ret_level = (enum log_level)found;
	return found >= 0;
}

bool
log_format_parse(const char *text, enum log_format *ret_format)
{
	int found = find(format_text, LOG_FORMAT_COUNT, text);

	if (found >= 0)
		*ret_format = (enum log_format)found;
	return found >= 0;
}
