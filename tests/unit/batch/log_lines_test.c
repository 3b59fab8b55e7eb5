/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/log_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WHOLE (INT64_C(1) << 40)
#define NS_PER_S INT64_C(1000000000)

static void
times_are_read_as_the_kubelet_writes_them(void **state)
{
	static const struct {
		const char *text;
		int64_t at_ns;          /* 0: none */
		size_t size_bytes;
	} rows[] = {
		{ "1970-01-02T00:00:00Z x", 86400 * NS_PER_S, 21 },
		{ "2026-11-21T13:00:00.123456789Z line", 1795266000123456789, 31 },
		{ "2026-11-21T13:00:00.5Z line", 1795266000500000000, 23 },
		{ "2026-11-21T14:00:00.000000001+01:00 line", 1795266000000000001, 36 },
		{ "2026-11-21T08:30:00.000000001-04:30 line", 1795266000000000001, 36 },
		{ "2026-11-21T13:00:00Z", 1795266000 * NS_PER_S, 20 },
		{ "2026-11-21T13:00:00", 0, 0 },
		{ "2026-11-21T13:00:00Zline", 0, 0 },
		{ "2026-11-21 13:00:00Z line", 0, 0 },
		{ "unable to retrieve container logs for containerd://1", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		int64_t at_ns = 0;
		size_t size_bytes = 0;
		bool read = log_time_parse(rows[i].text, strlen(rows[i].text), &at_ns, &size_bytes);

		assert_number(rows[i].text, read, rows[i].at_ns != 0);
		assert_number(rows[i].text, read ? at_ns : 0, rows[i].at_ns);
		assert_number(rows[i].text, read ? (int64_t)size_bytes : 0, (int64_t)rows[i].size_bytes);
	}
}

static struct log_reader
new_reader(int64_t limit_bytes)
{
	const struct log_position start = { 0 };
	struct log_reader reader;

	log_reader_init(&reader, &start, limit_bytes);
	log_reader_begin(&reader);
	return reader;
}

static void
add_text(struct log_reader *reader, const char *text)
{
	log_reader_add(reader, text, strlen(text));
}

static void
assert_lines(const char *row, const struct log_reader *reader, const char *wanted)
{
	assert_text(row, json_text(reader->lines), wanted);
}

#define AT "2026-11-21T13:00:00.1Z "

static void
lines_are_put_together_wherever_the_bytes_are_cut(void **state)
{
	static const char text[] = AT "one\n" AT "\n" AT "thr\xc3\xa9\x65\n" AT "four";

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct log_reader reader = new_reader(WHOLE);

		log_reader_add(&reader, text, cut);
		log_reader_add(&reader, text + cut, sizeof(text) - 1 - cut);
		assert_lines("without the end", &reader, "[\"one\",\"\",\"thr\xc3\xa9\x65\"]");
		log_reader_end(&reader);
		assert_lines("at the end", &reader, "[\"one\",\"\",\"thr\xc3\xa9\x65\",\"four\"]");
		assert_int_equal(reader.position.lines_count, 4);
		log_reader_release(&reader);
	}
}

static void
what_the_database_cannot_hold_is_replaced(void **state)
{
	static const char text[] = AT "a\0b\xff" "c\xc3\n";
	struct log_reader reader = new_reader(WHOLE);

	(void)state;
	log_reader_add(&reader, text, sizeof(text) - 1);
	assert_lines("replaced", &reader, "[\"a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\xef\xbf\xbd\"]");
	log_reader_release(&reader);
}

static void
what_is_not_the_drivers_is_left_out(void **state)
{
	struct log_reader reader = new_reader(WHOLE);

	(void)state;
	add_text(&reader, AT "one\nunable to retrieve container logs for containerd://1\n" AT "two\n");
	assert_lines("left out", &reader, "[\"one\",\"two\"]");
	log_reader_release(&reader);
}

static void
a_line_that_is_too_long_is_cut_and_says_so(void **state)
{
	struct log_reader reader = new_reader(WHOLE);
	size_t size = 3 * LIMIT_LOG_LINE_BYTES;
	char *bytes = malloc(size);
	const char *line;

	(void)state;
	memset(bytes, 'x', size);
	add_text(&reader, AT);
	log_reader_add(&reader, bytes, size / 2);
	log_reader_add(&reader, bytes, size / 2);
	add_text(&reader, "\n" AT "next\n");
	assert_int_equal(json_object_array_length(reader.lines), 2);
	line = json_object_get_string(json_object_array_get_idx(reader.lines, 0));
	assert_true(strlen(line) < LIMIT_LOG_LINE_BYTES + 200);
	assert_contains("cut", line, "x... (sparkgate: ");
	assert_text("next", json_object_get_string(json_object_array_get_idx(reader.lines, 1)), "next");
	free(bytes);
	log_reader_release(&reader);
}

