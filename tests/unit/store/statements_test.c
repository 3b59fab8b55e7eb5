/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <stdlib.h>

#include "store/statements.h"

static void
every_statement_has_a_name_of_its_own_and_a_text(void **state)
{
	(void)state;
	assert_true(STATEMENT_COUNT > 20);
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		const struct statement *statement = &statements[i];

		assert_non_null(statement->name);
		assert_non_null(statement->text);
		assert_true(statement->name[0] != '\0');
		assert_number(statement->name, (int64_t)strspn(statement->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
			      (int64_t)strlen(statement->name));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(statement->name, statements[k].name);
	}
}

static void
enum_name_and_file_are_the_same_word(void **state)
{
	(void)state;
	assert_string_equal(statements[STATEMENT_BATCH_MOVE].name, "batch_move");
	assert_string_equal(statements[STATEMENT_BATCH_SHOW].name, "batch_show");
	assert_string_equal(statements[STATEMENT_BATCH_SHOW_BY_NAME].name, "batch_show_by_name");
	assert_string_equal(statements[STATEMENT_LEASE_TRY].name, "lease_try");
	assert_string_equal(statements[STATEMENT_SCHEMA_VERSION].name, "schema_version");
}

/* $1 to $n, each of them used: PostgreSQL could not tell the type of one that is not. */
static void
the_number_of_parameters_is_that_of_the_text(void **state)
{
	(void)state;
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		bool used[64] = { false };
		int highest = 0;

		for (const char *dollar = strchr(statements[i].text, '$'); dollar != NULL; dollar = strchr(dollar + 1, '$')) {
			int number = atoi(dollar + 1);

			assert_true(number > 0 && number < (int)ARRAY_COUNT(used));
			used[number] = true;
			highest = number > highest ? number : highest;
		}
		assert_number(statements[i].name, statements[i].params_count, highest);
		for (int number = 1; number <= highest; number++)
			assert_number(statements[i].name, used[number], true);
	}
}

static void
comments_are_not_sent(void **state)
{
	(void)state;
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		assert_null(strstr(statements[i].text, "SPDX"));
		assert_int_not_equal(strncmp(statements[i].text, "--", 2), 0);
		assert_null(strstr(statements[i].text, "\n--"));
	}
}

/* A prepared statement is one command. */
static void
a_text_is_one_command(void **state)
{
	(void)state;
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		const char *semicolon = strchr(statements[i].text, ';');

		if (semicolon != NULL && semicolon[1 + strspn(semicolon + 1, " \n")] != '\0')
			fail_msg("%s: more than one command", statements[i].name);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_has_a_name_of_its_own_and_a_text),
		cmocka_unit_test(enum_name_and_file_are_the_same_word),
		cmocka_unit_test(the_number_of_parameters_is_that_of_the_text),
		cmocka_unit_test(comments_are_not_sent),
		cmocka_unit_test(a_text_is_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
