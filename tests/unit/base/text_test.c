/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/text.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
names_of_kubernetes_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool label, name, value, key;   /* DNS label, DNS name; value and key of Kubernetes' labels */
	} rows[] = {
		{ "a", true, true, true, true },
		{ "a-1", true, true, true, true },
		{ "1a", true, true, true, true },
		{ A63, true, true, true, true },
		{ A63 "a", false, false, false, false },
		{ "", false, false, false, false },
		{ "-a", false, false, false, false },
		{ "a-", false, false, false, false },
		{ "A", false, false, true, true },
		{ "a_b", false, false, true, true },
		{ "a.b", false, true, true, true },
		{ "a..b", false, false, true, true },
		{ ".a", false, false, false, false },
		{ "a.", false, false, false, false },
		{ "a b", false, false, false, false },
		{ "\xc3\xa4", false, false, false, false },
		{ "example.com/a_B", false, false, false, true },
		{ "Example.com/a", false, false, false, false },
		{ "example.com/", false, false, false, false },
		{ "/a", false, false, false, false },
		{ "a/b/c", false, false, false, false },
		{ A63 "." A63 "." A63 "." A63, false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);

		assert_number(rows[i].text, text_is_dns_label(rows[i].text, size), rows[i].label);
		assert_number(rows[i].text, text_is_dns_name(rows[i].text, size), rows[i].name);
		assert_number(rows[i].text, text_is_label_value(rows[i].text), rows[i].value);
		assert_number(rows[i].text, text_is_label_key(rows[i].text), rows[i].key);
	}
}

static void
numbers_are_written_in_decimal_digits(void **state)
{
	static const struct {
		int64_t number;
		const char *digits;
	} rows[] = {
		{ 0, "0" },       { 7, "7" },     { -7, "-7" },
		{ 10, "10" },     { -90, "-90" }, { INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char digits[TEXT_INT_BYTES];

		assert_number(rows[i].digits, text_int(digits, rows[i].number), strlen(rows[i].digits));
		assert_string_equal(digits, rows[i].digits);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_in_decimal_digits),
		cmocka_unit_test(names_of_kubernetes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
