/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/log_lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/utf8.h"

#define NS_PER_S INT64_C(1000000000)
#define TIME_BYTES 64           /* what stands before a line, generously */

struct json_object *
log_line_clean(const char *text, size_t size_bytes)
{
	static const char replacement[] = "\xef\xbf\xbd";
	AUTO_BUF struct buf line;

	buf_init(&line, 4 * size_bytes + 1);
	for (size_t i = 0; i < size_bytes;) {
		size_t size = utf8_character_size(text + i, size_bytes - i);

		if (size > 0)
			buf_append(&line, text + i, size);
		else
			buf_append(&line, replacement, sizeof(replacement) - 1);
		i += size > 0 ? size : 1;
	}
	return json_object_new_string_len(buf_str(&line), (int)line.size_bytes);
}

/* ---- times ---- */

static bool
read_digits(const char **at, const char *end, int count, char after, int *ret_number)
{
	int number = 0;

	if (end - *at < count + (after != '\0' ? 1 : 0))
		return false;
	for (int i = 0; i < count; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		number = number * 10 + (**at - '0');
	}
	*ret_number = number;
	return after == '\0' || *(*at)++ == after;
}

static bool
read_fraction(const char **at, const char *end, int64_t *ret_ns)
{
	int64_t unit = NS_PER_S / 10;

	*ret_ns = 0;
	if (*at == end || **at != '.')
		return true;
	for ((*at)++; *at < end && **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
		*ret_ns += unit * (**at - '0');
	return true;
}

static bool
read_zone(const char **at, const char *end, int64_t *ret_offset_s)
{
	int hours, minutes, sign;

	*ret_offset_s = 0;
	if (*at == end)
		return false;
	if (**at == 'Z') {
		(*at)++;
		return true;
	}
	if (**at != '+' && **at != '-')
		return false;
	sign = *(*at)++ == '-' ? -1 : 1;
	if (!read_digits(at, end, 2, ':', &hours) || !read_digits(at, end, 2, '\0', &minutes))
		return false;
	*ret_offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool
log_time_parse(const char *text, size_t size_bytes, int64_t *ret_at_ns, size_t *ret_size_bytes)
{
	const char *at = text, *end = text + size_bytes;
	struct tm tm = { 0 };
	int64_t ns, offset_s;

	if (!read_digits(&at, end, 4, '-', &tm.tm_year) || !read_digits(&at, end, 2, '-', &tm.tm_mon) ||
	    !read_digits(&at, end, 2, 'T', &tm.tm_mday) || !read_digits(&at, end, 2, ':', &tm.tm_hour) ||
	    !read_digits(&at, end, 2, ':', &tm.tm_min) || !read_digits(&at, end, 2, '\0', &tm.tm_sec) ||
	    !read_fraction(&at, end, &ns) || !read_zone(&at, end, &offset_s))
		return false;
	if (at < end && *at != ' ')
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_at_ns = ((int64_t)timegm(&tm) - offset_s) * NS_PER_S + ns;
	/* an empty line may have lost its blank on the way */
	*ret_size_bytes = (size_t)(at - text) + (at < end ? 1 : 0);
	return *ret_at_ns > 0;
}

/* ---- position ---- */

int64_t
log_position_since_s(const struct log_position *position)
{
	return position->last_at_ns == 0 ? -1 : position->last_at_ns / NS_PER_S - 1;
}

void
log_position_add(struct log_position *position, int64_t at_ns)
{
	int64_t second = at_ns / NS_PER_S, last = position->last_at_ns / NS_PER_S;

	if (position->last_at_ns == 0 || second > last) {
		position->second_before_count = second == last + 1 ? position->second_count : 0;
		position->second_count = 1;
	} else if (second == last) {
		position->second_count++;
	} else if (second == last - 1) {
		position->second_before_count++;
	}
	if (at_ns > position->last_at_ns)
		position->last_at_ns = at_ns;
}

/* ---- reader ---- */

void
log_reader_init(struct log_reader *reader, const struct log_position *position, int64_t limit_bytes)
{
	*reader = (struct log_reader){
		.position = *position,
		.lines = json_object_new_array(),
		.limit_bytes = limit_bytes,
	};
	buf_init(&reader->line, LIMIT_LOG_LINE_BYTES + TIME_BYTES);
}

void
log_reader_release(struct log_reader *reader)
{
	json_object_put(reader->lines);
	buf_release(&reader->line);
	reader->lines = NULL;
}

void
log_reader_begin(struct log_reader *reader)
{
	reader->skip_count = reader->position.second_count + reader->position.second_before_count;
	reader->skip_until_ns = reader->position.last_at_ns;
	buf_reset(&reader->line);
	reader->line_size_bytes = 0;
}

void
log_reader_note(struct log_reader *reader, const char *text)
{
	json_object_array_add(reader->lines, log_line_clean(text, strlen(text)));
	reader->lines_size_bytes += strlen(text) + 1;
	reader->position.lines_count++;
}

static bool
was_taken(struct log_reader *reader, int64_t at_ns)
{
	if (reader->skip_count == 0)
		return false;
	reader->skip_count--;
	if (at_ns <= reader->skip_until_ns)
		return true;
	/* the rest of what was taken has been rotated away */
	reader->skip_count = 0;
	return false;
}

static void
take_line(struct log_reader *reader, const char *text, size_t size_bytes, size_t cut_bytes)
{
	struct json_object *line = log_line_clean(text, size_bytes);

	if (cut_bytes > 0) {
		AUTO_BUF struct buf cut;

		buf_init(&cut, 8 * LIMIT_LOG_LINE_BYTES);
		buf_printf(&cut, "%s... (sparkgate: %zu more bytes of this line were cut)", json_object_get_string(line),
			   cut_bytes);
		json_object_put(line);
		line = json_object_new_string_len(buf_str(&cut), (int)cut.size_bytes);
	}
	json_object_array_add(reader->lines, line);
	reader->lines_size_bytes += size_bytes + 1;
	reader->position.size_bytes += (int64_t)size_bytes + 1;
	reader->position.lines_count++;
}

static void
finish_line(struct log_reader *reader)
{
	const char *text = buf_str(&reader->line);
	size_t size_bytes = reader->line.size_bytes, time_bytes;
	int64_t at_ns;

	/* Without a time it is not the driver's: the kubelet puts its own troubles there ("unable to retrieve ..."). */
	if (reader->position.closed || !log_time_parse(text, size_bytes, &at_ns, &time_bytes) || was_taken(reader, at_ns))
		return;
	if (reader->position.size_bytes + (int64_t)(size_bytes - time_bytes) >= reader->limit_bytes) {
		log_reader_note(reader, "(sparkgate: the log goes on, but no more of it is kept: log_archive.max_bytes)");
		reader->position.closed = true;
		return;
	}
	take_line(reader, text + time_bytes, size_bytes - time_bytes, reader->line_size_bytes - size_bytes);
	log_position_add(&reader->position, at_ns);
}

static void
end_line(struct log_reader *reader)
{
	finish_line(reader);
	buf_reset(&reader->line);
	reader->line_size_bytes = 0;
}

void
log_reader_add(struct log_reader *reader, const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		const char *newline = memchr(bytes, '\n', size_bytes);
		size_t part_bytes = newline == NULL ? size_bytes : (size_t)(newline - bytes);
		size_t room_bytes = reader->line.limit_bytes - 1 - reader->line.size_bytes;

		reader->line_size_bytes += part_bytes;
		buf_append(&reader->line, bytes, part_bytes < room_bytes ? part_bytes : room_bytes);
		if (newline != NULL)
			end_line(reader);
		bytes += newline == NULL ? part_bytes : part_bytes + 1;
		size_bytes -= newline == NULL ? part_bytes : part_bytes + 1;
	}
}

void
log_reader_end(struct log_reader *reader)
{
	if (reader->line_size_bytes > 0)
		end_line(reader);
}

int64_t
log_reader_first_line(const struct log_reader *reader)
{
	return reader->position.lines_count - (int64_t)json_object_array_length(reader->lines);
}

void
log_reader_stored(struct log_reader *reader)
{
	json_object_put(reader->lines);
	reader->lines = json_object_new_array();
	reader->lines_size_bytes = 0;
}
