/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/identity.h"

static void
who_may_act_as_whom_is_said_by_rules(void **state)
{
	static const struct {
		const char *who, *whom;         /* the only rule; NULL: none */
		const char *user, *other;
		bool may;
	} rows[] = {
		{ NULL, NULL, "ann", "ann", true },
		{ NULL, NULL, "ann", "bob", false },
		{ NULL, NULL, NULL, "bob", false },
		{ "airflow", "bob", "airflow", "bob", true },
		{ "airflow", "bob", "airflow", "ann", false },
		{ "airflow", "bob", "airflow", "airflow", true },
		{ "airflow", "bob", "bob", "airflow", false },
		{ "airflow", "bob", NULL, "bob", false },
		{ "airflow", "bob, etl-*", "airflow", "etl-1", true },
		{ "airflow", "bob, etl-*", "airflow", "etl", false },
		{ "airflow", " ,bob,,ann ", "airflow", "ann", true },
		{ "airflow, kestra", "bob", "kestra", "bob", true },
		{ "airflow", "*", "airflow", "root", true },
		{ "etl-*", "*", "etl-7", "root", true },
		{ "*", "bob", "ann", "bob", true },
		{ "*", "bob", NULL, "bob", true },
		{ "*", "bob", NULL, "ann", false },
		{ "air*", "bob", NULL, "bob", false },
		{ "?*", "bob", NULL, "bob", false },
		{ "**", "bob", NULL, "bob", false },
		{ "ann, *", "bob", NULL, "bob", true },
		{ "Airflow", "bob", "airflow", "bob", false },
		{ "airflow", "BOB", "airflow", "bob", false },
		{ "airflo", "bob", "airflow", "bob", false },
		{ "air\\*", "bob", "air*", "bob", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_pair rule = { rows[i].who, rows[i].whom };
		const struct batch_pairs rules = { &rule, rows[i].who == NULL ? 0 : 1 };

		if (batch_may_act_as(&rules, rows[i].user, rows[i].other) != rows[i].may)
			fail_msg("row %zu: %s as %s", i, rows[i].user, rows[i].other);
	}
}

static void
any_rule_may_allow_it(void **state)
{
	struct batch_pair pairs[] = { { "ann", "bob" }, { "ann", "eve" }, { "*", "guest" } };
	const struct batch_pairs rules = { pairs, ARRAY_COUNT(pairs) };

	(void)state;
	assert_true(batch_may_act_as(&rules, "ann", "eve"));
	assert_true(batch_may_act_as(&rules, "ann", "guest"));
	assert_false(batch_may_act_as(&rules, "bob", "eve"));
}

static void
the_first_row_that_means_a_user_has_the_account(void **state)
{
	struct batch_pair pairs[] = { { "ann, bob", "team" }, { "etl-*", "spark-{user}" }, { "*@corp", "x{user}" },
				      { "*", "{user}" } };
	const struct batch_pairs accounts = { pairs, ARRAY_COUNT(pairs) };
	static const struct {
		const char *user;
		const char *account;
		const char *refusal;
	} rows[] = {
		{ "ann", "team", NULL }, { "bob", "team", NULL }, { "etl-7", "spark-etl-7", NULL }, { "eve", "eve", NULL },
		{ NULL, NULL, NULL },
		{ "Eve", NULL, "user 'Eve' has no service account here: 'Eve' is no DNS label" },
		{ "a@corp", NULL, "'xa@corp' is no DNS label" },
		{ "etl-", NULL, "'spark-etl-'" },
		{ "a.b", NULL, "'a.b'" },
		{ "default/admin", NULL, "'default/admin'" },
		{ "etl-0123456789012345678901234567890123456789012345678901234567890", NULL, "63 at most" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64 * 1024);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *account = "untouched";
		struct err err = ERR_INIT;

		if (batch_service_account(&arena, &accounts, rows[i].user, &account, &err) != (rows[i].refusal == NULL))
			fail_msg("row %zu: %s", i, rows[i].user);
		if (rows[i].refusal == NULL) {
			assert_text(rows[i].user, account, rows[i].account);
			continue;
		}
		assert_int_equal(err.http_status, 403);
		assert_contains(rows[i].user, err.msg, rows[i].refusal);
	}
	arena_release(&arena);
}

static void
a_user_has_the_first_role_that_fits(void **state)
{
	struct batch_pair pairs[] = { { "admins", "ann, ops-*" }, { "etl", "airflow,ann" }, { "guests", "*" } };
	const struct batch_pairs roles = { pairs, ARRAY_COUNT(pairs) }, few = { pairs, 2 };

	(void)state;
	assert_string_equal(batch_role(&roles, "ann"), "admins");
	assert_string_equal(batch_role(&roles, "ops-7"), "admins");
	assert_string_equal(batch_role(&roles, "airflow"), "etl");
	assert_string_equal(batch_role(&roles, "bob"), "guests");
	assert_string_equal(batch_role(&roles, NULL), "guests");
	assert_null(batch_role(&few, "bob"));
	assert_null(batch_role(&few, NULL));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_act_as_whom_is_said_by_rules),
		cmocka_unit_test(any_rule_may_allow_it),
		cmocka_unit_test(the_first_row_that_means_a_user_has_the_account),
		cmocka_unit_test(a_user_has_the_first_role_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
