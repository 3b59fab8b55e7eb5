/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "auth/auth.h"

static void
without_authentication_only_loopback_is_served(void **state)
{
	static const struct {
		const char *server_address;
		bool loopback;
	} rows[] = {
		{ "127.0.0.1", true }, { "127.1.2.3", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
		{ "unix:", true }, { "unix:/run/nginx.sock", true }, { "10.0.0.1", false }, { "0.0.0.0", false },
		{ "::", false }, { "::2", false }, { "::11", false }, { "::ffff:10.0.0.1", false }, { "1270.0.0.1", false },
		{ "12.7.0.0", false }, { "", false }, { NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct request request = { .server_address = rows[i].server_address };
		const struct config closed = { .auth = CONFIG_AUTH_UNSET }, open = { .auth = CONFIG_AUTH_NONE };
		struct caller caller = { .user = "somebody" };
		struct err err = ERR_INIT;

		assert_number(rows[i].server_address, auth_caller(&closed, &request, &caller, &err), rows[i].loopback);
		if (!rows[i].loopback) {
			assert_int_equal(err.http_status, 403);
			assert_contains(rows[i].server_address, err.msg, "auth: none");
			assert_string_equal(caller.user, "somebody");
		}
		assert_true(auth_caller(&open, &request, &caller, &err));
		assert_null(caller.user);
	}
}

/* Where a connection comes from proves nothing behind a proxy; and a header is written by whoever calls. */
static void
the_caller_s_own_words_open_nothing(void **state)
{
	const struct request request = { .server_address = "10.0.0.1", .remote_address = "127.0.0.1",
					 .forwarded_for = "127.0.0.1" };
	const struct config config = { .auth = CONFIG_AUTH_UNSET };
	struct caller caller;
	struct err err = ERR_INIT;

	(void)state;
	assert_false(auth_caller(&config, &request, &caller, &err));
}

/* SPARKGATE_USER is the front's own parameter; what it names must fit a row, a log line, a variable. */
static void
behind_a_front_that_authenticates_its_word_is_the_user(void **state)
{
	char long_name[258];
	const struct {
		const char *front_user;
		const char *refusal;
	} rows[] = {
		{ "ann", NULL }, { "a@b.example", NULL }, { "J\u00fcrgen", NULL }, { "CN=x y", NULL }, { long_name + 2, NULL },
		{ NULL, "has named no user" }, { long_name, "more than 255 bytes" }, { "a\nb", "printable" },
		{ "a\x7f", "printable" }, { "\xff", "printable" }, { "a\xc3", "printable" },
	};
	static const char *const addresses[] = { "127.0.0.1", "10.0.0.1", NULL };
	const struct config config = { .auth = CONFIG_AUTH_PROXY };

	(void)state;
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (size_t k = 0; k < ARRAY_COUNT(addresses); k++) {
			const struct request request = { .server_address = addresses[k], .front_user = rows[i].front_user };
			struct caller caller = { .user = "somebody" };
			struct err err = ERR_INIT;

			if (auth_caller(&config, &request, &caller, &err) != (rows[i].refusal == NULL))
				fail_msg("row %zu: %s", i, rows[i].front_user);
			assert_text(rows[i].front_user, caller.user, rows[i].refusal == NULL ? rows[i].front_user : "somebody");
			if (rows[i].refusal != NULL) {
				assert_int_equal(err.http_status, 401);
				assert_contains(rows[i].front_user, err.msg, rows[i].refusal);
			}
		}
	}
}

static void
without_it_a_front_s_word_is_nobody_s(void **state)
{
	static const enum config_auth auths[] = { CONFIG_AUTH_UNSET, CONFIG_AUTH_NONE };
	const struct request request = { .server_address = "127.0.0.1", .front_user = "root" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(auths); i++) {
		const struct config config = { .auth = auths[i] };
		struct caller caller = { .user = "somebody" };
		struct err err = ERR_INIT;

		assert_true(auth_caller(&config, &request, &caller, &err));
		assert_null(caller.user);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_authentication_only_loopback_is_served),
		cmocka_unit_test(behind_a_front_that_authenticates_its_word_is_the_user),
		cmocka_unit_test(without_it_a_front_s_word_is_nobody_s),
		cmocka_unit_test(the_caller_s_own_words_open_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
