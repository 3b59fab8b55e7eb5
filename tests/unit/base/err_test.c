/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "base/err.h"

static const struct {
	enum err_code code;
	const char *text;
	int http_status;
	bool transient;
} rows[] = {
	{ ERR_NONE, "none", 200, false },
	{ ERR_INVALID, "invalid", 400, false },
	{ ERR_UNAUTHORIZED, "unauthorized", 401, false },
	{ ERR_FORBIDDEN, "forbidden", 403, false },
	{ ERR_NOT_FOUND, "not_found", 404, false },
	{ ERR_METHOD, "method", 405, false },
	{ ERR_NOT_ACCEPTABLE, "not_acceptable", 406, false },
	{ ERR_MEDIA_TYPE, "media_type", 415, false },
	{ ERR_EXISTS, "exists", 409, false },
	{ ERR_CONFLICT, "conflict", 409, false },
	{ ERR_GONE, "gone", 410, false },
	{ ERR_TOO_LARGE, "too_large", 413, false },
	{ ERR_QUOTA, "quota", 429, true },
	{ ERR_FULL, "full", 429, true },
	{ ERR_TIMEOUT, "timeout", 503, true },
	{ ERR_UNAVAILABLE, "unavailable", 503, true },
	{ ERR_INTERNAL, "internal", 500, false },
};

static void
every_code_has_a_status_and_a_word(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_COUNT(rows), ERR_CODE_COUNT);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_number(rows[i].text, rows[i].code, (int64_t)i);
		assert_text(rows[i].text, err_code_text(rows[i].code), rows[i].text);
		assert_number(rows[i].text, err_http_status(rows[i].code), rows[i].http_status);
	}
}

static void
only_what_repeating_can_cure_has_a_retry_after(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = { .retry_after_s = 77, .detail = "old" };

		assert_false(err_set(&err, rows[i].code, "%s is %d", "seven", 7));
		assert_string_equal(err.msg, "seven is 7");
		assert_string_equal(err.detail, "");
		assert_number(rows[i].text, err.http_status, rows[i].http_status);
		assert_number(rows[i].text, err_is_transient(&err), rows[i].transient);
		assert_number(rows[i].text, err.retry_after_s > 0, rows[i].transient);
	}
}

static void
the_detail_leaves_the_rest_alone(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(err_set(&err, ERR_UNAVAILABLE, "the database is away"));
	err_detail(&err, "SQLSTATE %s", "57P01");
	assert_string_equal(err.msg, "the database is away");
	assert_string_equal(err.detail, "SQLSTATE 57P01");
	assert_int_equal(err.code, ERR_UNAVAILABLE);
}

/* The message goes into JSON and into PostgreSQL, which both want whole characters. */
static void
a_long_text_is_cut_between_characters(void **state)
{
	static const char *const characters[] = { "x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	char text[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(characters); i++) {
		size_t size = strlen(characters[i]);

		for (size_t shift = 0; shift < size; shift++) {
			struct err err = ERR_INIT;
			size_t least = sizeof(err.msg) - 1 - (size - 1);

			memset(text, 'y', sizeof(text));
			for (size_t at = shift; at + size < sizeof(text); at += size)
				memcpy(text + at, characters[i], size);
			text[sizeof(text) - 1] = '\0';
			assert_false(err_set(&err, ERR_INVALID, "%s", text));
			err_detail(&err, "%s", text);
			assert_true(strlen(err.msg) >= least);
			assert_int_equal((strlen(err.msg) - shift) % size, 0);
			assert_int_equal((strlen(err.detail) - shift) % size, 0);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_status_and_a_word),
		cmocka_unit_test(only_what_repeating_can_cure_has_a_retry_after),
		cmocka_unit_test(the_detail_leaves_the_rest_alone),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
