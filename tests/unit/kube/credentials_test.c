/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kube/credentials.h"

static char path[] = "/tmp/sparkgate-token-XXXXXX";

static int
make_file(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void
write_token(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct credentials
read_from_file(void)
{
	const struct endpoint endpoint = { .token_file = path, .token = "loses" };
	struct credentials credentials;
	struct err err = ERR_INIT;

	if (!credentials_init(&credentials, &endpoint, &err))
		fail_msg("%s", err.msg);
	return credentials;
}

static void
a_token_file_is_read_without_its_white_space(void **state)
{
	struct credentials credentials;

	(void)state;
	write_token("one \r\n\n");
	credentials = read_from_file();
	assert_string_equal(credentials_token(&credentials), "one");
	credentials_release(&credentials);
}

static void
a_token_file_is_read_anew_after_a_minute(void **state)
{
	struct credentials credentials;

	(void)state;
	write_token("one\n");
	credentials = read_from_file();
	write_token("two\n");
	assert_string_equal(credentials_token(&credentials), "one");
	credentials.read_at_ms -= 60000;
	assert_string_equal(credentials_token(&credentials), "two");
	credentials_release(&credentials);
}

static void
a_refused_token_is_read_anew_at_once(void **state)
{
	struct credentials credentials;

	(void)state;
	write_token("one\n");
	credentials = read_from_file();
	write_token("two\n");
	credentials_refused(&credentials);
	assert_string_equal(credentials_token(&credentials), "two");
	write_token("three\n");
	assert_string_equal(credentials_token(&credentials), "two");
	credentials_release(&credentials);
}

static void
a_file_that_went_away_leaves_the_last_token(void **state)
{
	struct credentials credentials;

	(void)state;
	write_token("one\n");
	credentials = read_from_file();
	unlink(path);
	credentials_refused(&credentials);
	assert_string_equal(credentials_token(&credentials), "one");
	credentials_release(&credentials);
}

static void
a_file_that_holds_no_token_is_refused_without_showing_it(void **state)
{
	static const char *const rows[] = { "", "\n", "two words", "line\nsecond", "caf\xc3\xa9", "a\x01" "b" };
	const struct endpoint endpoint = { .token_file = path };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct credentials credentials;
		struct err err = ERR_INIT;

		write_token(rows[i]);
		if (credentials_init(&credentials, &endpoint, &err))
			fail_msg("row %zu was taken", i);
		assert_int_equal(err.code, ERR_INVALID);
		assert_non_null(strstr(err.msg, path));
		assert_null(strstr(err.msg, "words"));
		assert_null(strstr(err.msg, "second"));
		credentials_release(&credentials);
	}
}

static void
a_fixed_token_stays(void **state)
{
	const struct endpoint endpoint = { .token = "fixed" }, nobody = { 0 };
	struct credentials credentials;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(credentials_init(&credentials, &endpoint, &err));
	credentials_refused(&credentials);
	assert_string_equal(credentials_token(&credentials), "fixed");
	credentials_release(&credentials);
	assert_true(credentials_init(&credentials, &nobody, &err));
	assert_null(credentials_token(&credentials));
	credentials_release(&credentials);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)
	static const struct CMUnitTest tests[] = {
		CASE(a_token_file_is_read_without_its_white_space),
		CASE(a_token_file_is_read_anew_after_a_minute),
		CASE(a_refused_token_is_read_anew_at_once),
		CASE(a_file_that_went_away_leaves_the_last_token),
		CASE(a_file_that_holds_no_token_is_refused_without_showing_it),
		CASE(a_fixed_token_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
