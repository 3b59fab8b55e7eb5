/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/utf8.h"

static void
a_character_has_one_to_four_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} rows[] = {
		{ "a", 1 }, { "\x7f", 1 }, { "\xc2\x80", 2 }, { "\xdf\xbf", 2 }, { "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 }, { "\xee\x80\x80", 3 }, { "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_number(rows[i].text, (int64_t)utf8_character_size(rows[i].text, strlen(rows[i].text)),
			      (int64_t)rows[i].size);
		assert_true(utf8_is_valid(rows[i].text));
		/* cut short */
		assert_number(rows[i].text, (int64_t)utf8_character_size(rows[i].text, rows[i].size - 1), 0);
	}
}

static void
what_is_no_character_is_refused(void **state)
{
	static const char *const rows[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xe1\x80z", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xff", "\xfe",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_number(rows[i], (int64_t)utf8_character_size(rows[i], strlen(rows[i])), 0);
		assert_false(utf8_is_valid(rows[i]));
	}
	assert_number("NUL", (int64_t)utf8_character_size("", 1), 0);
}

static void
a_text_is_judged_to_its_end(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(""));
	assert_true(utf8_is_valid("caf\xc3\xa9 \xe2\x82\xac"));
	assert_false(utf8_is_valid("caf\xc3\xa9 \xe2\x82"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_character_has_one_to_four_bytes),
		cmocka_unit_test(what_is_no_character_is_refused),
		cmocka_unit_test(a_text_is_judged_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
