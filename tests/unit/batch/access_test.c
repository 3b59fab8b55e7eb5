/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/access.h"

static void
only_owner_and_proxy_user_may_view_and_modify(void **state)
{
	static const struct {
		const char *user;
		const char *owner;
		const char *proxy_user;
		bool allowed;
	} rows[] = {
		{ NULL, NULL, NULL, true },
		{ NULL, "alice", NULL, true }, /* no authentication is configured */
		{ "alice", NULL, NULL, true },
		{ "alice", "alice", NULL, true },
		{ "alice", "bob", "alice", true },
		{ "alice", "alice", "bob", true },
		{ "alice", "bob", NULL, false },
		{ "alice", "bob", "carol", false },
		{ "alice", "Alice", NULL, false },
		{ "", "bob", NULL, false },
	};
	static const enum access accesses[] = { ACCESS_VIEW, ACCESS_MODIFY };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct batch batch = { .owner = rows[i].owner, .proxy_user = rows[i].proxy_user };

		for (size_t k = 0; k < ARRAY_COUNT(accesses); k++) {
			if (access_allowed(accesses[k], &batch, rows[i].user) != rows[i].allowed)
				fail_msg("row %zu, access %d", i, accesses[k]);
		}
	}
}

static void
everybody_may_see_that_a_batch_exists(void **state)
{
	static const char *const users[] = { NULL, "", "alice", "bob" };
	const struct batch batch = { .owner = "bob" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(users); i++) {
		assert_true(access_allowed(ACCESS_PUBLIC, &batch, users[i]));
		assert_true(access_allowed(ACCESS_CALLER, &batch, users[i]));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_owner_and_proxy_user_may_view_and_modify),
		cmocka_unit_test(everybody_may_see_that_a_batch_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