static void
a_log_that_reaches_its_limit_says_so_and_ends(void **state)
{
	struct log_reader reader = new_reader(10);

	(void)state;
	add_text(&reader, AT "1234\n" AT "12345\n" AT "6\n");
	assert_int_equal(json_object_array_length(reader.lines), 2);
	assert_contains("note", json_object_get_string(json_object_array_get_idx(reader.lines, 1)), "log_archive.max_bytes");
	assert_true(reader.position.closed);
	log_reader_release(&reader);
}

/* ---- reading on ---- */

#define LINES 60

/* Times as two threads of a runtime write them: sometimes equal, sometimes out of order, over some seconds. */
static int64_t
time_of(int line)
{
	static const int64_t shift_ns[] = { 0, 0, 300, -300, 100, -200000000 };

	return 1795266000 * NS_PER_S + line / 3 * (NS_PER_S / 7) + shift_ns[line % (int)ARRAY_COUNT(shift_ns)];
}

/* The answer to a GET: lines of that second and later, as the kubelet filters them. */
static void
give(struct log_reader *reader, int first, int end, int64_t since_s)
{
	for (int line = first; line < end; line++) {
		char text[64];
		time_t second = (time_t)(time_of(line) / NS_PER_S);
		struct tm tm;
		char at[32];

		if (time_of(line) / NS_PER_S < since_s)
			continue;
		strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &tm));
		snprintf(text, sizeof(text), "%s.%09dZ %d\n", at, (int)(time_of(line) % NS_PER_S), line);
		add_text(reader, text);
	}
}

static void
assert_numbered(const char *row, struct json_object *lines, size_t from, size_t end)
{
	assert_number(row, (int64_t)json_object_array_length(lines), (int64_t)(end - from));
	for (size_t i = from; i < end; i++)
		assert_number(row, strtol(json_object_get_string(json_object_array_get_idx(lines, i - from)), NULL, 10),
			      (int64_t)i);
}

static void
no_line_is_lost_and_none_doubled_wherever_reading_stops(void **state)
{
	(void)state;
	for (int stop = 0; stop <= LINES; stop++) {
		struct log_reader before = new_reader(WHOLE), after;

		give(&before, 0, stop, -1);
		assert_numbered("before", before.lines, 0, (size_t)stop);
		/* the process ends here; what it wrote is all that the next one knows */
		log_reader_init(&after, &before.position, WHOLE);
		log_reader_begin(&after);
		give(&after, 0, LINES, log_position_since_s(&after.position));
		assert_numbered("after", after.lines, (size_t)stop, LINES);
		assert_int_equal(log_reader_first_line(&after), stop);
		log_reader_release(&before);
		log_reader_release(&after);
	}
}

static void
a_file_that_was_rotated_away_costs_only_what_was_in_it(void **state)
{
	struct log_reader reader = new_reader(WHOLE);

	(void)state;
	give(&reader, 0, 30, -1);
	log_reader_stored(&reader);
	log_reader_begin(&reader);
	give(&reader, 36, LINES, log_position_since_s(&reader.position));
	assert_numbered("after the rotation", reader.lines, 36, LINES);
	log_reader_release(&reader);
}

static void
an_incomplete_line_of_a_broken_stream_comes_whole_with_the_next(void **state)
{
	struct log_reader reader = new_reader(WHOLE);

	(void)state;
	add_text(&reader, AT "one\n" AT "tw");
	log_reader_begin(&reader);
	add_text(&reader, AT "one\n" AT "two\n");
	assert_lines("whole", &reader, "[\"one\",\"two\"]");
	log_reader_release(&reader);
}

static void
notes_have_line_numbers_but_no_time(void **state)
{
	struct log_reader reader = new_reader(WHOLE);

	(void)state;
	log_reader_note(&reader, "(note)");
	assert_int_equal(log_position_since_s(&reader.position), -1);
	log_reader_stored(&reader);
	add_text(&reader, AT "one\n");
	assert_int_equal(log_reader_first_line(&reader), 1);
	log_reader_release(&reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_as_the_kubelet_writes_them),
		cmocka_unit_test(lines_are_put_together_wherever_the_bytes_are_cut),
		cmocka_unit_test(what_the_database_cannot_hold_is_replaced),
		cmocka_unit_test(what_is_not_the_drivers_is_left_out),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_says_so),
		cmocka_unit_test(a_log_that_reaches_its_limit_says_so_and_ends),
		cmocka_unit_test(no_line_is_lost_and_none_doubled_wherever_reading_stops),
		cmocka_unit_test(a_file_that_was_rotated_away_costs_only_what_was_in_it),
		cmocka_unit_test(an_incomplete_line_of_a_broken_stream_comes_whole_with_the_next),
		cmocka_unit_test(notes_have_line_numbers_but_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
