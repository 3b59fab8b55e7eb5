/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* Below PIPE_BUF (4096), so that lines of many processes on one pipe are never mixed. */
#define LINE_LIMIT_BYTES 4000

/* Beside its key, a field has the marks around it and room for a number or a few characters. */
#define FIELD_LEAST_BYTES 32

#define TIME_BYTES sizeof("2026-11-21T12:00:00.000Z")

/* What a line may end with, always. */
#define ENDING_BYTES 2

/* A control character as \u001b. */
#define LONGEST_ESCAPE_BYTES 6

struct line {
	size_t size_bytes;
	size_t limit_bytes;
	char bytes[LINE_LIMIT_BYTES];
};

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

/* `count` digits of a number, with zeros before them, and what follows; returns where it ends. */
static char *
put_digits(char *at, int number, int count, char next)
{
	for (int i = count - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	at[count] = next;
	return at + count + 1;
}

/* There is a line per request: this costs a tenth of strftime and printf. */
static void
write_time(char ret_text[TIME_BYTES])
{
	int64_t now_us = clock_wall_us();
	time_t seconds = (time_t)(now_us / 1000000);
	struct tm utc;
	char *at = ret_text;

	gmtime_r(&seconds, &utc);
	at = put_digits(at, utc.tm_year + 1900, 4, '-');
	at = put_digits(at, utc.tm_mon + 1, 2, '-');
	at = put_digits(at, utc.tm_mday, 2, 'T');
	at = put_digits(at, utc.tm_hour, 2, ':');
	at = put_digits(at, utc.tm_min, 2, ':');
	at = put_digits(at, utc.tm_sec, 2, '.');
	at = put_digits(at, (int)(now_us / 1000 % 1000), 3, 'Z');
	*at = '\0';
}

static size_t
room_in(const struct line *line)
{
	return line->limit_bytes - line->size_bytes;
}

/* What there is room for, as the caller knows. */
static void
add(struct line *line, const char *bytes, size_t size_bytes)
{
	memcpy(line->bytes + line->size_bytes, bytes, size_bytes);
	line->size_bytes += size_bytes;
}

static void
add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

/* How many bytes are written as they are until the first that is not, or the end. */
static size_t
plain_size(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;

	while (*byte >= 0x20 && *byte != 0x7f && *byte != '"' && *byte != '\\')
		byte++;
	return (size_t)((const char *)byte - text);
}

static void
add_escaped(struct line *line, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	if (byte == '"' || byte == '\\')
		add(line, (const char[]){ '\\', (char)byte }, 2);
	else if (byte == '\n')
		add(line, "\\n", 2);
	else if (byte < 0x20 || byte == 0x7f)
		add(line, (const char[]){ '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15] }, LONGEST_ESCAPE_BYTES);
	else
		add(line, (const char *)&byte, 1);
}

/* Escapes as JSON does; bytes above 127 stay, so that UTF-8 remains readable. Too long a text is cut, between characters. */
static void
add_quoted(struct line *line, const char *text)
{
	size_t plain = plain_size(text);

	add(line, "\"", 1);
	/* the rule: nothing is to be escaped or cut */
	if (text[plain] == '\0' && plain + LONGEST_ESCAPE_BYTES < room_in(line)) {
		add(line, text, plain);
		text += plain;
	}
	for (; *text != '\0'; text++) {
		bool begins_character = ((unsigned char)*text & 0xc0) != 0x80;

		if (room_in(line) < 2 || (begins_character && room_in(line) < LONGEST_ESCAPE_BYTES + 1))
			break;
		add_escaped(line, (unsigned char)*text);
	}
	add(line, "\"", 1);
}

/* Its size, when it stands without quotes; 0: it does not. */
static size_t
bare_size(const char *text)
{
	static const bool bare[UCHAR_MAX + 1] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['_'] = true,
		['.'] = true,         ['/'] = true,         [':'] = true,         ['+'] = true, [','] = true, ['@'] = true,
	};
	const unsigned char *byte = (const unsigned char *)text;

	while (bare[*byte])
		byte++;
	return *byte == '\0' ? (size_t)((const char *)byte - text) : 0;
}

/* A field for which there is no room is left out; one that does not fit is cut. The line stays well-formed. */
static void
add_field(const struct log *log, struct line *line, const struct log_field *field)
{
	bool json = log->format == LOG_FORMAT_JSON;
	char digits[TEXT_INT_BYTES];
	size_t size;

	if ((!field->is_number && field->text == NULL) || room_in(line) < strlen(field->key) + FIELD_LEAST_BYTES)
		return;
	if (line->size_bytes > 0)
		add_text(line, json ? ",\"" : " ");
	else if (json)
		add_text(line, "{\"");
	add_text(line, field->key);
	add_text(line, json ? "\":" : "=");
	if (field->is_number)
		size = text_int(digits, field->number);
	else
		size = json ? 0 : bare_size(field->text);
	if (size > 0 && size <= room_in(line))
		add(line, field->is_number ? digits : field->text, size);
	else
		add_quoted(line, field->text);
}

static void
write_line(const struct log *log, enum log_level level, const struct log_field *fields)
{
	struct line line;
	char time[TIME_BYTES];
	ssize_t written;

	line.size_bytes = 0;
	line.limit_bytes = LINE_LIMIT_BYTES - ENDING_BYTES;
	write_time(time);
	const struct log_field head[] = {
		LOG_TEXT("time", time), LOG_TEXT("level", level_text[level]),
		fields[0], LOG_TEXT("program", log->program),
		LOG_INT("pid", getpid()), LOG_TEXT("request", log->request_id),
		LOG_TEXT("user", log->user), LOG_TEXT("while", log->action),
	};
	for (size_t i = 0; i < ARRAY_COUNT(head); i++)
		add_field(log, &line, &head[i]);
	for (fields++; fields->key != NULL; fields++)
		add_field(log, &line, fields);
	add_text(&line, log->format == LOG_FORMAT_JSON ? "}\n" : "\n");
	written = write(log->fd, line.bytes, line.size_bytes);
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
