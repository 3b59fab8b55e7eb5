/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "service/driver_log.h"

#define ABSENT INT64_MIN

/* Contract livy.md 4.6, for a log of 250 lines and for others. */
static const struct {
	const char *row;
	int64_t from, size;     /* as in the query */
	int64_t total;
	int64_t reply_from, count;
} ranges[] = {
	{ "neither", ABSENT, ABSENT, 250, 150, 100 },
	{ "neither, short log", ABSENT, ABSENT, 7, 0, 7 },
	{ "neither, exactly 100", ABSENT, ABSENT, 100, 0, 100 },
	{ "neither, empty log", ABSENT, ABSENT, 0, 0, 0 },
	{ "size=3", ABSENT, 3, 250, 247, 3 },
	{ "size=3, short log", ABSENT, 3, 2, 0, 2 },
	{ "size=0", ABSENT, 0, 250, 250, 0 },
	{ "size=-1", ABSENT, -1, 250, 0, 250 },
	{ "size=-7", ABSENT, -7, 250, 0, 250 },
	{ "from=5, size=-1", 5, -1, 250, 5, 245 },
	{ "from=0, size=-1", 0, -1, 250, 0, 250 },
	{ "from=2, size=2", 2, 2, 250, 2, 2 },
	{ "from=249, size=2", 249, 2, 250, 249, 1 },
	{ "from=0", 0, ABSENT, 250, 0, 100 },
	{ "from=200", 200, ABSENT, 250, 200, 50 },
	{ "from=-5, size=2", -5, 2, 250, 248, 2 },
	{ "from=-1", -1, ABSENT, 250, 150, 100 },
	{ "from=-5, size=-1", -5, -1, 250, 0, 250 },
	{ "from at the end", 250, 10, 250, 250, 0 },
	{ "from beyond the end", 300, 10, 250, 300, 0 },
	{ "from beyond the end, size=-1", 300, -1, 250, 300, 0 },
	{ "from beyond an empty log", 5, ABSENT, 0, 5, 0 },
	{ "from=5, size=0", 5, 0, 250, 5, 0 },
	{ "from=5, size=2147483647", 5, INT32_MAX, 250, 5, 245 },
	{ "size=2147483647", ABSENT, INT32_MAX, 250, 0, 250 },
	{ "from=2147483647, size=2147483647", INT32_MAX, INT32_MAX, 250, INT32_MAX, 0 },
	{ "from=-2147483648, size=-2147483648", INT32_MIN, INT32_MIN, 250, 0, 250 },
	/* one answer holds so many lines, the rest is in the next page */
	{ "a long page from the start", 0, 50000, 30000, 0, LIMIT_PAGE_LOG_LINES },
	{ "a long page from the middle", 7, -1, 30000, 7, LIMIT_PAGE_LOG_LINES },
	{ "a long tail", ABSENT, 20000, 30000, 20000, LIMIT_PAGE_LOG_LINES },
	{ "just the limit", 0, LIMIT_PAGE_LOG_LINES, 30000, 0, LIMIT_PAGE_LOG_LINES },
	{ "all of a long log", ABSENT, -1, 30000, 20000, LIMIT_PAGE_LOG_LINES },
};

static void
from_and_size_mean_what_they_mean_in_livy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ranges); i++) {
		const struct driver_log_range range = {
			.has_from = ranges[i].from != ABSENT, .from = ranges[i].from == ABSENT ? 0 : ranges[i].from,
			.has_size = ranges[i].size != ABSENT, .size = ranges[i].size == ABSENT ? 0 : ranges[i].size,
		};
		int64_t from, count;

		driver_log_range_resolve(&range, ranges[i].total, &from, &count);
		assert_number(ranges[i].row, from, ranges[i].reply_from);
		assert_number(ranges[i].row, count, ranges[i].count);
	}
}

