/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/percent.h"

static void
percent_codes_are_decoded(void **state)
{
	static const struct {
		const char *text;
		const char *in_path;
		const char *in_query;
	} rows[] = {
		{ "", "", "" },
		{ "abc", "abc", "abc" },
		{ "a%20b", "a b", "a b" },
		{ "a+b", "a+b", "a b" },
		{ "%2B+", "++", "+ " },
		{ "%41%6a%6A", "Ajj", "Ajj" },
		{ "%c3%A4", "\xc3\xa4", "\xc3\xa4" },
		{ "%2F", "/", "/" },
		{ "%25", "%", "%" },
		{ "%2541", "%41", "%41" }, /* once */
		{ "%", "%", "%" },
		{ "%4", "%4", "%4" },
		{ "a%", "a%", "a%" },
		{ "%zz", "%zz", "%zz" },
		{ "%4g", "%4g", "%4g" },
		{ "%%41", "%A", "%A" },
		{ "%00", "%00", "%00" }, /* never an end */
		{ "a%00b", "a%00b", "a%00b" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);

		assert_text(rows[i].text, percent_decode(*state, rows[i].text, size, false), rows[i].in_path);
		assert_text(rows[i].text, percent_decode(*state, rows[i].text, size, true), rows[i].in_query);
	}
}

static void
a_code_that_is_cut_off_by_the_size_is_not_completed_from_beyond(void **state)
{
	assert_string_equal(percent_decode(*state, "a%41", 2, false), "a%");
	assert_string_equal(percent_decode(*state, "a%41", 3, false), "a%4");
	assert_string_equal(percent_decode(*state, "a%41", 4, false), "aA");
}

static void
what_is_encoded_is_what_is_decoded(void **state)
{
	char bytes[256];
	AUTO_BUF struct buf encoded;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i + 1); /* NUL last, which is never decoded */
	buf_init(&encoded, 4096);
	percent_encode(&encoded, bytes, sizeof(bytes) - 1);
	assert_int_equal(strcspn(buf_str(&encoded), "/?#\r\n \"+\\"), encoded.size_bytes);
	assert_string_equal(percent_decode(*state, buf_str(&encoded), encoded.size_bytes, true), bytes);
	buf_reset(&encoded);
	percent_encode(&encoded, "a\0b", 3);
	assert_string_equal(buf_str(&encoded), "a%00b");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(percent_codes_are_decoded),
		unit_test_with_arena(what_is_encoded_is_what_is_decoded),
		unit_test_with_arena(a_code_that_is_cut_off_by_the_size_is_not_completed_from_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
