/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/properties_read.h"

#include <ctype.h>
#include <string.h>

struct reader {
	const char *at;
	int line;
	struct err *err;
};

#define BLANKS " \t\f"

/* Sorted as they come in: many more would take seconds, and nobody writes so many. */
#define PROPERTIES_MOST 10000

static bool
is_line_end(char character)
{
	return character == '\n' || character == '\r';
}

static void
skip_line_end(struct reader *reader)
{
	reader->at += reader->at[0] == '\r' && reader->at[1] == '\n' ? 2 : 1;
	reader->line++;
}

static void
skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, BLANKS);
}

/* To the first character of the next property; false at the end. */
static bool
next_property(struct reader *reader)
{
	for (;;) {
		skip_blanks(reader);
		if (*reader->at == '\0')
			return false;
		if (is_line_end(*reader->at))
			skip_line_end(reader);
		else if (*reader->at == '#' || *reader->at == '!')
			reader->at += strcspn(reader->at, "\r\n");
		else
			return true;
	}
}

static bool
read_unit(struct reader *reader, unsigned *ret_unit)
{
	*ret_unit = 0;
	for (int i = 0; i < 4; i++) {
		char digit = reader->at[i];

		if (!isxdigit((unsigned char)digit))
			return err_set(reader->err, ERR_INVALID, "line %d: \\u wants four hexadecimal digits", reader->line);
		*ret_unit = *ret_unit * 16 +
			    (unsigned)(isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10);
	}
	reader->at += 4;
	return true;
}

static size_t
write_utf8(char *text, unsigned code)
{
	if (code < 0x80) {
		text[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		text[0] = (char)(0xc0 | (code >> 6));
		text[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		text[0] = (char)(0xe0 | (code >> 12));
		text[1] = (char)(0x80 | ((code >> 6) & 0x3f));
		text[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	text[0] = (char)(0xf0 | (code >> 18));
	text[1] = (char)(0x80 | ((code >> 12) & 0x3f));
	text[2] = (char)(0x80 | ((code >> 6) & 0x3f));
	text[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Behind "\u". Java's characters are UTF-16: what is beyond them comes as two. Six bytes of source make at most three. */
static bool
read_unicode(struct reader *reader, char **end)
{
	unsigned unit, low;

	if (!read_unit(reader, &unit))
		return false;
	if (unit == 0)
		return err_set(reader->err, ERR_INVALID, "line %d: a NUL character (\\u0000)", reader->line);
	if (unit >= 0xd800 && unit < 0xe000) {
		if (unit >= 0xdc00 || reader->at[0] != '\\' || reader->at[1] != 'u')
			return err_set(reader->err, ERR_INVALID, "line %d: half a surrogate pair", reader->line);
		reader->at += 2;
		if (!read_unit(reader, &low))
			return false;
		if (low < 0xdc00 || low >= 0xe000)
			return err_set(reader->err, ERR_INVALID, "line %d: half a surrogate pair", reader->line);
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	*end += write_utf8(*end, unit);
	return true;
}

/* At a backslash. */
static bool
read_escape(struct reader *reader, char **end)
{
	static const char letters[] = "tnrf", control[] = "\t\n\r\f";
	const char *found;

	reader->at++;
	if (*reader->at == '\0')
		return true;
	if (is_line_end(*reader->at)) {
		skip_line_end(reader);
		skip_blanks(reader);
		return true;
	}
	if (*reader->at == 'u') {
		reader->at++;
		return read_unicode(reader, end);
	}
	found = strchr(letters, *reader->at);
	*(*end)++ = found != NULL ? control[found - letters] : *reader->at;
	reader->at++;
	return true;
}

/* To the end of the line, or of the key; `text` has room for all that is left. */
static bool
read_text(struct reader *reader, const char *ends, char *text)
{
	char *end = text;

	while (*reader->at != '\0' && !is_line_end(*reader->at) && strchr(ends, *reader->at) == NULL) {
		if (*reader->at != '\\')
			*end++ = *reader->at++;
		else if (!read_escape(reader, &end))
			return false;
	}
	*end = '\0';
	return true;
}

static void
skip_joins(struct reader *reader)
{
	skip_blanks(reader);
	while (reader->at[0] == '\\' && is_line_end(reader->at[1])) {
		reader->at++;
		skip_line_end(reader);
		skip_blanks(reader);
	}
}

/* Blanks, one '=' or ':' among them, and joined lines. */
static void
skip_separator(struct reader *reader)
{
	skip_joins(reader);
	if (*reader->at == '=' || *reader->at == ':') {
		reader->at++;
		skip_joins(reader);
	}
}

bool
spark_properties_read(const char *text, struct spark_conf *conf, struct err *err)
{
	struct reader reader = { .at = text, .line = 1, .err = err };
	char *key = arena_alloc(conf->arena, strlen(text) + 1), *value = arena_alloc(conf->arena, strlen(text) + 1);

	while (next_property(&reader)) {
		if (!read_text(&reader, "=:" BLANKS, key))
			return false;
		skip_separator(&reader);
		if (!read_text(&reader, "", value))
			return false;
		spark_conf_set(conf, key, value);
		if (conf->count > PROPERTIES_MOST)
			return err_set(err, ERR_INVALID, "more than %d properties", PROPERTIES_MOST);
	}
	return true;
}
