/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/buf.h"

static void
text_is_added_at_the_end(void **state)
{
	AUTO_BUF struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	assert_string_equal(buf_str(&buf), "");
	assert_true(buf_text(&buf, "one"));
	assert_true(buf_append(&buf, " two!", 4));
	assert_true(buf_printf(&buf, " %d%s", 3, ""));
	assert_true(buf_append(&buf, NULL, 0));
	assert_true(buf_int(&buf, -45));
	assert_string_equal(buf_str(&buf), "one two 3-45");
	assert_int_equal(buf.size_bytes, 12);
}

static void
any_byte_can_be_held(void **state)
{
	AUTO_BUF struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	assert_true(buf_append(&buf, "a\0\xff", 3));
	assert_int_equal(buf.size_bytes, 3);
	assert_memory_equal(buf.bytes, "a\0\xff", 4);
}

static void
a_large_text_arrives_whole(void **state)
{
	AUTO_BUF struct buf buf;

	(void)state;
	buf_init(&buf, 1000000);
	for (int i = 0; i < 100000; i++)
		assert_true(buf_printf(&buf, "%c", 'a' + i % 26));
	assert_int_equal(buf.size_bytes, 100000);
	for (size_t i = 0; i < buf.size_bytes; i++)
		assert_int_equal(buf.bytes[i], 'a' + (int)(i % 26));
}

static void
the_limit_can_be_filled_and_not_passed(void **state)
{
	AUTO_BUF struct buf buf;

	(void)state;
	buf_init(&buf, 5);
	assert_true(buf_text(&buf, "abc"));
	assert_true(buf_text(&buf, "de"));
	assert_false(buf.overflowed);
	assert_false(buf_text(&buf, "f"));
	assert_true(buf.overflowed);
	assert_string_equal(buf_str(&buf), "abcde");
}

static void
what_does_not_fit_is_dropped_whole_and_marked(void **state)
{
	AUTO_BUF struct buf buf;

	(void)state;
	buf_init(&buf, 5);
	assert_true(buf_text(&buf, "abc"));
	assert_false(buf_text(&buf, "def"));
	assert_false(buf_printf(&buf, "%s", "ghi"));
	assert_false(buf_int(&buf, 456));
	assert_string_equal(buf_str(&buf), "abc");
	assert_true(buf_text(&buf, "d")); /* what fits is taken, and the mark stays */
	assert_string_equal(buf_str(&buf), "abcd");
	assert_true(buf.overflowed);
	buf_reset(&buf);
	assert_false(buf.overflowed);
	assert_string_equal(buf_str(&buf), "");
	assert_true(buf_text(&buf, "12345"));
}

static void
a_size_near_the_end_of_the_address_space_does_not_wrap(void **state)
{
	AUTO_BUF struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	assert_true(buf_text(&buf, "abc"));
	assert_false(buf_append(&buf, "x", SIZE_MAX));
	assert_false(buf_append(&buf, "x", SIZE_MAX - 3));
	assert_string_equal(buf_str(&buf), "abc");
}

static void
the_first_bytes_can_be_consumed(void **state)
{
	static const struct {
		size_t size_bytes;
		const char *rest;
	} rows[] = { { 0, "abcdef" }, { 1, "bcdef" }, { 5, "f" }, { 6, "" }, { 7, "" }, { SIZE_MAX, "" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		AUTO_BUF struct buf buf;

		buf_init(&buf, 6);
		assert_true(buf_text(&buf, "abcdef"));
		buf_consume(&buf, rows[i].size_bytes);
		assert_string_equal(buf_str(&buf), rows[i].rest);
		assert_int_equal(buf.size_bytes, strlen(rows[i].rest));
		/* what was consumed makes room */
		assert_true(buf_append(&buf, "xxxxxx", 6 - buf.size_bytes));
	}
}

static void
a_released_buffer_is_empty_and_usable(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 3);
	buf_release(&buf);
	buf_consume(&buf, 1);
	assert_true(buf_text(&buf, "abc"));
	buf_release(&buf);
	assert_string_equal(buf_str(&buf), "");
	assert_int_equal(buf.limit_bytes, 3);
	buf_release(&buf);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_added_at_the_end),
		cmocka_unit_test(any_byte_can_be_held),
		cmocka_unit_test(a_large_text_arrives_whole),
		cmocka_unit_test(the_limit_can_be_filled_and_not_passed),
		cmocka_unit_test(what_does_not_fit_is_dropped_whole_and_marked),
		cmocka_unit_test(a_size_near_the_end_of_the_address_space_does_not_wrap),
		cmocka_unit_test(the_first_bytes_can_be_consumed),
		cmocka_unit_test(a_released_buffer_is_empty_and_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
