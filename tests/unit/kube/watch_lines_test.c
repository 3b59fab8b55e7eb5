/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "kube/watch_lines.h"

static void
assert_line(struct watch_lines *lines, const char *expected)
{
	const char *line = NULL;
	size_t size_bytes = 0;

	assert_true(watch_lines_next(lines, &line, &size_bytes));
	assert_int_equal(size_bytes, strlen(expected));
	assert_memory_equal(line, expected, size_bytes);
}

static void
assert_no_line(struct watch_lines *lines)
{
	const char *line;
	size_t size_bytes;

	assert_false(watch_lines_next(lines, &line, &size_bytes));
}

static void
lines_come_out_whole_wherever_the_stream_is_cut(void **state)
{
	static const char stream[] = "first\n\n\nsecond line\nx\n";
	size_t size_bytes = strlen(stream);

	(void)state;
	for (size_t cut = 0; cut <= size_bytes; cut++) {
		static const char *const expected[] = { "first", "second line", "x" };
		struct watch_lines lines;
		const char *line;
		size_t line_bytes, count = 0;

		watch_lines_init(&lines, 1000);
		for (int part = 0; part < 2; part++) {
			assert_true(watch_lines_add(&lines, part == 0 ? stream : stream + cut,
						    part == 0 ? cut : size_bytes - cut));
			while (watch_lines_next(&lines, &line, &line_bytes)) {
				assert_true(count < ARRAY_COUNT(expected));
				assert_int_equal(line_bytes, strlen(expected[count]));
				assert_memory_equal(line, expected[count], line_bytes);
				count++;
			}
		}
		assert_int_equal(count, ARRAY_COUNT(expected));
		watch_lines_release(&lines);
	}
}

static void
single_bytes_make_lines(void **state)
{
	struct watch_lines lines;

	(void)state;
	watch_lines_init(&lines, 1000);
	for (const char *byte = "{\"a\":1}"; *byte != '\0'; byte++) {
		assert_true(watch_lines_add(&lines, byte, 1));
		assert_no_line(&lines);
	}
	assert_true(watch_lines_add(&lines, "\n", 1));
	assert_line(&lines, "{\"a\":1}");
	assert_no_line(&lines);
	watch_lines_release(&lines);
}

static void
lines_that_were_taken_make_room(void **state)
{
	struct watch_lines lines;

	(void)state;
	watch_lines_init(&lines, 16);
	for (int i = 0; i < 100; i++) {
		assert_true(watch_lines_add(&lines, "0123456789\nrest", 15));
		assert_line(&lines, "0123456789");
		assert_true(watch_lines_add(&lines, "\n", 1));
		assert_line(&lines, "rest");
	}
	watch_lines_release(&lines);
}

static void
a_line_above_the_limit_is_refused(void **state)
{
	struct watch_lines lines;

	(void)state;
	watch_lines_init(&lines, 8);
	assert_true(watch_lines_add(&lines, "01234567", 8));
	assert_false(watch_lines_add(&lines, "8", 1));
	assert_no_line(&lines);
	watch_lines_reset(&lines);
	assert_true(watch_lines_add(&lines, "a\nb", 3));
	assert_line(&lines, "a");
	assert_no_line(&lines);
	watch_lines_release(&lines);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_whole_wherever_the_stream_is_cut),
		cmocka_unit_test(single_bytes_make_lines),
		cmocka_unit_test(lines_that_were_taken_make_room),
		cmocka_unit_test(a_line_above_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