/* Airflow reads pages of 100 from 0 until one is empty. */
static void
pages_in_a_row_give_every_line_once(void **state)
{
	int64_t next = 0, from, count;

	(void)state;
	do {
		const struct driver_log_range range = { .has_from = true, .from = next, .has_size = true, .size = 100 };

		driver_log_range_resolve(&range, 1234, &from, &count);
		assert_int_equal(from, next);
		next += count;
	} while (count > 0);
	assert_int_equal(next, 1234);
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void
text_becomes_lines_of_valid_utf_8(void **state)
{
	static const struct {
		const char *text;
		size_t size_bytes;
		const char *lines;
	} rows[] = {
#define TEXT(literal) literal, sizeof(literal) - 1
		{ TEXT(""), "[]" },
		{ TEXT("\n"), "[\"\"]" },
		{ TEXT("a"), "[\"a\"]" },
		{ TEXT("a\n"), "[\"a\"]" },
		{ TEXT("a\nb"), "[\"a\",\"b\"]" },
		{ TEXT("a\n\n\nb\n"), "[\"a\",\"\",\"\",\"b\"]" },
		{ TEXT("a\r\nb\r\n"), "[\"a\\r\",\"b\\r\"]" },
		{ TEXT("10%\r20%\r"), "[\"10%\\r20%\\r\"]" },
		{ TEXT("\x1b[31mred\t\x7f"), "[\"\\u001b[31mred\\t\x7f\"]" },
		{ TEXT("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "[\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"]" },
		{ TEXT("\xef\xbf\xbf \xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80"),
		  "[\"\xef\xbf\xbf \xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80\"]" },
		{ TEXT("a\0b\n\0"), "[\"a" BAD "b\",\"" BAD "\"]" },
		{ TEXT("\xff\xfe"), "[\"" BAD BAD "\"]" },
		{ TEXT("\x80"), "[\"" BAD "\"]" },
		{ TEXT("a\xc3"), "[\"a" BAD "\"]" },
		{ TEXT("\xc3\nb"), "[\"" BAD "\",\"b\"]" },
		{ TEXT("\xe2\x82x"), "[\"" BAD BAD "x\"]" },
		{ TEXT("\xf0\x9f\x98\n"), "[\"" BAD BAD BAD "\"]" },
		{ TEXT("\xc0\x80"), "[\"" BAD BAD "\"]" },              /* NUL, too long a form */
		{ TEXT("\xe0\x80\xaf"), "[\"" BAD BAD BAD "\"]" },      /* '/', too long a form */
		{ TEXT("\xf0\x80\x80\xaf"), "[\"" BAD BAD BAD BAD "\"]" },
		{ TEXT("\xed\xa0\x80"), "[\"" BAD BAD BAD "\"]" },      /* half of a surrogate pair */
		{ TEXT("\xf4\x90\x80\x80"), "[\"" BAD BAD BAD BAD "\"]" }, /* beyond U+10FFFF */
		{ TEXT("\xf5\x80\x80\x80"), "[\"" BAD BAD BAD BAD "\"]" },
#undef TEXT
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct json_object *lines = arena_own_json(*state, driver_log_lines(rows[i].text, rows[i].size_bytes));

		assert_json(*state, rows[i].text, lines, rows[i].lines);
	}
}

static void
a_very_long_line_is_kept_whole(void **state)
{
	static char text[300000];
	struct json_object *lines;

	memset(text, '\xff', sizeof(text)); /* three bytes come out for each */
	lines = arena_own_json(*state, driver_log_lines(text, sizeof(text)));
	assert_int_equal(json_object_array_length(lines), 1);
	assert_int_equal(json_object_get_string_len(json_object_array_get_idx(lines, 0)), 3 * sizeof(text));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_and_size_mean_what_they_mean_in_livy),
		cmocka_unit_test(pages_in_a_row_give_every_line_once),
		unit_test_with_arena(text_becomes_lines_of_valid_utf_8),
		unit_test_with_arena(a_very_long_line_is_kept_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
