/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base64.h"

/* The vectors of RFC 4648, section 10, and some more. */
static void
base64_is_decoded(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
		size_t size_bytes;
	} rows[] = {
		{ "", "", 0 },
		{ "Zg==", "f", 1 },
		{ "Zm8=", "fo", 2 },
		{ "Zm9v", "foo", 3 },
		{ "Zm9vYg==", "foob", 4 },
		{ "Zm9vYmE=", "fooba", 5 },
		{ "Zm9vYmFy", "foobar", 6 },
		{ "Zm9v\n  YmFy\r\n", "foobar", 6 },
		{ "+/+/AP8=", "\xfb\xff\xbf\x00\xff", 5 },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024 * 1024);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char *bytes = NULL;
		size_t size_bytes = 99;

		assert_true(base64_decode(&arena, rows[i].text, &bytes, &size_bytes));
		assert_int_equal(size_bytes, rows[i].size_bytes);
		assert_memory_equal(bytes, rows[i].bytes, size_bytes + 1);
	}
	arena_release(&arena);
}

static void
what_is_not_base64_is_refused(void **state)
{
	static const char *const rows[] = {
		"Z",
		"Zg",
		"Zg=",
		"Zg===",
		"Z===",
		"====",
		"=",
		"Zg==Zg==",
		"Zm9v!",
		"Zm-_",
		"-----BEGIN CERTIFICATE-----",
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024 * 1024);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char *bytes;
		size_t size_bytes;

		if (base64_decode(&arena, rows[i], &bytes, &size_bytes))
			fail_msg("taken: %s", rows[i]);
	}
	arena_release(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_decoded),
		cmocka_unit_test(what_is_not_base64_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
