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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_authentication_only_loopback_is_served),
		cmocka_unit_test(the_caller_s_own_words_open_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
